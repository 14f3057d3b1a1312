"""Times in order: sorted, each step once, and none missing."""

from collections.abc import Sequence
from typing import Any

import cftime
import numpy as np
from cf_units import Unit
from iris.coords import AncillaryVariable, AuxCoord, Coord, DimCoord
from iris.cube import Cube
from iris.util import new_axis, promote_aux_coord_to_dim_coord
from jaxtyping import Float, Int

from esmlearn.cubes.intervals import DAY, bounds_of
from esmlearn.cubes.merging import error_of_mean, first_of, mean_of_passes, sum_of, take_steps
from esmlearn.cubes.steps import EPOCH, HOUR, Steps, days_of, find_steps
from esmlearn.errors import DataError
from esmlearn.settings.input import TimeSettings

MINUTE = 1 / 1440

Rows = Int[np.ndarray, "step pass"]
"""Places of the passes of each step in the input; -1 for none."""


def order_times(cube: Cube, settings: TimeSettings) -> tuple[Cube, list[str]]:
    """Sort the times of a cube, merge what a step has twice, and put missing steps in as unobserved ones.

    Times of day that differ by more than an hour count as days of the calendar, and several of them on a day as passes.
    The bounds decide what a time stands for, where there are bounds. What belongs to the times follows: bounds,
    auxiliary coordinates and ancillary variables. Lazy data stay lazy.

    Parameters
    ----------
    cube
        With or without a coordinate `time` of any calendar, in any order.
    settings
        What is merged, refused or kept.

    Returns
    -------
    cube
        The same object if nothing needs a change.
    sentences
        What was changed, and how often.

    Raises
    ------
    DataError
        If a time is missing, a step is there twice and `duplicates` is `refuse`, or the axis has no regular step.
    """
    coord = next(iter(cube.coords("time", dim_coords=True) or cube.coords("time")), None)
    if coord is None or coord.ndim > 1:
        return cube, []
    if not cube.coord_dims(coord):
        return order_times(new_axis(cube, "time"), settings)
    _check_points(cube, coord)
    cube, coord, unsaid = _with_interval(cube, coord, settings)
    cube, coord, sentences = _inside_bounds(cube, coord)
    sentences = unsaid + sentences
    steps = find_steps(coord)
    if steps is None and settings.missing == "insert":
        raise DataError(_irregular(cube, days_of(coord)))
    made = _arrange(cube, coord, steps, settings)
    if made is None:
        if not isinstance(coord, DimCoord):
            promote_aux_coord_to_dim_coord(cube := cube.copy(), "time")
        return cube, sentences
    return made[0], sentences + made[1]


def _check_points(cube: Cube, coord: Coord) -> None:
    """Refuse times that are no times."""
    if not coord.units.is_time_reference():
        raise DataError(f"The times of {cube.name()} are in '{coord.units}'; they need units such as {EPOCH}.")
    bad = np.ma.getmaskarray(coord.points) | ~np.isfinite(np.ma.getdata(coord.points).astype(float))
    if bad.any():
        raise DataError(f"{bad.sum()} of the {bad.size} times of {cube.name()} are missing; leave these steps out.")


def _with_interval(cube: Cube, coord: Coord, settings: TimeSettings) -> tuple[Cube, Coord, list[str]]:
    """Give times without bounds those of their interval: the one set, or for a single time, which shows none, a day."""
    single = np.unique(coord.points).size == 1
    if coord.has_bounds() or not (single or settings.interval):
        return cube, coord, []
    days = bounds_of(days_of(coord), settings.interval or DAY, calendar=coord.units.calendar)
    cube = cube.copy()
    cube.replace_coord(made := coord.copy(coord.points, Unit(EPOCH, coord.units.calendar).convert(days, coord.units)))
    if settings.interval:
        return cube, made, []
    words = (
        f"{cube.name()} has one time and does not tell what it stands for; it was taken as a day. For a composite, set"
        " data.input.times.interval (--interval), such as 8day or mon."
    )
    return cube, made, [words]


def _inside_bounds(cube: Cube, coord: Coord) -> tuple[Cube, Coord, list[str]]:
    """Move times that stand at the end of their bounds, so on the next day or month, to the middle."""
    if not coord.has_bounds():
        return cube, coord, []
    late = coord.points >= coord.bounds.max(axis=-1)
    if not late.any():
        return cube, coord, []
    points = np.where(late, coord.bounds.mean(axis=-1), coord.points)
    cube = cube.copy()
    cube.replace_coord(moved := coord.copy(points, coord.bounds))
    words = f"{cube.name()}: {late.sum()} times that stood at the end of their bounds were moved to the middle."
    return cube, moved, [words]


