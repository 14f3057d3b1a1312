"""One file as a part of an archive: cleaned values with their places and times, still on the disk where possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from esmlearn.errors import DataError, SettingsError
from esmlearn.readers.axes import find_axis, find_times
from esmlearn.readers.cleaning import Rules, clean
from esmlearn.readers.opening import open_file
from esmlearn.readers.registry import choose_variable, find_source
from esmlearn.settings.evaluation import Region
from esmlearn.settings.sources import SourceSettings, VariableSettings


@dataclass(frozen=True)
class Request:
    """What to read: source (None: recognised), variable (None: the source's first), rules and region (None: all)."""

    source: str | Path | SourceSettings | None = None
    variable: str | None = None
    rules: Rules = Rules()
    region: Region | None = None


@dataclass(frozen=True)
class Part:
    """A file.

    On a grid, `values` and `error` have the dimensions time, depth (where there are several), latitude, longitude, and
    `lat` and `lon` one dimension each. In a swath they are points: `lat`, `lon` and `offset` (days from `days`) belong
    to each value.
    """

    path: Path
    dataset: xr.Dataset
    days: np.ndarray
    calendar: str
    lat: xr.DataArray
    lon: xr.DataArray
    depth: xr.DataArray | None
    values: xr.DataArray
    error: xr.DataArray | None
    offset: xr.DataArray | None
    changes: dict[str, xr.DataArray]
    names: dict[str, str]

    @property
    def is_grid(self) -> bool:
        """Whether latitudes and longitudes are axes."""
        return self.lat.ndim == 1 and self.lon.ndim == 1 and self.lat.dims != self.lon.dims


def as_region(region: Region | Sequence[float] | None) -> Region | None:
    """Return a region that is given as itself, or as west, east, south, north."""
    if region is None or isinstance(region, Region):
        return region
    try:
        west, east, south, north = map(float, region)
        return Region(start_longitude=west, end_longitude=east, start_latitude=south, end_latitude=north)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"`region` is west, east, south, north in degrees, not {region}.") from error


def open_part(path: Path, request: Request, *, lazy: bool = True) -> Part:
    """Open a file and say what is in it.

    Parameters
    ----------
    path
        The file.
    request
        What to read of it.
    lazy
        Whether values come as dask arrays; else they are read where they are used.

    Raises
    ------
    DataError
        If it can't be read, or lacks the variable, its places or its times.
    """
    dataset = open_file(path)
    settings = find_source(request.source, path, dataset)
    name = choose_variable(path, dataset, settings, request.variable)
    variable = settings.variables.get(name, VariableSettings())
    lat, lon = (find_axis(dataset, name, role, getattr(settings, role)) for role in ("lat", "lon"))
    if lat is None or lon is None:
        raise DataError(f"{path}: `{name}` has no latitude or no longitude; give `lat` and `lon` in a mapping.")
    depth = find_axis(dataset, name, "depth", settings.depth)
    days, calendar, time = find_times(path, dataset, name, settings)
    dataset = _select(path, dataset, lat, lon, request.region)
    if lazy:
        dataset = dataset.chunk("auto" if path.suffix != ".zarr" else {})
    cleaned = clean(path, dataset, name, settings, request.rules)
    places = {*dataset[lat].dims, *dataset[lon].dims}
    kept = [dim for dim in dataset[name].dims if dim == time or dim in places or dataset.sizes[dim] > 1]
    levels = [dim for dim in kept if dim != time and dim not in places]
    if len(levels) > 1 or (levels and (depth is None or dataset[depth].dims != tuple(levels))):
        raise DataError(f"{path}: `{name}` has the dimensions {', '.join(map(str, levels))} beside time and place.")
    order = [*([time] if time else []), *levels, *dataset[lat].dims, *(d for d in dataset[lon].dims if d not in dataset[lat].dims)]

    def in_order(values: xr.DataArray) -> xr.DataArray:
        values = values.squeeze([dim for dim in values.dims if dim not in kept], drop=True)
        values = values if time in values.dims else values.expand_dims(time or "time")
        return values.transpose(*(order if time else ["time", *order]))

    attributes = dataset[name].attrs
    if variable.units is None and "units" not in attributes:
        raise DataError(f"{path}: `{name}` has no units; give them in a mapping (`variables`, `units`).")
    names = {
        "var_name": name,
        "standard_name": variable.standard_name or attributes.get("standard_name", ""),
        "long_name": attributes.get("long_name", ""),
        "units": str(variable.units or attributes["units"]),
        "title": settings.title,
    }
    offset = dataset[settings.time_offset] if settings.time_offset in dataset else None
    return Part(
        path=path,
        dataset=dataset,
        days=days,
        calendar=calendar,
        lat=dataset[lat],
        lon=dataset[lon],
        depth=dataset[depth] if levels else None,
        values=in_order(cleaned.values),
        error=None if cleaned.error is None else in_order(cleaned.error),
        offset=None if offset is None else in_order(offset / 86400),
        changes=cleaned.changes,
        names=names,
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
