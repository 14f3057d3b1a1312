"""Times in order: sorted, each step once, and none missing."""

import cftime
import numpy as np
from cf_units import Unit
from iris.coords import Coord, DimCoord
from iris.cube import Cube
from iris.util import new_axis, promote_aux_coord_to_dim_coord
from jaxtyping import Float

from esmlearn.cubes.intervals import DAY, bounds_of
from esmlearn.cubes.rebuilding import Rows, is_error, part_of, rebuild, rows_of, spans
from esmlearn.cubes.steps import EPOCH, HOUR, Steps, days_of, find_steps
from esmlearn.errors import DataError
from esmlearn.settings.input import TimeSettings

MINUTE = 1 / 1440


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
    rows = rows_of(alike, order)
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
        return rebuild(cube, coord, rows, coord.points[order], part_of(coord.bounds, order)), sentences
    return _complete(cube, coord, steps, order, settings, sentences)


def _complete(
    cube: Cube, coord: Coord, steps: Steps, order: np.ndarray, settings: TimeSettings, sentences: list[str]
) -> tuple[Cube, list[str]] | None:
    """Merge passes and put missing steps in."""
    name, days = cube.name(), days_of(coord)
    several = len(days) - np.unique(steps.numbers).size
    if several and settings.passes == "keep":
        return (
            (rebuild(cube, coord, order[:, None], coord.points[order], part_of(coord.bounds, order)), sentences)
            if sentences
            else None
        )
    rows = rows_of(steps.numbers, order)
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
    return rebuild(cube, coord, full, points, bounds, passes=True), sentences


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
    made = rebuild(cube, coord, rows, coord.points[chosen], part_of(coord.bounds, chosen))
    return made, made.coord("time"), steps and steps._replace(numbers=steps.numbers[chosen])


def _by_errors(cube: Cube) -> str:
    weighted = any(is_error(part) and spans(cube, part) for part in cube.ancillary_variables())
    return ", weighted by the inverse square of their errors" if weighted else ", all with the same weight"


def _one_hour(days: Float[np.ndarray, " time"]) -> bool:
    """Whether all times lie within an hour of the day."""
    since = days - days.min()
    return bool(np.abs(since - np.round(since)).max() <= HOUR)


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