def _arrange(cube: Cube, coord: Coord, steps: Steps | None, settings: TimeSettings) -> tuple[Cube, list[str]] | None:
    """Arrange the steps; None if they are in order."""
    days, name, sentences = days_of(coord), cube.name(), []
    order = np.argsort(days, kind="stable")
    if (np.diff(days) < 0).any():
        sentences.append(f"{name}: the times were not in order, and were sorted.")
    daily = steps is not None and steps.frequency == "day"
    times = np.round(days / MINUTE).astype(int)
    alike = times if steps is None or daily else steps.numbers
    if steps is not None and daily and _one_hour(days):
        alike = steps.numbers
    rows = _rows(alike, order)
    doubles = int((rows >= 0).sum() - len(rows))
    if doubles and settings.duplicates == "refuse":
        first = _dates(days[rows[rows[:, 1] >= 0, 0][:1]], coord)
        raise DataError(
            f"{name} has {doubles} times twice, the first of them {first}; set data.input.times.duplicates to mean,"
            " first or last, or leave one of the two out."
        )
    if doubles:
        how = {"mean": "their mean was taken", "first": "the first was taken", "last": "the last was taken"}
        sentences.append(f"{name}: {doubles} steps were there more than once, and {how[settings.duplicates]}.")
        cube, coord, steps = _without_copies(cube, coord, rows, settings, steps)
        days, order = days_of(coord), np.arange(len(rows))
    elif not sentences and (steps is None or (settings.missing == "keep" and not daily)):
        return None
    if steps is None:
        rows = order[:, None]
        return _rebuild(cube, coord, rows, coord.points[order], _part(coord.bounds, order)), sentences
    return _complete(cube, coord, steps, order, settings, sentences)


def _complete(
    cube: Cube, coord: Coord, steps: Steps, order: np.ndarray, settings: TimeSettings, sentences: list[str]
) -> tuple[Cube, list[str]] | None:
    """Merge passes and put missing steps in."""
    name, days = cube.name(), days_of(coord)
    several = len(days) - np.unique(steps.numbers).size
    if several and settings.passes == "keep":
        return (
            (_rebuild(cube, coord, order[:, None], coord.points[order], _part(coord.bounds, order)), sentences)
            if sentences
            else None
        )
    rows = _rows(steps.numbers, order)
    there = np.unique(steps.numbers)
    wanted = there
    if settings.missing == "insert":
        wanted = np.arange(there[0], there[-1] + 1)
        wanted = wanted[(steps.starts(wanted) < steps.starts(wanted + 1)) | np.isin(wanted, there)]
    full = np.full((len(wanted), rows.shape[1]), -1)
    full[np.searchsorted(wanted, there)] = rows
    missing = full[:, 0] < 0
    wander = steps.frequency == "day" and (several > 0 or not _one_hour(days))
    if several:
        sentences.append(
            f"{name}: {len(days)} passes on {len(there)} days were merged to one field a day{_by_errors(cube)}."
        )
    elif wander:
        sentences.append(f"{name}: the times of day differ, and each of the {len(days)} times was taken as its day.")
    if missing.any():
        what = "days" if steps.frequency == "day" else f"steps ({steps.frequency})"
        first = _dates(steps.starts(wanted[missing][:3]), coord)
        more = ", ..." if missing.sum() > 3 else ""
        sentences.append(
            f"{name}: {missing.sum()} of {len(wanted)} {what} were missing, and were put in as unobserved:"
            f" {first}{more}."
        )
    if not sentences:
        return None
    points, bounds = _points(coord, steps, wanted, full[:, 0], noon=wander)
    return _rebuild(cube, coord, full, points, bounds, passes=True), sentences


def _points(
    coord: Coord, steps: Steps, wanted: np.ndarray, rows: np.ndarray, *, noon: bool
) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, "step 2"] | None]:
    """Times and bounds of steps: as they are, and for missing ones as they lie in most of the others."""
    unit = Unit(EPOCH, coord.units.calendar)
    start, end = steps.starts(wanted), steps.starts(wanted + 1)
    if noon:
        return tuple(unit.convert(part, coord.units) for part in ((start + end) / 2, np.stack([start, end], axis=-1)))
    own = steps.starts(steps.numbers), steps.starts(steps.numbers + 1)
    there = rows >= 0

    def filled(values: np.ndarray, edge: int | None) -> np.ndarray:
        days = coord.units.convert(values.astype(float), unit)
        if edge is None:
            made = start + np.median((days - own[0]) / (own[1] - own[0])) * (end - start)
        else:
            made = (start, end)[edge] + np.median(days - own[edge])
        new = unit.convert(made, coord.units)
        new[there] = values[rows[there]]
        return new

    bounds = None
    if coord.has_bounds():
        bounds = np.stack([filled(coord.bounds[:, edge], edge) for edge in (0, 1)], axis=-1)
    return filled(coord.points, None), bounds


def _without_copies(
    cube: Cube, coord: Coord, rows: Rows, settings: TimeSettings, steps: Steps | None
) -> tuple[Cube, Coord, Steps | None]:
    """Merge what is there twice; the times rise then."""
    last = np.where(rows >= 0, np.arange(rows.shape[1]), 0).argmax(axis=1)
    chosen = rows[np.arange(len(rows)), last if settings.duplicates == "last" else 0]
    rows = rows if settings.duplicates == "mean" else chosen[:, None]
    made = _rebuild(cube, coord, rows, coord.points[chosen], _part(coord.bounds, chosen))
    return made, made.coord("time"), steps and steps._replace(numbers=steps.numbers[chosen])


