"""Read the files of an archive as one cube."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import chain
from operator import add
from pathlib import Path

import dask
import dask.array as da
import numpy as np
from iris.cube import Cube

from esmlearn.errors import DataError, SettingsError
from esmlearn.grids.grid import same_places
from esmlearn.readers.binning import Cells, Sums, bin_part, means, needs_cells, plan_cells
from esmlearn.readers.cleaning import Rules
from esmlearn.readers.cubes import make_cube
from esmlearn.readers.opening import find_files
from esmlearn.readers.parts import Part, Request, as_region, open_part
from esmlearn.readers.profiles import read_profiles
from esmlearn.settings.base import check_interval
from esmlearn.settings.evaluation import Region
from esmlearn.settings.sources import SourceSettings

LOGGER = logging.getLogger(__name__)

ORIGIN = ("id", "title", "source", "institution", "license", "references")
"""Attributes of the first file that stay with the cube: where the data come from."""


def read(
    files: str | Path | Iterable[str | Path],
    *,
    source: str | Path | SourceSettings | None = None,
    variable: str | None = None,
    quality: Sequence[int] | None = None,
    bias: bool = True,
    region: Region | Sequence[float | int] | None = None,
    step: float | int | None = None,
    levels: Sequence[float | int] | None = None,
    days: int = 1,
    interval: str | None = None,
) -> Cube:
    """Read files of satellites, analyses or models as one cube.

    Parameters
    ----------
    files
        Files, zarr stores, folders, or a name with ``*``.
    source
        Name of a source (see the page on sources), or a mapping in YAML; default: recognised by what is in the files.
    variable
        Name of the quantity in the files; default: the main one of the source.
    quality
        Quality levels to keep, such as ``[4, 5]``; default: as the source advises.
    bias
        Whether to subtract the bias that comes with each value.
    region
        Western and eastern longitude, southern and northern latitude, in degrees; default: all.
    step
        Put all values on a regular grid with this step, degrees; swaths without a step get one as fine as they are.
    levels, days
        Of profiles (Argo, EN4, World Ocean Database): depths in m that they are interpolated to, and days in a bin of
        time; they also need `region` and `step`.
    interval
        What each value stands for where the files don't tell, or tell it wrong: `day`, `mon`, or such as `8day`.
        Default: the bounds of the times, or what attributes and names of the product say. Of profiles, `mon` for
        means of months.

    Returns
    -------
    iris.cube.Cube
        ``(time, [depth,] latitude, longitude)``, lazy unless it was put on another grid, in the units of the archive.
        Where the archive has it, the standard deviation of the error is the ancillary variable ``… standard_error``;
        on another grid, ``… number_of_observations`` says how many values are in each cell. The attribute
        ``esmlearn_changes`` is a JSON list of sentences: what was left out, and how many values that concerns.

    Raises
    ------
    DataError
        If a file is missing, can't be read, lacks what is asked for, or has another grid than the first.
    SettingsError
        If the source is unknown or a mapping is wrong.
    """
    if step is not None and not step > 0:
        raise SettingsError(f"`step` is a number of degrees above 0, not {step}.")
    paths = list(find_files(files))
    if levels is not None:
        if interval not in (None, "mon", "day"):
            raise SettingsError(
                f"interval: profiles are put in bins of `days`, or of months by `mon`, not '{interval}'."
            )
        bins = {"monthly": True} if interval == "mon" else {"days": days}
        settings = {"levels": levels, **bins, "region": region, "step": step, "variable": variable or "thetao"}
        return read_profiles(paths, **{key: value for key, value in settings.items() if value is not None})
    try:
        interval = interval and check_interval(interval)
    except ValueError as error:
        raise SettingsError(f"interval: {error}.") from None
    kept = None if quality is None else tuple(int(level) for level in np.atleast_1d(quality))
    request = Request(source, variable, Rules(kept, bias), as_region(region), interval)
    parts = [open_part(path, request) for path in paths]
    parts.sort(key=lambda part: part.days[0])
    on_cells = needs_cells(parts[0], step and float(step))
    check_alike(parts, one_grid=not on_cells)
    counted: Counter[str] = Counter()
    cells = plan_cells(parts, step and float(step), request.region) if on_cells else None
    cube = _joined(parts, counted) if cells is None else _binned(parts, cells, counted)
    said = sentences(counted)
    for sentence in said:
        LOGGER.info(sentence)
    cube.attributes["esmlearn_changes"] = json.dumps(said)
    cube.attributes["esmlearn_source"] = parts[0].names["title"]
    given = parts[0].dataset.attrs
    cube.attributes.update({name: str(given[name]) for name in ORIGIN if name in given})
    return cube


def check_alike(parts: list[Part], *, one_grid: bool) -> None:
    """Check that files have the same quantity, units and calendar, and whether they have the same grid.

    Raises
    ------
    DataError
        If they do not.
    """
    first = parts[0]
    for part in parts[1:]:
        for key in ("var_name", "units", "standard_name"):
            if part.names[key] != first.names[key]:
                raise DataError(
                    f"{part.path} has the {key} '{part.names[key]}', but {first.path} has '{first.names[key]}'; read "
                    "them apart."
                )
        if part.calendar != first.calendar:
            raise DataError(f"{part.path} has the calendar {part.calendar}, but {first.path} {first.calendar}.")
        if one_grid and not _same_grid(part, first):
            raise DataError(f"{part.path} has another grid than {first.path}; read them apart, or set `step`.")


def _same_grid(one: Part, other: Part) -> bool:
    if not one.is_grid or (one.depth is None) != (other.depth is None) or one.shape[1:] != other.shape[1:]:
        return False
    if one.depth is not None and other.depth is not None and not np.array_equal(one.depth, other.depth):
        return False
    return same_places((one.lat, one.lon), (other.lat, other.lon))


def _joined(parts: list[Part], counted: Counter[str]) -> Cube:
    """Return the lazy cube of files on one grid, one after the other in time; what is done to values is counted."""
    first = parts[0]
    days = np.concatenate([part.days for part in parts])
    values, errors = [], []
    for part in parts:
        for block in part.blocks():
            loaded = dask.delayed(part.load, pure=False)(block)
            counted.update(part.load(block).changes)
            shape = (block.stop - block.start, *part.shape[1:])
            values.append(da.from_delayed(loaded.values, shape, part.dtype))
            error = loaded.error if part.has_error else np.full(shape, np.nan, part.dtype)
            errors.append(da.from_delayed(error, shape, part.dtype) if part.has_error else da.asarray(error))
    maps = da.concatenate(values)
    error = da.concatenate(errors) if any(part.has_error for part in parts) else None
    known = [part.bounds for part in parts if part.bounds is not None]
    bounds = np.concatenate(known) if len(known) == len(parts) else None
    order = np.argsort(days, kind="stable")
    if not np.array_equal(order, np.arange(days.size)):
        maps, days = maps[order], days[order]
        bounds = None if bounds is None else bounds[order]
        error = None if error is None else error[order]
    axes = {"latitude": first.lat, "longitude": first.lon}
    if first.depth is not None:
        axes = {"depth": first.depth} | axes
    return make_cube(first, days, axes, maps, bounds=bounds, error=error)


def _binned(parts: list[Part], cells: Cells, counted: Counter[str]) -> Cube:
    """Return the cube of files that were put on a regular grid."""
    sums: dict[float, list[Sums]] = {}
    for part in parts:
        for day, part_sums in bin_part(part, cells, counted):
            sums[day] = [reduce(add, [*sums.get(day, []), part_sums])]
    if not sums:
        raise DataError(f"{parts[0].path}: no value is left in the region; check `quality` and `region`.")
    days = np.array(sorted(sums))
    shape = (days.size, cells.rows, cells.columns)
    maps = zip(*(means(sums[day][0]) for day in days), strict=True)
    mean, error, count = (np.stack(one).reshape(shape) for one in maps)
    axes = {"latitude": cells.lat, "longitude": cells.lon}
    values, errors = mean.astype(np.float32), error.astype(np.float32)
    told = [zip(part.days, part.bounds, strict=True) for part in parts if part.bounds is not None]
    known = dict(chain.from_iterable(told))
    bounds = np.stack([known[day] for day in days]) if set(days) <= set(known) else None
    cube = make_cube(
        parts[0], days, axes, values, bounds=bounds, error=None if np.isnan(errors).all() else errors, count=count
    )
    counted[f"values were averaged in cells of {cells.step:g} degrees, at {len(days)} times"] = int(count.sum())
    return cube


def sentences(counted: Counter[str]) -> list[str]:
    """Return a sentence for each thing that was done to at least one value."""
    return [
        f"{what} ({number} values)." if what.startswith("`") else f"{number} {what}."
        for what, number in counted.items()
        if number
    ]
