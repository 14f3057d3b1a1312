"""Standard error of a climatology in months and cells that were never seen.

Where a cell was seen in a month, the error is taken as zero. Elsewhere the cycle comes from other months, other cells,
or both, and the error says how far off it may be.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.fields.coverage import MONTHS
from esmlearn.fields.rounding import rounding
from esmlearn.grids.sphere import angle_to_nearest

INDEPENDENT_DAYS = 20.0
"""Days of anomalies that count as one independent observation of a cell."""

REGION_DAYS = 60.0
"""The same for the mean of a region."""

AMPLITUDES = 3.0
"""Prior standard deviation of a harmonic of the region, in standard deviations of the daily means of the region; that
of the second is a quarter of it, and so on by the square of its number."""

FEWEST_CELLS = 10
"""Cells that were seen in all months, from which on their departures from the region are measured."""


class Region(NamedTuple):
    """Cycle of a region, and the covariance of its coefficients."""

    coefficients: Float[np.ndarray, " term"]
    covariance: Float[np.ndarray, "term term"]


def year_waves(
    year_fraction: Float[np.ndarray, " time"], harmonics: int, *, average_days: float = 0.0
) -> Float[np.ndarray, "time term"]:
    """One, then cosine and sine of each harmonic of the year; their means over so many days, if any are given.

    The mean of cos(k x) over a stretch of d days around x is cos(k x) sin(a) / a, with a = pi k d / 365.25.
    """
    angle = 2 * np.pi * np.asarray(year_fraction, dtype=np.float64)[:, None] * np.arange(1, harmonics + 1)
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(len(angle), -1)
    if average_days:
        waves = waves * np.repeat(np.sinc(np.arange(1, harmonics + 1) * average_days / 365.25), 2)
    return np.concatenate([np.ones((len(angle), 1)), waves], axis=1)


def fit_region(
    values: Float[np.ndarray, "time lat lon"],
    observed: Bool[np.ndarray, "time lat lon"],
    basis: Float[np.ndarray, "time term"],
) -> Region:
    """Fit the cycle of a region that was not seen in all months, with a prior on the size of its harmonics.

    Without the prior, harmonics grow without limit where nothing was seen.
    """
    count = observed.sum(axis=(1, 2))
    some = count > 0
    means = values[some].sum(axis=(1, 2), dtype=np.float64) / count[some]
    least = rounding(means)
    size = AMPLITUDES * max(means.std(), least)
    number = np.repeat(np.arange(1, basis.shape[1] // 2 + 1), 2)
    precision = np.diag(np.r_[0.0, number**4 / size**2])
    seen = basis[some]
    coefficients = np.zeros(basis.shape[1])
    # The anomalies that the cycle leaves say how much a day weighs against the prior.
    variance = max(float(means.var()), least**2)
    for _ in range(10):
        information = seen.T @ seen / (REGION_DAYS * variance) + precision
        coefficients = np.linalg.solve(information, seen.T @ means / (REGION_DAYS * variance))
        variance = max(float(np.mean((means - seen @ coefficients) ** 2)), least**2)
    return Region(coefficients, np.linalg.inv(information))


def unseen_error(
    coefficients: Float[np.ndarray, "term lat lon"],
    seen: Bool[np.ndarray, "12 lat lon"],
    ocean: Bool[np.ndarray, "lat lon"],
    gram: Float[np.ndarray, "lat lon term term"],
    variance: float,
    region: Region | None,
    places: Float[np.ndarray, "lat lon 3"],
) -> Float[np.ndarray, "12 lat lon"]:
    """Standard error in the middle of each month; zero where month and cell were seen.

    Parameters
    ----------
    coefficients
        Fitted cycle.
    seen, ocean
        What was observed often enough, and which cells count.
    gram
        Normal matrix of each cell in days, with the prior of its departure from the region.
    variance
        Of the anomalies from the fitted cycle.
    region
        Cycle of the region if it was not seen in all months.
    places
        Cells on the unit sphere.
    """
    coefficients = coefficients.astype(np.float64)
    waves = year_waves(MONTHS, len(coefficients) // 2)
    cycle = np.tensordot(waves, coefficients, axes=1)
    always, ever = seen.all(axis=0) & ocean, seen.any(axis=0) & ocean
    least = rounding(coefficients[0]) ** 2
    precision = gram / (INDEPENDENT_DAYS * max(variance, least))
    if always.sum() >= FEWEST_CELLS:
        precision = precision + np.diag(1 / np.maximum(coefficients[:, always].var(axis=1), least))
    covariance = np.linalg.inv(precision)
    square = np.einsum("mi,yxij,mj->myx", waves, covariance, waves)
    if region is not None:
        square += np.einsum("mi,ij,mj->m", waves, region.covariance, waves)[:, None, None]
    # Cells that were seen, 0 apart from themselves, need no difference, which is infinite for a single one.
    apart = np.maximum(angle_to_nearest(ever, places) / _step(places), 1)
    # Differences grow as of a random walk: steps of neighbours are not all in one direction.
    between = _difference(cycle, ever)[:, None, None] * np.sqrt(apart)
    known = cycle[:, ever] if ever.any() else cycle.reshape(12, -1)
    far = np.sqrt(2 * known.var(axis=1))[:, None, None]
    square = np.where(ever, square, square + np.minimum(between, far) ** 2)
    return np.where(seen | ~ocean, 0.0, np.sqrt(square)).astype(np.float32)


def _difference(cycle: Float[np.ndarray, "12 lat lon"], known: Bool[np.ndarray, "lat lon"]) -> Float[np.ndarray, "12"]:
    """Root mean square difference of neighbours among known cells; infinite if no two are neighbours."""
    squares = []
    for axis in (0, 1):
        row = np.moveaxis(known, axis, 0)
        steps = np.diff(np.moveaxis(cycle, axis + 1, 1), axis=1)
        squares.append(steps[:, row[:-1] & row[1:]] ** 2)
    square = np.concatenate(squares, axis=1)
    return np.sqrt(square.mean(axis=1)) if square.size else np.full(12, np.inf)


def _step(places: Float[np.ndarray, "lat lon 3"]) -> float:
    """Mean distance of neighbouring cells on the unit sphere; one if there is a single cell."""
    steps = np.concatenate([np.linalg.norm(np.diff(places, axis=axis), axis=-1).ravel() for axis in (0, 1)])
    return float(steps.mean()) if steps.size else 1.0
