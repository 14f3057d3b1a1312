"""Times of two fields, matched by their dates."""

from typing import Any

import numpy as np
from jaxtyping import Int

from esmlearn.errors import DataError
from esmlearn.fields.field import Field


def match_times(given: Field, wanted: Field, *, names: tuple[str, str]) -> Int[np.ndarray, " time"]:
    """Indices of the times of one field in another.

    Days match by their date, whatever the hour that stands for them; times of sub-daily data by the hour too.

    Parameters
    ----------
    given, wanted
        The field to take times from, and the one whose times are wanted.
    names
        What to call them in an error.

    Raises
    ------
    DataError
        If a time is missing.
    """
    hourly = wanted.step_days < 1
    places = {time_key(date, hourly=hourly): index for index, date in enumerate(given.dates)}
    missing = [date for date in wanted.dates if time_key(date, hourly=hourly) not in places]
    if missing:
        raise DataError(
            f"The {names[0]} lacks {len(missing)} of the {len(wanted.dates)} dates of the {names[1]}, the first of "
            f"them {missing[0]:%Y-%m-%d}; give both the same timerange."
        )
    return np.array([places[time_key(date, hourly=hourly)] for date in wanted.dates])


def time_key(date: Any, *, hourly: bool) -> tuple[int, ...]:
    """What a time is told by, in any calendar."""
    day = (date.year, date.month, date.day)
    return (*day, date.hour) if hourly else day
