"""Empirical variogram of anomalies in space and time, and the fit of decorrelation scales to it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
from einops import rearrange
from jaxtyping import Float
from scipy.optimize import least_squares

from esmlearn.baselines.covariance import Covariance
from esmlearn.fields.field import Field

CELLS, DAYS = (0, 1, 2, 4), (0, 1, 2, 3)
"""Distances in rows, columns and days at which values are compared: short ones, which matter most for an estimate.

Steps longer than a day are compared at so many steps; for shorter ones, the distance of one step is added.
"""

BLOCK = 30
"""Days, or steps longer than a day, in a block; only values of the same block are compared."""

AT_MOST = 5_000_000
"""Cells times steps that are used, in blocks at equal intervals in time."""

KM = 111.2
"""Length of a degree of latitude."""

LIMITS = (1e-2, 1e5)
"""Limits of lengths in km, of times in days, and of sigma over the value that its fit starts from."""


class Variogram(NamedTuple):
    """Half the mean square difference of pairs of values, their distances, and the number of pairs.

    `error` is the mean variance of the known errors of the values, which is part of each difference.
    """

    value: Float[np.ndarray, " distance"]
    km: Float[np.ndarray, " distance"]
    days: Float[np.ndarray, " distance"]
    pairs: Float[np.ndarray, " distance"]
    error: float = 0.0


def measure_variogram(field: Field, anomalies: Float[np.ndarray, "time lat lon"]) -> Variogram:
    """Compare anomalies (NaN: not observed) row by row, as the length of a degree of longitude changes by row."""
    n_lat, n_lon = field.land.shape
    lags = sorted({*(days * steps_a_day(field) for days in DAYS), 1})
    length = min(BLOCK * steps_a_day(field), len(anomalies))
    whole = anomalies[: len(anomalies) // length * length]
    blocks = rearrange(whole, "(block step) lat lon -> block step lat lon", step=length)
    blocks = blocks[:: max(1, round(anomalies.size / AT_MOST))]
    width = KM * np.abs(np.median(np.diff(field.lon))) if n_lon > 1 else 0.0
    found = []
    for time, row, column in product(lags, CELLS, (*(-cells for cells in CELLS[:0:-1]), *CELLS)):
        if time >= length or row >= n_lat or abs(column) >= n_lon or (time, row, column) <= (0, 0, 0):
            continue
        one = blocks[:, : length - time, : n_lat - row, max(0, -column) : n_lon - max(0, column)]
        other = blocks[:, time:, row:, max(0, column) : n_lon - max(0, -column)]
        half_square = 0.5 * (one - other).astype(np.float64) ** 2
        pairs = np.isfinite(half_square).sum(axis=(0, 1, 3))
        value = np.nansum(half_square, axis=(0, 1, 3), dtype=np.float64) / np.maximum(pairs, 1)
        south, north = field.lat[: n_lat - row], field.lat[row:]
        km = np.hypot(KM * (north - south), column * width * np.cos(np.deg2rad((south + north) / 2)))
        found.append(np.stack([value, km, np.full_like(km, time * field.step_days), pairs])[:, pairs > 0])
    error = 0.0 if field.error is None else float(np.nanmean(field.error[:, 0].astype(np.float64) ** 2))
    value, km, days, pairs = np.concatenate([np.empty((4, 0)), *found], axis=1)
    return Variogram(value, km, days, pairs, error)


def steps_a_day(field: Field) -> int:
    """Steps in a day; one for longer steps."""
    return max(1, round(1 / field.step_days))


def cell_km(field: Field) -> float:
    """Distance between rows, or between columns of a single row."""
    axis = field.lat if field.lat.size > 1 else field.lon
    return float(KM * np.abs(np.median(np.diff(axis)))) if axis.size > 1 else 0.0


def fit_scales(
    variogram: Variogram, covariance: Covariance, free: Sequence[str], *, prior_weight: float = 0.0
) -> Covariance:
    """Fit sigma and the free parameters to a variogram.

    The squares of relative differences are weighted by the number of pairs (Cressie 1985,
    https://doi.org/10.1007/BF01032109, eq. 17), so that small values at short distances count as much as large ones.

    With a `prior_weight`, parameters stay near those of the given covariance: twice or half of one costs as much as a
    misfit by this share.
    """
    free = ("sigma", *free)
    weight = np.sqrt(variogram.pairs / variogram.pairs.sum())
    # In units of the first sigma, the fit is the same in any units of the values.
    unit = covariance.sigma
    covariance = replace(covariance, sigma=1.0)
    value, error = variogram.value / unit**2, variogram.error / unit**2
    start = np.log([getattr(covariance, name) for name in free])

    def at(logarithms: np.ndarray) -> Covariance:
        return replace(covariance, **dict(zip(free, np.exp(logarithms).tolist(), strict=True)))

    def misfit(logarithms: np.ndarray) -> np.ndarray:
        tried = at(logarithms)
        parted = 1 + tried.noise_share**2 - tried.correlation(variogram.km, variogram.days)
        misfits = weight * (value / (tried.sigma**2 * parted + error) - 1)
        if not prior_weight:
            return misfits
        return np.concatenate([misfits, prior_weight / np.log(2) * (logarithms - start)])

    found = at(least_squares(misfit, start, bounds=np.log(LIMITS)).x)
    return replace(found, sigma=unit * found.sigma)
