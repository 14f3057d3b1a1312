"""Matching of the times of two fields by the intervals that they stand for."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int

from esmlearn.cubes.steps import interval_days
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.words import frequency_words

SHORTER = 0.6
"""Values over less than this share of an interval are no means over it; months have different lengths."""


def match_times(given: Field, wanted: Field, *, names: tuple[str, str]) -> Int[np.ndarray, " time"]:
    """Indices of the times of the wanted field in the given one.

    Daily data match by their date, whatever their hour; sub-daily data by date and hour, monthly data by their month.

    Raises
    ------
    DataError
        With the names of both, if a time is missing, if values of the given field are means over shorter times (one of
        them is not the mean of an interval), or if several are of one time: which is meant is for the recipe to say.
    """

    def key(date: Any) -> tuple[int, ...]:
        return (date.year, date.month) if wanted.frequency == "mon" else time_key(date, hourly=wanted.step_days < 1)

    if interval(given) < SHORTER * interval(wanted):
        raise DataError(
            f"The {names[0]} is {frequency_words(given.frequency)}, the {names[1]} "
            f"{frequency_words(wanted.frequency)}: average both over the same times in the preprocessor "
            "(daily_statistics, monthly_statistics, resample_time)."
        )
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


def at_times(given: Field, wanted: Field, *, names: tuple[str, str]) -> Field:
    """Take the times of another field: those of `match_times`, or means over its intervals of what is known there."""
    length = interval(wanted)
    if interval(given) >= SHORTER * length:
        return given[match_times(given, wanted, names=names)]
    first = np.array([(date - given.dates[0]).total_seconds() / 86_400 for date in wanted.dates]) - length / 2
    found = [np.flatnonzero((given.days >= start) & (given.days < start + length)) for start in first]
    empty = [date for date, times in zip(wanted.dates, found, strict=True) if not times.size]
    if empty:
        raise DataError(
            f"The {names[0]} has no time in {len(empty)} of the {len(wanted.dates)} intervals of the {names[1]}, the "
            f"first of them around {empty[0]:%Y-%m-%d}; give both the same timerange."
        )
    counts = np.stack([given.observed[times].sum(axis=0) for times in found])
    sums = np.stack([np.where(given.observed[times], given.values[times], 0).sum(axis=0) for times in found])
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)
    times = np.array([times[times.size // 2] for times in found])
    return replace(given[times], values=means, observed=counts > 0)


def interval(field: Field) -> float:
    """Days that a value is the mean of: as its bounds say, else one step, and that of a day for single days."""
    known = interval_days(field.like[0].coord("time"))
    if known is not None:
        return known
    return 1.0 if field.frequency == "day" else field.step_days


def time_key(date: Any, *, hourly: bool) -> tuple[int, ...]:
    """Date, and hour of sub-daily data, in any calendar."""
    return date.year, date.month, date.day, date.hour if hourly else 0
