"""Matching of the times of two fields by their dates."""

from collections import Counter
from typing import Any

import numpy as np
from jaxtyping import Int

from esmlearn.errors import DataError
from esmlearn.fields.field import Field


def match_times(given: Field, wanted: Field, *, names: tuple[str, str]) -> Int[np.ndarray, " time"]:
    """Indices of the times of the wanted field in the given one.

    A DataError with their names if a time is missing, or the given field has several times for one of them: which of
    them is meant, or their mean, is for the recipe to say.

    Daily data match by their date, whatever their hour; sub-daily data by date and hour, monthly data by their month.
    """

    def key(date: Any) -> tuple[int, ...]:
        return (date.year, date.month) if wanted.frequency == "mon" else time_key(date, hourly=wanted.step_days < 1)

    keys = [key(date) for date in given.dates]
    places = {found: index for index, found in enumerate(keys)}
    count = Counter(keys)
    missing = [date for date in wanted.dates if key(date) not in places]
    if missing:
        raise DataError(
            f"The {names[0]} lacks {len(missing)} of the {len(wanted.dates)} dates of the {names[1]}, the first of "
            f"them {missing[0]:%Y-%m-%d}; give both the same timerange."
        )
    several = [date for date in wanted.dates if count[key(date)] > 1]
    if several:
        statistics = "monthly" if wanted.frequency == "mon" else "hourly" if wanted.step_days < 1 else "daily"
        raise DataError(
            f"The {names[0]} has {count[key(several[0])]} times for {several[0]:%Y-%m-%d} of the {names[1]}, which has "
            f"one; give the mean of them, as by `{statistics}_statistics` in the preprocessor."
        )
    return np.array([places[key(date)] for date in wanted.dates])


def time_key(date: Any, *, hourly: bool) -> tuple[int, ...]:
    """Date, and hour of sub-daily data, in any calendar."""
    return date.year, date.month, date.day, date.hour if hourly else 0
