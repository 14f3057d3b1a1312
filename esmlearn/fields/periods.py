"""Parts of a time axis: periods, and the roles that a split gives them."""

from itertools import pairwise

import numpy as np
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.settings import SplitSettings, period_dates


def check_daily(field: Field) -> None:
    """Refuse a time axis that is not one of days without a break.

    Raises
    ------
    DataError
        If a step is not one day; the message names where.
    """
    steps = np.array([(after - before).total_seconds() for before, after in pairwise(field.dates)])
    wrong = np.flatnonzero(np.abs(steps - 86_400) > 3_600)
    if wrong.size:
        before, after = field.dates[wrong[0]], field.dates[wrong[0] + 1]
        raise DataError(
            f"The data must be daily without a break, but {before:%Y-%m-%d} is followed by {after:%Y-%m-%d}; "
            "use a daily dataset, and put days that are missing in as masked ones."
        )


def select_period(field: Field, period: str) -> Field:
    """Cut out the days from START to END, both included.

    Raises
    ------
    DataError
        If the data have no day there.
    """
    chosen = _within(field, period)
    if not chosen.any():
        raise DataError(
            f"The data run from {field.dates[0]:%Y-%m-%d} to {field.dates[-1]:%Y-%m-%d} and have no day in {period}; "
            "change the period or the timerange of the dataset."
        )
    first, last = np.flatnonzero(chosen)[[0, -1]]
    return field[slice(int(first), int(last) + 1)]


def select_role(field: Field, split: SplitSettings, role: str) -> Field:
    """Cut out the period of a role, without the days that lie closer than the buffer to a role that is judged later.

    Training gives way to validation and test, validation gives way to test; the test period is never cut.
    """
    chosen = _within(field, getattr(split, role))
    roles = ("train", "validation", "test")
    for later in roles[roles.index(role) + 1 :]:
        taken = np.flatnonzero(_within(field, getattr(split, later)))
        if taken.size:
            days = np.array([(date - field.dates[0]).days for date in field.dates])
            first, last = days[taken[0]] - split.buffer_days, days[taken[-1]] + split.buffer_days
            chosen &= (days < first) | (days > last)
    if not chosen.any():
        raise DataError(
            f"The data run from {field.dates[0]:%Y-%m-%d} to {field.dates[-1]:%Y-%m-%d} and leave no day for "
            f"data.split.{role} ({getattr(split, role)}); change the split or the timerange of the dataset."
        )
    first, last = np.flatnonzero(chosen)[[0, -1]]
    return field[slice(int(first), int(last) + 1)]


def _within(field: Field, period: str) -> Bool[np.ndarray, " time"]:
    start, end = period_dates(period)
    return np.array([start <= date.strftime("%Y-%m-%d") <= end for date in field.dates])