def _rebuild(
    cube: Cube,
    coord: Coord,
    rows: Rows,
    points: Float[np.ndarray, " step"],
    bounds: Float[np.ndarray, "step 2"] | None,
    *,
    passes: bool = False,
) -> Cube:
    """Make a cube of the steps in these rows; several in a row are passes of their own, or else copies."""
    axis = cube.coord_dims(coord)[0]
    errors = next((part for part in cube.ancillary_variables() if _is_error(part) and _dims(cube, part)), None)

    def parts(variable: Any, dims: Sequence[int]) -> list[Any]:
        return [take_steps(variable.core_data(), row, dims.index(axis)) for row in rows.T]

    def merged(variable: Any, dims: Sequence[int]) -> Any:
        own = parts(variable, dims)
        if len(own) == 1:
            return own[0]
        if variable is errors and passes:
            return error_of_mean(own, parts(cube, range(cube.ndim)))
        if variable is not cube and (variable.standard_name or "").endswith("number_of_observations") and passes:
            return sum_of(own)
        if own[0].dtype.kind != "f" and variable is not cube:
            return first_of(own)
        weights = parts(errors, range(cube.ndim)) if errors is not None and passes and variable is cube else None
        return mean_of_passes(own, weights)

    made = Cube(merged(cube, range(cube.ndim)))
    made.metadata = cube.metadata
    for other in cube.coords(dim_coords=True):
        if cube.coord_dims(other) != (axis,):
            made.add_dim_coord(other, cube.coord_dims(other))
    for other in cube.coords(dim_coords=False):
        dims = cube.coord_dims(other)
        if other is not coord and other != coord:
            made.add_aux_coord(_taken(other, rows[:, 0], dims.index(axis)) if axis in dims else other, dims)
    for variable in cube.ancillary_variables():
        dims = cube.ancillary_variable_dims(variable)
        made.add_ancillary_variable(variable.copy(merged(variable, dims)) if axis in dims else variable, dims)
    for measure in cube.cell_measures():
        dims = cube.cell_measure_dims(measure)
        if axis not in dims:
            made.add_cell_measure(measure, dims)
    names = {key: getattr(coord, key) for key in ("standard_name", "long_name", "var_name", "units", "attributes")}
    made.add_dim_coord(DimCoord(points, bounds=bounds, **names), axis)
    return made


def _taken(coord: Coord, rows: np.ndarray, axis: int) -> Coord:
    """Points of an auxiliary coordinate; masked, or an empty text, at steps that were missing."""
    if coord.dtype.kind in "US":
        return AuxCoord.from_coord(coord).copy(np.where(rows >= 0, coord.points[rows], ""))
    bounds = take_steps(coord.core_bounds(), rows, axis) if coord.has_bounds() else None
    return AuxCoord.from_coord(coord).copy(take_steps(coord.core_points(), rows, axis), bounds)


def _rows(keys: Int[np.ndarray, " time"], order: Int[np.ndarray, " time"]) -> Rows:
    """Places of all times with the same key, one row for each key in rising order, in the order given."""
    keys = keys[order]
    order = order[np.argsort(keys, kind="stable")]
    _, place, count = np.unique(np.sort(keys), return_index=True, return_counts=True)
    rows = np.full((len(place), count.max()), -1)
    for column in range(count.max()):
        some = count > column
        rows[some, column] = order[place[some] + column]
    return rows


def _is_error(variable: AncillaryVariable) -> bool:
    return (variable.standard_name or "").endswith("standard_error")


def _dims(cube: Cube, variable: AncillaryVariable) -> bool:
    """Whether an ancillary variable has all dimensions of the cube."""
    return cube.ancillary_variable_dims(variable) == tuple(range(cube.ndim))


def _by_errors(cube: Cube) -> str:
    weighted = any(_is_error(part) and _dims(cube, part) for part in cube.ancillary_variables())
    return ", weighted by the inverse square of their errors" if weighted else ", all with the same weight"


def _one_hour(days: Float[np.ndarray, " time"]) -> bool:
    """Whether all times lie within an hour of the day."""
    since = days - days.min()
    return bool(np.abs(since - np.round(since)).max() <= HOUR)


def _part(bounds: np.ndarray | None, places: np.ndarray) -> np.ndarray | None:
    return None if bounds is None else bounds[places]


def _dates(days: np.ndarray, coord: Coord) -> str:
    dates = np.atleast_1d(cftime.num2date(days, EPOCH, coord.units.calendar))
    return ", ".join(date.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00") for date in dates)


def _irregular(cube: Cube, days: np.ndarray) -> str:
    steps = np.diff(np.unique(days))
    return (
        f"The times of {cube.name()} have no regular step: from one to the next there are {steps.min():.3g} to"
        f" {steps.max():.3g} days, {np.median(steps):.3g} in the median; bring them to a regular step, such as daily"
        " means, or set data.input.times.missing to keep."
    )
