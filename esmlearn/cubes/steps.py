"""The regular step of a time axis, even where some of its steps are missing or doubled."""

from collections.abc import Callable
from typing import NamedTuple

import cftime
import numpy as np
from cf_units import Unit
from iris.coords import Coord
from jaxtyping import Float, Int

EPOCH = "days since 1850-01-01"

HOUR = 1 / 24
"""Times of day may differ by so much, in days, before each time counts as its calendar day."""

COMPOSITES = (8, 5, 16)
"""Lengths in days of composites that start anew on 1 January, so that the last one of a year is shorter."""

SEEN = 0.1
"""Share of the intervals between times that must be one step; else the axis has no regular step."""

MONTH = 365.25 / 12

Starts = Callable[[Int[np.ndarray, " step"]], Float[np.ndarray, " step"]]


class Steps(NamedTuple):
    """A regular step, and the steps at which there are times.

    Attributes
    ----------
    days
        Length of the step in days; of calendar months the mean length.
    frequency
        Such as `day`, `mon`, `8day`, `3hr`.
    numbers
        Number of the step of each time; missing steps have none, doubled ones the same.
    starts
        Gives the starts of steps by their numbers, in days since 1850-01-01. A step ends where the next one starts.
    """

    days: float
    frequency: str
    numbers: Int[np.ndarray, " time"]
    starts: Starts


def days_of(coord: Coord) -> Float[np.ndarray, " time"]:
    """Times in days since 1850-01-01, in their calendar: the middle of the bounds, where there are bounds."""
    points = coord.bounds.mean(axis=-1) if coord.has_bounds() else coord.points
    return coord.units.convert(points.astype(float), Unit(EPOCH, coord.units.calendar))


def find_steps(coord: Coord) -> Steps | None:
    """Find the regular step of a time coordinate with at least two different times; None if there is none."""
    days, calendar = days_of(coord), coord.units.calendar
    unique = np.unique(np.round(days * 1440) / 1440)
    if unique.size < 2:
        return _single(coord, days)
    return _months(unique, days, calendar) or _hours(unique, days) or _days(unique, days, calendar)


def interval_days(coord: Coord) -> float | None:
    """Length in days of what each value stands for, as the bounds say it; None without bounds."""
    if not coord.has_bounds():
        return None
    edges = coord.units.convert(coord.bounds.astype(float), Unit(EPOCH, coord.units.calendar))
    return float(np.median(edges[:, 1] - edges[:, 0]))


def _single(coord: Coord, days: np.ndarray) -> Steps:
    """One time: its bounds say how long the step is; else it is a day."""
    length = max(1, round(interval_days(coord) or 1))
    monthly = length in (28, 29, 30, 31)
    frequency = "mon" if monthly else "day" if length == 1 else f"{length}day"
    first = np.floor(days[0])
    return Steps(
        MONTH if monthly else float(length),
        frequency,
        np.zeros(days.size, int),
        lambda number: first + length * np.asarray(number, float),
    )


def _months(unique: np.ndarray, days: np.ndarray, calendar: str) -> Steps | None:
    """Calendar months, or every so many of them: the times lie in the same part of each."""

    def starts(number: np.ndarray) -> np.ndarray:
        dates = [cftime.datetime(1850 + n // 12, n % 12 + 1, 1, calendar=calendar) for n in np.asarray(number)]
        return np.asarray(cftime.date2num(dates, EPOCH, calendar), float)

    if np.diff(unique).min() < 27:
        return None
    first = _month_of(unique, calendar)
    part = (unique - starts(first)) / (starts(first + 1) - starts(first))
    every = _common_step(np.diff(first))
    if np.ptp(part) > 0.25 or every is None:
        return None
    return Steps(
        every * MONTH,
        "mon" if every == 1 else f"{every}mon",
        (_month_of(days, calendar) - first[0]) // every,
        lambda number: starts(first[0] + every * np.asarray(number)),
    )


def _month_of(days: np.ndarray, calendar: str) -> Int[np.ndarray, " time"]:
    dates = np.atleast_1d(cftime.num2date(days, EPOCH, calendar))
    return np.array([12 * (date.year - 1850) + date.month - 1 for date in dates])


def _hours(unique: np.ndarray, days: np.ndarray) -> Steps | None:
    """Fixed hours of the day: most intervals are one step, and a day has a whole number of steps."""
    intervals = np.diff(unique)
    least = intervals.min()
    step = intervals.sum() / np.round(intervals / least).sum()
    step = max(1, round(1440 * step)) / 1440
    counts = np.round(intervals / step)
    wrong = np.abs(intervals - counts * step).max() > 0.05 * step or abs(round(1 / step) * step - 1) > 1e-6
    if least > 1 - 2 * HOUR or wrong or (counts == 1).mean() < 0.5:
        return None
    numbers = np.round((days - unique[0]) / step).astype(int)
    return Steps(step, f"{24 * step:g}hr", numbers, lambda number: unique[0] + step * np.asarray(number))


def _days(unique: np.ndarray, days: np.ndarray, calendar: str) -> Steps | None:
    """Days, or every so many of them, or composites that start anew each year."""
    since = unique - unique[0]
    if np.abs(since - np.round(since)).max() <= HOUR:  # of the same hour, so that midnight is no border
        number, first = np.round(days - unique[0]).astype(int), int(np.floor(unique[0] + HOUR / 24))
    else:
        first = int(np.floor(unique[0]))
        number = np.floor(days).astype(int) - first
    intervals = np.diff(np.unique(number))
    every = _common_step(intervals) if intervals.size else 1
    if intervals.size and np.gcd.reduce(intervals) == 1:
        composites = (_composites(first + number, length, calendar) for length in COMPOSITES)
        found = next((steps for steps in composites if steps is not None), None)
        if found is not None:
            return found
    if every is None:
        return None
    frequency = "day" if every == 1 else f"{every}day"
    return Steps(float(every), frequency, number // every, lambda step: first + float(every) * np.asarray(step))


def _common_step(intervals: np.ndarray) -> int | None:
    """Greatest step that all intervals are multiples of; None if hardly any interval is one step."""
    step = int(np.gcd.reduce(intervals))
    return step if (intervals == step).mean() >= SEEN else None


def _composites(days: np.ndarray, length: int, calendar: str) -> Steps | None:
    """Composites of some days, the first of each year from 1 January on."""
    dates = cftime.num2date(days, EPOCH, calendar)
    year, place = np.array([date.year for date in dates]), np.array([date.dayofyr - 1 for date in dates])
    # A last day of a leap year may have a composite of its own.
    in_year = max(-(-(360 if calendar == "360_day" else 365) // length), place.max() // length + 1)
    number = in_year * year + place // length
    there = np.unique(days)
    whole = place // length < in_year - 1
    apart = np.unique(number).size == there.size and whole.any() and np.ptp(place[whole] % length) == 0
    if not apart or (np.diff(there) == length).mean() < SEEN:
        return None

    def starts(step: np.ndarray) -> np.ndarray:
        step = np.asarray(step)
        first = [cftime.datetime(int(n), 1, 1, calendar=calendar) for n in step // in_year]
        return np.asarray(cftime.date2num(first, EPOCH, calendar), float) + length * (step % in_year)

    return Steps(float(length), f"{length}day", number, starts)
