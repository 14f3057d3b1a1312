"""From the fields of a recipe to what is learned from: gaps put in, periods set apart."""

from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool

from esmlearn.data.field import Field
from esmlearn.data.gaps import simulate_gaps
from esmlearn.errors import DataError
from esmlearn.settings import GapSettings, SplitSettings, period_dates


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


def apply_gaps(field: Field, gaps: GapSettings, other: Field | None = None) -> Field:
    """Hide what the gap settings hide, always the same for the same field and seed.

    Parameters
    ----------
    field
        The observations, over the whole period of the recipe.
    gaps
        Where the gaps come from.
    other
        For kind `dataset`: the field whose gaps to take. Its days are matched in order, and start again at its end.

    Raises
    ------
    DataError
        If the other dataset has another grid, or if nothing is left to see.
    """
    if gaps.kind == "data":
        return field
    if gaps.kind == "dataset":
        if other is None or other.land.shape != field.land.shape:
            raise DataError(
                f"data.gaps.dataset '{gaps.dataset}' must be on the grid of the observations, {field.land.shape} cells;"
                " regrid both in the preprocessor."
            )
        hidden = ~other.observed[np.arange(len(field.dates)) % len(other.dates), 0]
    else:
        # Only clouds have a season.
        season: dict[str, Any] = {}
        if gaps.kind == "clouds":
            season["day_of_year"] = np.array([date.dayofyr for date in field.dates])
        shape = (len(field.dates), *field.land.shape)
        hidden = simulate_gaps(gaps.kind, *shape, share=gaps.share, seed=gaps.seed, **season)
    gappy = field.hide(hidden)
    if not gappy.observed.any():
        raise DataError(f"The gaps of kind '{gaps.kind}' hide everything; lower data.gaps.share.")
    return gappy


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
