"""What interval a value of a file stands for: by bounds, global attributes, or the name of the product."""

import math
import re
from pathlib import Path

import cf_units
import numpy as np
import xarray as xr
from jaxtyping import Float

from esmlearn.cubes.intervals import DAY, MONTH, bounds_of
from esmlearn.cubes.steps import EPOCH
from esmlearn.readers.axes import coverage

Bounds = Float[np.ndarray, "time 2"]

LONGEST = 32
"""Days that the longest composite covers; what a file covers beyond that are all times of an archive."""

SPILL = 0.35
"""Days by which the orbits of the last day may end in the next one: a composite of 8 days may cover 8.1."""

SHORTEST = 0.6
"""Days that a daily map covers at least; a shorter time is one of a pass, which belongs to its day anyway."""

ATTRIBUTES = ("time_coverage_resolution", "time_coverage_duration", "temporal_range", "product_name", "id", "title")
"""Global attributes that may name the interval, the most certain first; the name of the file comes after them."""

NAMED = (
    (MONTH, r"(?<![A-Za-z0-9])(P1M|R?MO|(1|one)[ _-]month|monthly|month)(?![A-Za-z0-9])"),
    ("7day", r"(?<![A-Za-z0-9])(P7D|weekly|week)(?![A-Za-z0-9])"),
    (DAY, r"(?<![A-Za-z0-9])P?R?(?P<days>\d{1,2})[ _-]?(D|days?)(?![A-Za-z0-9])"),
    (DAY, r"(?<![A-Za-z0-9])(daily|day|P24H)(?![A-Za-z0-9])"),
)
"""How products name their interval in attributes: 8D and R8D (NASA), P8D (ISO 8601), 8-day, weekly, MO, monthly."""

IN_FILE_NAMES = (
    (MONTH, r"[._]R?MO(?=[._]|$)"),
    (DAY, r"[._]R?(?P<days>\d{1,2})D(?=[._]|$)"),
    (DAY, r"[._]DAY(?=[._]|$)"),
)
"""The same in names of files, as NASA writes them; other names are of users, and may mean how many days a file has."""

ROLLING = r"(?<![A-Za-z0-9])R\d{1,2}D"
"""Composites around each day, which do not begin anew on 1 January."""


def find_bounds(
    path: Path, dataset: xr.Dataset, time: str | None, days: Float[np.ndarray, " time"], calendar: str
) -> Bounds | None:
    """Find the bounds of the times of a file, in days since 1850; None where the file does not tell them.

    Parameters
    ----------
    path, dataset
        The file.
    time
        Its variable of time, if it has one.
    days
        Times, since 1850.
    calendar
        Theirs.
    """
    own = None if time is None else dataset.get(str(dataset[time].attrs.get("bounds", "")))
    if own is not None and time is not None and own.size == 2 * days.size:
        unit = cf_units.Unit(str(dataset[time].attrs["units"]), calendar)
        edges = unit.convert(own.values.astype(float).reshape(-1, 2), cf_units.Unit(EPOCH, calendar))
        return edges if np.isfinite(edges).all() and (edges[:, 1] > edges[:, 0]).all() else None
    if days.size > 1:  # from one time to the next tells more than a name
        return None
    period = coverage(dataset)
    if period is not None and period[0] - 1 <= days[0] <= period[1] + 1:
        length = max(1, math.ceil(period[1] - period[0] - SPILL))
        if length > 1 and period[1] - period[0] <= LONGEST + SPILL:
            return np.floor(period[0]) + np.array([[0.0, length]])
        if length == 1 and period[1] - period[0] >= SHORTEST:
            return bounds_of(days, DAY, calendar=calendar)
    named = interval_named(path, dataset)
    return None if named is None else bounds_of(days, named[0], rolling=named[1], calendar=calendar)


def interval_named(path: Path, dataset: xr.Dataset) -> tuple[str, bool] | None:
    """Name of the interval of a product (`day`, `8day`, `mon`), and whether it rolls; None where nothing tells."""
    texts = [(str(dataset.attrs.get(name, "")), NAMED, re.IGNORECASE) for name in ATTRIBUTES]
    for text, patterns, flags in (*texts, (path.name, IN_FILE_NAMES, 0)):
        for name, pattern in patterns:
            if found := re.search(pattern, text, flags):
                count = int(found.groupdict().get("days") or 1)
                return (f"{count}day" if count > 1 else name), bool(re.search(ROLLING, text))
    return None
