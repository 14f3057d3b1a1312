"""Bounds of times that stand for a day, a month, or a composite of some days."""

import cftime
import numpy as np
from jaxtyping import Float

from esmlearn.cubes.steps import COMPOSITES, EPOCH

DAY, MONTH = "day", "mon"


def bounds_of(
    days: Float[np.ndarray, " time"], interval: str, *, rolling: bool = False, calendar: str = "standard"
) -> Float[np.ndarray, "time 2"]:
    """Bounds of times, in days since 1850, that stand for an interval each: `day`, `mon`, or such as `8day`.

    A day and a month are those of the calendar. A composite of 5, 8 or 16 days begins a multiple of them after 1
    January, if it does not roll, and is cut off at the end of the year; others lie around their time.

    >>> bounds_of(np.array([4.5]), "8day"), bounds_of(np.array([40.0]), "mon")
    (array([[0., 8.]]), array([[31., 59.]]))
    """
    dates = np.atleast_1d(cftime.num2date(days, EPOCH, calendar))
    if interval == DAY:
        return np.floor(days)[:, None] + np.array([0.0, 1.0])
    if interval == MONTH:
        first = [(date.year, date.month) for date in dates]
        following = [(year + month // 12, month % 12 + 1) for year, month in first]
        return np.stack([_starts(edge, calendar) for edge in (first, following)], axis=1)
    length = int(interval.removesuffix("day"))
    if rolling or length not in COMPOSITES:
        start = np.floor(days - length / 2 + 0.5)
        return start[:, None] + np.array([0.0, length])
    begin, end = (_starts([(date.year + more, 1) for date in dates], calendar) for more in (0, 1))
    start = begin + (days - begin) // length * length
    return np.stack([start, np.minimum(start + length, end)], axis=1)


def _starts(months: list[tuple[int, int]], calendar: str) -> np.ndarray:
    """Starts of months, in days since 1850."""
    dates = [cftime.datetime(year, month, 1, calendar=calendar) for year, month in months]
    return np.asarray(cftime.date2num(dates, EPOCH, calendar), float)
