"""Offset and trends of large scale that lead from a climatology of elsewhere to observations."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from esmlearn.fields.climatology import Climatology, decimal_years
from esmlearn.fields.coverage import FEWEST, days_near_months
from esmlearn.fields.field import Field
from esmlearn.fields.rounding import rounding

PATCH_KM, PATCH_DAYS = 300.0, 30.0
"""Anomalies within such a distance and time count as one independent observation."""

OFFSET, SLOPE, PER_YEAR = 10.0, 1.0, 0.05
"""Prior standard deviations in those of the anomalies: of the offset, of its change over 1000 km, and over a year."""

KM = 111.2
"""Length of a degree of latitude."""


def fit_to_observations(
    climatology: Climatology, spread: Float[np.ndarray, "12 lat lon"] | None, field: Field
) -> Climatology:
    """Add an offset, a slope in latitude and longitude, and a trend in time, fitted to the observed anomalies.

    Least squares with a prior of zero for each term. Observations that are near each other share one vote, so that ten
    days or one map move the offset, and hardly the slopes. Months that the field does not cover keep the spread of the
    anomalies as their error; the offset of one season says little of the next.

    Parameters
    ----------
    climatology
        On the grid of the field.
    spread
        Standard deviation of the anomalies by month; None if unknown: that of the observed anomalies is taken.
    field
        Observations of one variable.
    """
    observed = field.observed[:, 0]
    anomalies = (field.values[:, 0] - climatology.of(field))[observed].astype(np.float64)
    if not anomalies.size:
        error = None if spread is None else np.where(field.land, np.float32(0.0), spread)
        return replace(climatology, error=error)
    plane = _plane(field)
    years = decimal_years(field)
    year = float(np.average(years, weights=observed.sum(axis=(1, 2))))
    time, row, column = np.nonzero(observed)
    terms = np.concatenate([plane[:, row, column], (years[time] - year)[None]])
    sigma = _typical(spread, field, anomalies)
    votes = _independent(field, observed) / anomalies.size
    prior = np.array([OFFSET] + [SLOPE] * (len(plane) - 1) + [PER_YEAR]) * sigma
    covariance = np.linalg.inv(votes * (terms @ terms.T) / sigma**2 + np.diag(prior**-2))
    fitted = covariance @ (votes * (terms @ anomalies)) / sigma**2
    coefficients = climatology.coefficients.copy()
    coefficients[0] += np.tensordot(fitted[:-1], plane, axes=1).astype(np.float32)
    square = np.einsum("iyx,ij,jyx->yx", plane, covariance[:-1, :-1], plane)
    near = days_near_months(field).max(axis=(1, 2)) >= min(FEWEST, field.step_days * len(field.dates))
    unseen = np.full((12, *field.land.shape), sigma) if spread is None else spread
    error = np.sqrt(square + np.where(near[:, None, None], 0.0, unseen) ** 2)
    trend = np.array([fitted[-1], year])
    if climatology.trend is not None:  # one line through both: they cross where theirs is zero
        before = climatology.trend
        coefficients[0] += np.float32(before[0] * (year - before[1]))
        trend[0] += before[0]
    return replace(
        climatology, coefficients=coefficients, error=np.where(field.land, 0.0, error).astype(np.float32), trend=trend
    )


def _plane(field: Field) -> Float[np.ndarray, "term lat lon"]:
    """One, then distances from the middle in 1000 km to the north and, unless the grid closes, to the east."""
    lat, lon = field.lat, field.grid.unrolled
    north = np.broadcast_to(((lat - lat.mean()) * KM / 1000)[:, None], field.land.shape)
    middle = np.cos(np.deg2rad(lat.mean()))
    east = np.broadcast_to((lon - lon.mean()) * middle * KM / 1000, field.land.shape)
    return np.stack([np.ones(field.land.shape), north, *([] if field.closes else [east])])


def _typical(spread: np.ndarray | None, field: Field, anomalies: np.ndarray) -> float:
    """Standard deviation of anomalies over the ocean; never zero."""
    least = rounding(field.values)
    if spread is not None:
        return max(float(np.sqrt(np.mean(spread[:, ~field.land].astype(np.float64) ** 2))), least)
    return max(float(anomalies.std()), 0.1 * float(np.abs(anomalies).mean()), least)


def _independent(field: Field, observed: np.ndarray) -> float:
    """Number of independent observations: patches that were ever seen, times stretches of days."""
    area = field.grid.area[observed.any(axis=0)].sum() * 6371.0**2
    days = observed.any(axis=(1, 2)).sum() * field.step_days
    return float(min(observed.sum(), (1 + area / PATCH_KM**2) * (1 + days / PATCH_DAYS)))
