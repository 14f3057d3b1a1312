"""Put the points of a swath on a regular grid: weighted means in each cell and day, with counts and errors."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from jaxtyping import Float, Int

from esmlearn.cubes.positions import NEAREST
from esmlearn.errors import DataError
from esmlearn.readers.parts import Part
from esmlearn.settings.evaluation import Region


@dataclass(frozen=True)
class Cells:
    """A regular grid: south-western corner, step in degrees, and the number of rows and columns."""

    south: float
    west: float
    step: float
    rows: int
    columns: int

    @property
    def lat(self) -> Float[np.ndarray, " lat"]:
        """Centres of the cells."""
        return self.south + self.step * (np.arange(self.rows) + 0.5)

    @property
    def lon(self) -> Float[np.ndarray, " lon"]:
        """Centres of the cells; they rise across the date line."""
        return self.west + self.step * (np.arange(self.columns) + 0.5)

    def find(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Return the index of the cell of each point, and -1 outside."""
        with np.errstate(invalid="ignore"):
            row = np.floor((lat - self.south) / self.step)
            column = np.floor(((lon - self.west) % 360) / self.step)
            inside = (row >= 0) & (row < self.rows) & (column < self.columns)
        return np.where(inside, np.nan_to_num(row * self.columns + column), -1).astype(np.int64)


@dataclass(frozen=True)
class Sums:
    """Sums over the observations in each cell: of weights, of weighted values and errors, and their number."""

    weight: Float[np.ndarray, " cell"]
    value: Float[np.ndarray, " cell"]
    error: Float[np.ndarray, " cell"]
    count: Int[np.ndarray, " cell"]

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.weight + other.weight, self.value + other.value, self.error + other.error, self.count + other.count
        )


def needs_cells(part: Part, step: float | None) -> bool:
    """Return whether a file has to be put on a regular grid: a swath, or any file if a step is asked for.

    Raises
    ------
    DataError
        If it is curvilinear and no step is asked for, or if it has depths and one is.
    """
    if step is not None:
        if part.depth is not None:
            raise DataError(
                f"{part.path}: `{part.names['var_name']}` has depths, which `step` can't take; leave it out."
            )
        return True
    if part.is_grid:
        return False
    if not part.has_offset and part.lat.ndim > 1:
        raise DataError(
            f"{part.path} is on a curvilinear grid: set `step` (degrees) to put the means of its values on a regular "
            f"grid, or in a recipe `{NEAREST}` in the preprocessor."
        )
    return True


def plan_cells(parts: list[Part], step: float | None, region: Region | None) -> Cells:
    """Return the grid of a region, or around all points; without a step, as fine as the points lie.

    Raises
    ------
    DataError
        If no point has a place.
    """
    lats, lons, spacings = [], [], []
    for part in parts:
        lat, lon = _places(part)
        seen = np.isfinite(lat) & np.isfinite(lon) & (np.abs(lat) <= 90)
        lats.append(lat[seen])
        lons.append(lon[seen])
        if step is None:
            spacings.append(_spacing(part))
    if not sum(lat.size for lat in lats):
        raise DataError(f"{parts[0].path} has no point with a latitude and a longitude; leave it out.")
    step = step or _round_up(float(np.nanmedian(spacings)))
    if region is None:
        west, east = _span(np.concatenate(lons))
        south, north = min(lat.min() for lat in lats if lat.size), max(lat.max() for lat in lats if lat.size)
        west, south = step * floor(west / step), step * floor(south / step)
        width, height = east - west + 1e-6, north - south + 1e-6
    else:
        west, south = region.start_longitude, region.start_latitude
        width, height = (region.end_longitude - west) % 360 or 360.0, region.end_latitude - south
    rows, columns = (ceil(round(size / step, 6)) for size in (height, min(width, 360.0)))
    return Cells(south, west, step, max(rows, 1), max(columns, 1))


def bin_part(part: Part, cells: Cells, counted: Counter[str]) -> Iterator[tuple[float, Sums]]:
    """Yield the sums of a file for each day (of a swath) or time (of a grid), as days since 1850.

    Weights are one over the variance of the error; where a file has no errors, all weights are one.
    What is done to values is added to `counted`.
    """
    lat, lon = _places(part)
    cell = cells.find(lat, lon)
    size = cells.rows * cells.columns
    for block in part.blocks():
        loaded = part.load(block)
        counted.update(loaded.changes)
        times = part.days[block].reshape(-1, *[1] * (loaded.values.ndim - 1))
        if not part.is_grid:
            offset = 0.0 if loaded.offset is None else np.nan_to_num(loaded.offset)
            times = np.floor(times + offset + 1e-4) + 0.5
        days = np.broadcast_to(times, loaded.values.shape).ravel()
        places = np.broadcast_to(cell, loaded.values.shape).ravel()
        values = loaded.values.astype(float).ravel()
        weight, error = weigh(values, None if loaded.error is None else loaded.error.astype(float).ravel())
        good = np.isfinite(values) & (places >= 0)
        for day in np.unique(part.days[block] if part.is_grid else days[good]):
            chosen = good & (days == day)
            where = places[chosen]
            weights, weighted, errors = (
                np.bincount(where, weight[chosen] * x, size) for x in (1.0, values[chosen], error[chosen])
            )
            yield float(day), Sums(weights, weighted, errors, np.bincount(where, minlength=size))


def weigh(values: np.ndarray, error: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of each value, one over the variance of its error, and the error.

    A value without an error counts as the least certain of the others; without any error, all weights are one.
    """
    if error is None or not np.isfinite(error).any():
        return np.ones(values.shape), np.full(values.shape, np.nan)
    error = np.where(np.isfinite(error), error, np.nanmax(error))
    return error**-2, error


def means(sums: Sums) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, error and number of observations of each cell; NaN where there is none.

    The error of a mean is the weighted mean of the errors: what is wrong in one pass, such as the water vapour that
    was assumed, is wrong alike in the whole cell, and does not cancel.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, error = sums.value / sums.weight, sums.error / sums.weight
    return mean, error, sums.count


def _places(part: Part) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.meshgrid(part.lat, part.lon, indexing="ij")) if part.is_grid else (part.lat, part.lon)


def _spacing(part: Part) -> float:
    """Return the median distance of neighbours in the last dimension, degrees of latitude."""
    lat, lon = _places(part)
    east = ((np.diff(lon) + 180) % 360 - 180) * np.cos(np.deg2rad(lat[..., 1:]))
    distance = np.hypot(east, np.diff(lat))
    return float(np.nanmedian(distance)) if np.isfinite(distance).any() else np.nan


def _round_up(step: float) -> float:
    """Return the next of 1, 2, 2.5, 5 times a power of ten.

    >>> _round_up(0.013), _round_up(0.21)
    (0.02, 0.25)
    """
    power = 10.0 ** floor(log10(step))
    return float(round(power * next(x for x in (1, 2, 2.5, 5, 10) if x >= round(step / power, 6)), 9))


def _span(lon: np.ndarray) -> tuple[float, float]:
    """Return western and eastern end of points: they begin after the widest gap on the circle."""
    turned = np.unique(np.round(lon % 360, 2))
    gaps = np.diff(np.append(turned, turned[0] + 360))
    first = (int(gaps.argmax()) + 1) % turned.size
    west = turned[first]
    west = west - 360 if west >= 180 else west
    along = (lon - west + 1e-2) % 360 - 1e-2
    return float(west + along.min()), float(west + along.max())
