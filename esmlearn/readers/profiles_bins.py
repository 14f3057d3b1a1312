"""Profiles at levels, averaged on cells and days, with the standard error of each mean."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from esmlearn.grids.grid import RectilinearGrid, beside
from esmlearn.readers.profiles_levels import LevelProfiles


class Bins(NamedTuple):
    """Means of cells and bins of time; NaN, and the number 0, where nothing was measured.

    Attributes
    ----------
    mean, error
        Mean, and its standard error.
    number
        Profiles in it.
    """

    mean: Float[np.ndarray, "time level lat lon"]
    error: Float[np.ndarray, "time level lat lon"]
    number: Int[np.ndarray, "time level lat lon"]


@dataclass(frozen=True)
class Errors:
    """What is assumed of errors.

    Attributes
    ----------
    instrument
        Standard deviation of the error of a value that does not say it itself.
    floor
        Least standard deviation of single values within a cell and bin.
    """

    instrument: float
    floor: float


def cells(points: Float[np.ndarray, " point"], edges: Float[np.ndarray, "cell 2"]) -> Int[np.ndarray, " point"]:
    """Index of the cell that each point lies in, -1 outside; a point on an edge belongs to the cell that begins there.

    >>> cells(np.array([0.5, 1.0, 2.0, 3.0]), np.array([[0.0, 1.0], [1.0, 2.0]]))
    array([ 0,  1,  1, -1])
    """
    order = np.argsort(edges[:, 0])
    place = np.searchsorted(edges[order, 0], points, side="right") - 1
    cell = order[np.maximum(place, 0)]
    return np.where((place >= 0) & (points <= edges[cell, 1]), cell, -1)


def inside(
    lat: Float[np.ndarray, " profile"], lon: Float[np.ndarray, " profile"], grid: RectilinearGrid
) -> Int[np.ndarray, "profile 2"]:
    """Row and column of each profile, -1 outside of the grid."""
    return np.stack([cells(lat, grid.lat_edges), cells(beside(grid, lon), grid.lon_edges)], axis=1)


def average(
    profiles: LevelProfiles,
    places: Int[np.ndarray, "profile 2"],
    bins: Int[np.ndarray, " profile"],
    shape: tuple[int, int, int],
    errors: Errors,
) -> Bins:
    r"""Average profiles on cells and bins of time.

    The standard error of a mean of *n* profiles is
    :math:`\sqrt{\overline{e^2} + \max(s^2, f^2) / n}`: :math:`e` are the errors of the instruments, which are not
    divided by *n*, for profiles of one float have theirs in common; :math:`s^2` is the variance of the profiles around
    their mean (0 for a single one), and :math:`f` the floor: what a profile differs from the mean of its cell and days.

    Parameters
    ----------
    profiles
        Values at levels.
    places
        Of `inside`.
    bins
        Bin of time of each profile; profiles outside of the shape do not count.
    shape
        Number of bins, rows and columns.
    errors
        Where the profiles don't say it.
    """
    n_times, n_rows, n_columns = shape
    n_levels = len(profiles.levels)
    known = np.isfinite(profiles.value)
    known &= ((places >= 0).all(axis=1) & (bins >= 0) & (bins < n_times))[:, None]
    profile, level = np.nonzero(known)
    full = (n_times, n_levels, n_rows, n_columns)
    flat = np.ravel_multi_index((bins[profile], level, *places[profile].T), full)
    cell, where, number = np.unique(flat, return_inverse=True, return_counts=True)
    value, error = profiles.value[known], profiles.error[known]
    error = np.where(np.isfinite(error), error, errors.instrument)
    mean = np.bincount(where, value, len(cell)) / number
    variance = np.bincount(where, (value - mean[where]) ** 2, len(cell)) / np.maximum(number - 1, 1)
    instruments = np.bincount(where, error**2, len(cell)) / number
    deviation = np.sqrt(instruments + np.maximum(variance, errors.floor**2) / number)
    results = np.full(full, np.nan), np.full(full, np.nan), np.zeros(full, int)
    for result, found in zip(results, (mean, deviation, number), strict=True):
        result.flat[cell] = found
    return Bins(*results)
