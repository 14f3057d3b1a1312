"""One file as a part of an archive: cleaned values with their places and times, still on the disk where possible."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from esmlearn.cubes.intervals import bounds_of
from esmlearn.errors import DataError, SettingsError
from esmlearn.readers.axes import find_axis, find_times
from esmlearn.readers.cleaning import Rules, clean, error_name
from esmlearn.readers.intervals import find_bounds
from esmlearn.readers.opening import open_file
from esmlearn.readers.registry import choose_variable, find_source
from esmlearn.settings.evaluation import Region
from esmlearn.settings.sources import SourceSettings, VariableSettings

BLOCK_BYTES = 64_000_000
"""Size of the values that are read at once."""


@dataclass(frozen=True)
class Request:
    """What to read.

    Source (None: recognised), variable (None: the source's first), rules, region (None: all), and the interval that
    each value stands for, such as `8day` (None: as the file tells).
    """

    source: str | Path | SourceSettings | None = None
    variable: str | None = None
    rules: Rules = field(default_factory=Rules)
    region: Region | None = None
    interval: str | None = None


@dataclass(frozen=True)
class Loaded:
    """Values of some times, NaN where missing, with their errors, offsets in time (days), and what was done."""

    values: np.ndarray
    error: np.ndarray | None
    offset: np.ndarray | None
    changes: dict[str, int]


@dataclass(frozen=True)
class Part:
    """A file: its times and places, and its values on demand.

    On a grid, values have the dimensions time, depth (where there are several), latitude, longitude, and `lat` and
    `lon` one dimension each. In a swath, `lat` and `lon` belong to each value. `dims` are the names in the file,
    without time; `time` is None where the file has no dimension of time. `bounds` are those of the times in days, None
    where the file does not tell what a value stands for.
    """

    path: Path
    dataset: xr.Dataset
    settings: SourceSettings
    rules: Rules
    days: np.ndarray
    bounds: np.ndarray | None
    calendar: str
    time: str | None
    dims: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray
    depth: np.ndarray | None
    is_grid: bool
    names: dict[str, str]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all values."""
        return (self.days.size, *(self.dataset.sizes[dim] for dim in self.dims))

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        return np.result_type(self.dataset[self.names["var_name"]].dtype, np.float32)

    @property
    def has_error(self) -> bool:
        """Whether the file has errors of its values."""
        return error_name(self.dataset, self.names["var_name"], self.settings) is not None

    @property
    def has_offset(self) -> bool:
        """Whether each value has a time of its own."""
        return self.settings.time_offset in self.dataset

    def blocks(self) -> list[slice]:
        """Return slices of the times that are read at once."""
        size = max(1, BLOCK_BYTES // (8 * int(np.prod(self.shape[1:]))))
        return [slice(first, min(first + size, self.days.size)) for first in range(0, self.days.size, size)]

    def load(self, block: slice) -> Loaded:
        """Read the values of some times."""
        dataset = self.dataset.isel({self.time: block}) if self.time else self.dataset
        cleaned = clean(self.path, dataset, self.names["var_name"], self.settings, self.rules)
        offset = self._in_order(dataset[self.settings.time_offset] / 86400) if self.has_offset else None
        error = None if cleaned.error is None else self._in_order(cleaned.error)
        return Loaded(self._in_order(cleaned.values), error, offset, cleaned.changes)

    def _in_order(self, values: xr.DataArray) -> np.ndarray:
        kept = {self.time, *self.dims}
        values = values.isel({dim: 0 for dim in values.dims if dim not in kept})
        time = self.time or "time"
        values = values if time in values.dims else values.expand_dims(time)
        return values.transpose(time, *self.dims).values.astype(self.dtype)


def as_region(region: Region | Sequence[float | int] | None) -> Region | None:
    """Return a region that is given as itself, or as west, east, south, north."""
    if region is None or isinstance(region, Region):
        return region
    try:
        west, east, south, north = map(float, region)
        return Region(start_longitude=west, end_longitude=east, start_latitude=south, end_latitude=north)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"`region` is west, east, south, north in degrees, not {region}.") from error


def open_part(path: Path, request: Request) -> Part:
    """Open a file and say what is in it; its values stay on the disk.

    Raises
    ------
    DataError
        If it can't be read, or lacks the variable, its units, places or times.
    """
    dataset = open_file(path)
    settings = find_source(request.source, dataset)
    name = choose_variable(path, dataset, settings, request.variable)
    variable = settings.variables.get(name, VariableSettings())
    lat, lon = (find_axis(dataset, name, role, getattr(settings, role)) for role in ("lat", "lon"))
    if lat is None or lon is None:
        raise DataError(f"{path}: `{name}` has no latitude or no longitude; give `lat` and `lon` in a mapping.")
    depth = find_axis(dataset, name, "depth", settings.depth)
    days, calendar, time = find_times(path, dataset, name, settings)
    dataset = _select(path, dataset, lat, lon, request.region)
    places = tuple(dict.fromkeys([*dataset[lat].dims, *dataset[lon].dims]))
    others = [dim for dim in dataset[name].dims if dim not in (time, *places)]
    levels = tuple(dim for dim in others if dataset.sizes[dim] > 1)
    if levels and (depth is None or dataset[depth].dims != levels):
        raise DataError(f"{path}: `{name}` has the dimensions {', '.join(map(str, levels))} beside time and place.")
    is_grid = dataset[lat].ndim == 1 and dataset[lon].ndim == 1 and dataset[lat].dims != dataset[lon].dims
    axis, bounds = find_axis(dataset, name, "time", settings.time), None
    if request.interval is not None:
        bounds = bounds_of(days, request.interval, calendar=calendar)
    elif is_grid:  # a swath is of its day
        bounds = find_bounds(path, dataset, axis, days, calendar)
    if bounds is not None:  # some archives write the end of the period
        days = np.where((days < bounds[:, 0]) | (days >= bounds[:, 1]), bounds.mean(axis=1), days)
    attributes = dataset[name].attrs
    if variable.units is None and "units" not in attributes:
        raise DataError(f"{path}: `{name}` has no units; give them in a mapping (`variables`, `units`).")
    return Part(
        path=path,
        dataset=dataset,
        settings=settings,
        rules=request.rules,
        days=days,
        bounds=bounds,
        calendar=calendar,
        time=time,
        dims=tuple(map(str, (*levels, *places))),
        lat=dataset[lat].values.astype(float),
        lon=dataset[lon].values.astype(float),
        depth=dataset[depth].values.astype(float) if levels else None,
        is_grid=is_grid,
        names={
            "var_name": name,
            "standard_name": variable.standard_name or str(attributes.get("standard_name", "")),
            "long_name": str(attributes.get("long_name", "")),
            "units": str(variable.units or attributes["units"]),
            "title": settings.title,
        },
    )


def _select(path: Path, dataset: xr.Dataset, lat: str, lon: str, region: Region | None) -> xr.Dataset:
    """Cut a region out of a grid; its longitudes rise from its western edge on, across any meridian."""
    rows, columns = dataset[lat], dataset[lon]
    if region is None or rows.ndim != 1 or columns.ndim != 1 or rows.dims == columns.dims:
        return dataset
    inside = np.flatnonzero((rows.values >= region.start_latitude) & (rows.values <= region.end_latitude))
    east = (columns.values - region.start_longitude) % 360
    width = (region.end_longitude - region.start_longitude) % 360 or 360
    chosen = np.argsort(east, kind="stable")
    chosen = chosen[east[chosen] <= width]
    if not inside.size or not chosen.size:
        raise DataError(f"{path} has no cell in the region; check west, east, south and north.")
    dataset = dataset.isel({rows.dims[0]: inside, columns.dims[0]: chosen})
    turned = dataset[lon].copy(data=region.start_longitude + east[chosen])
    return dataset.assign_coords({lon: turned}) if lon in dataset.coords else dataset.assign({lon: turned})
