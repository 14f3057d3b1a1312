"""How fast anomalies part in space and time: the empirical variogram, and the scales that fit it."""

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
"""Distances in rows, columns and days at which values are compared: short ones, which decide about an analysis."""

BLOCK = 30
"""Days that are compared with each other."""

AT_MOST = 5_000_000
"""Cells times days that are looked at, in blocks spread evenly over the field."""

KM = 111.2
"""Length of a degree of latitude."""

LIMITS = (1e-2, 1e5)
"""Of lengths in km and times in days."""


class Variogram(NamedTuple):
    """Half the mean square difference of pairs of values, their distances, and how many there are."""

    value: Float[np.ndarray, " distance"]
    km: Float[np.ndarray, " distance"]
    days: Float[np.ndarray, " distance"]
    pairs: Float[np.ndarray, " distance"]


def measure_variogram(field: Field, anomalies: Float[np.ndarray, "time lat lon"]) -> Variogram:
    """Compare anomalies (NaN: not observed) with each other, row by row: each has its own length of a degree."""
    n_lat, n_lon = field.land.shape
    length = min(BLOCK, len(anomalies))
    whole = anomalies[: len(anomalies) // length * length]
    blocks = rearrange(whole, "(block day) lat lon -> block day lat lon", day=length)
    blocks = blocks[:: max(1, round(anomalies.size / AT_MOST))]
    width = KM * np.abs(np.median(np.diff(field.lon))) if n_lon > 1 else 0.0
    found = []
    for time, row, column in product(DAYS, CELLS, (*(-cells for cells in CELLS[:0:-1]), *CELLS)):
        if time >= length or row >= n_lat or abs(column) >= n_lon or (time, row, column) <= (0, 0, 0):
            continue
        one = blocks[:, : length - time, : n_lat - row, max(0, -column) : n_lon - max(0, column)]
        other = blocks[:, time:, row:, max(0, column) : n_lon - max(0, -column)]
        half_square = 0.5 * (one - other) ** 2
        pairs = np.isfinite(half_square).sum(axis=(0, 1, 3))
        value = np.nansum(half_square, axis=(0, 1, 3), dtype=np.float64) / np.maximum(pairs, 1)
        south, north = field.lat[: n_lat - row], field.lat[row:]
        km = np.hypot(KM * (north - south), column * width * np.cos(np.deg2rad((south + north) / 2)))
        found.append(np.stack([value, km, np.full_like(km, time), pairs])[:, pairs > 0])
    return Variogram(*np.concatenate(found, axis=1))


def fit_scales(variogram: Variogram, covariance: Covariance, free: Sequence[str]) -> Covariance:
    """Fit sigma and the scales that are free.

    The squares of relative differences count, each as much as there are pairs (Cressie 1985,
    https://doi.org/10.1007/BF01032109, eq. 17): what is small at short distances is fitted as well as what is large.
    """
    free = ("sigma", *free)
    weight = np.sqrt(variogram.pairs / variogram.pairs.sum())

    def at(logarithms: np.ndarray) -> Covariance:
        return replace(covariance, **dict(zip(free, np.exp(logarithms).tolist(), strict=True)))

    def misfit(logarithms: np.ndarray) -> np.ndarray:
        tried = at(logarithms)
        parted = 1 + tried.noise_share**2 - tried.correlation(variogram.km, variogram.days)
        return weight * (variogram.value / (tried.sigma**2 * parted) - 1)

    start = np.log([getattr(covariance, name) for name in free])
    return at(least_squares(misfit, start, bounds=np.log(LIMITS)).x)
