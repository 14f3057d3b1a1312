"""Selection of days: periods, and those of the roles of a split."""

from itertools import pairwise

import numpy as np
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.settings import SplitSettings, period_dates


def check_daily(field: Field) -> None:
    """Raise a DataError if a step of the time axis is not one day; the message names the first one."""
    if field.step_days != 1:
        raise DataError(
            f"The model needs daily data, but {field.like[0].name()} has a step of {field.step_days:.3g} days; use a"
            " baseline, which takes any regular step, or daily data."
        )
    steps = np.array([(after - before).total_seconds() for before, after in pairwise(field.dates)])
    wrong = np.flatnonzero(np.abs(steps - 86_400) > 3_600)
    if wrong.size:
        before, after = field.dates[wrong[0]], field.dates[wrong[0] + 1]
        raise DataError(
            f"The data must be daily without a break, but {before:%Y-%m-%d} is followed by {after:%Y-%m-%d}; "
            "use a daily dataset, and put days that are missing in as masked ones."
        )


def check_regular(field: Field, method: str) -> None:
    """Raise a DataError if a method needs a regular step that the time axis has not, or steps are missing."""
    if not field.regular:
        raise DataError(
            f"{method} needs times with a regular step and without a break, but those of {field.like[0].name()} have"
            " other steps; let missing steps be put in (data.input.times.missing: insert) and passes be merged, or"
            " leave this method out."
        )


def select_period(field: Field, period: str) -> Field:
    """Select the days from START to END, both included; a DataError if there is none."""
    return _cut(field, _within(field, period), f"have no day in {period}; change the period")


def select_role(field: Field, split: SplitSettings, role: str) -> Field:
    """Select the period of a role, without days closer than the buffer to the period of a later role.

    Training is cut near validation and test, validation near test; the test period is never cut. A DataError if no day
    is left.
    """
    chosen = _within(field, getattr(split, role))
    roles = ("train", "validation", "test")
    for later in roles[roles.index(role) + 1 :]:
        taken = np.flatnonzero(_within(field, getattr(split, later)))
        if taken.size:
            days = np.array([(date - field.dates[0]).days for date in field.dates])
            first, last = days[taken[0]] - split.buffer_days, days[taken[-1]] + split.buffer_days
            chosen &= (days < first) | (days > last)
    return _cut(field, chosen, f"leave no day for data.split.{role} ({getattr(split, role)}); change the split")


def _cut(field: Field, chosen: Bool[np.ndarray, " time"], problem: str) -> Field:
    """Select from the first chosen day to the last; the problem is the end of the message if there is none."""
    if not chosen.any():
        raise DataError(
            f"The data run from {field.dates[0]:%Y-%m-%d} to {field.dates[-1]:%Y-%m-%d} and {problem} or the timerange "
            "of the dataset."
        )
    first, last = np.flatnonzero(chosen)[[0, -1]]
    return field[slice(int(first), int(last) + 1)]


def _within(field: Field, period: str) -> Bool[np.ndarray, " time"]:
    start, end = period_dates(period)
    return np.array([start <= date.strftime("%Y-%m-%d") <= end for date in field.dates])
