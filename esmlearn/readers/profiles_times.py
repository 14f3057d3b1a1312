"""Bins of time that profiles fall in: so many days each, or calendar months."""

import numpy as np
from jaxtyping import Int

from esmlearn.errors import SettingsError
from esmlearn.settings.profiles import ProfileSettings

ONE_MONTH = np.timedelta64(1, "M")


def time_edges(first: np.datetime64, last: np.datetime64, settings: ProfileSettings) -> np.ndarray:
    """First day of each bin from the one that the first day falls in to that of the last day, and the day after it.

    Raises
    ------
    SettingsError
        If the first day is before the start that is set.
    """
    year = first.astype("datetime64[Y]").astype("datetime64[D]")
    origin = year if settings.start is None else np.datetime64(settings.start, "D")
    if first < origin:
        raise SettingsError(f"start is {origin}, but the first profile is of {first}; set an earlier start.")
    if settings.monthly:
        months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 2 * ONE_MONTH)
        return months.astype("datetime64[D]")
    start = origin + (first - origin) // settings.days * settings.days
    return start + np.arange((last - start) // np.timedelta64(settings.days, "D") + 2) * settings.days


def bins_of(days: np.ndarray, edges: np.ndarray) -> Int[np.ndarray, " profile"]:
    """Bin of each day; -1, or the number of bins, outside of all.

    >>> edges = np.array(["2000-01-01", "2000-02-01", "2000-03-01"], "M8[D]")
    >>> bins_of(np.array(["2000-01-31", "2000-02-01", "2000-03-01"], "M8[D]"), edges)
    array([0, 1, 2])
    """
    return np.searchsorted(edges, days, side="right") - 1
