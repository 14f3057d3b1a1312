"""Find time, depth, latitude and longitude of a variable, by CF attributes, else by the names that archives use."""

import re
from pathlib import Path

import cf_units
import cftime
import numpy as np
import xarray as xr

from esmlearn.errors import DataError
from esmlearn.settings.sources import SourceSettings

NAMES = {
    "time": ("time", "time_counter", "t", "date"),
    "depth": ("depth", "lev", "level", "zlev", "deptht", "z", "plev"),
    "lat": ("lat", "latitude", "nav_lat", "y"),
    "lon": ("lon", "longitude", "nav_lon", "x"),
}
STANDARD_NAMES = {"time": ("time",), "depth": ("depth",), "lat": ("latitude",), "lon": ("longitude",)}
UNITS = {"time": r" since ", "lat": r"^degrees?_?n(orth)?$", "lon": r"^degrees?_?e(ast)?$", "depth": "^$"}

EPOCH = "days since 1850-01-01"
SAME_AFTER_1582 = {"gregorian": "standard", "proleptic_gregorian": "standard"}


def find_axis(dataset: xr.Dataset, name: str, role: str, given: str | None) -> str | None:
    """Return the variable of an axis of `name`, such as its latitudes; None if there is none.

    An axis with one dimension goes before one with two: model output on a regular grid has both.
    """
    if given is not None:
        return given if given in dataset.variables else None
    dims = set(dataset[name].dims)
    fitting = [str(other) for other, axis in dataset.variables.items() if set(axis.dims) <= dims and other != name]
    fitting.sort(key=lambda other: (dataset[other].ndim > 1, dataset[other].ndim == 0))
    for test in (_has_standard_name, _has_units, _has_name):
        for other in fitting:
            if test(dataset, other, role):
                return other
    return None


def _has_standard_name(dataset: xr.Dataset, name: str, role: str) -> bool:
    usable = role != "time" or " since " in str(dataset[name].attrs.get("units", ""))
    return usable and dataset[name].attrs.get("standard_name") in STANDARD_NAMES[role]


def _has_units(dataset: xr.Dataset, name: str, role: str) -> bool:
    return bool(re.search(UNITS[role], str(dataset[name].attrs.get("units", "none")).lower()))


def _has_name(dataset: xr.Dataset, name: str, role: str) -> bool:
    return name.lower() in NAMES[role] and (role != "time" or "units" in dataset[name].attrs)


def find_times(
    path: Path, dataset: xr.Dataset, name: str, settings: SourceSettings
) -> tuple[np.ndarray, str, str | None]:
    """Return times as days since 1850, their calendar, and the dimension of time, if there is one.

    A file without a variable of time, such as a map of NASA's, has the middle of the period in its global attributes.

    Raises
    ------
    DataError
        If there is no time, or it can't be read as dates.
    """
    axis = find_axis(dataset, name, "time", settings.time)
    if axis is None:
        return np.array([_middle(path, dataset)]), "standard", None
    time = dataset[axis]
    calendar = str(time.attrs.get("calendar", "standard")).lower()
    try:
        unit = cf_units.Unit(str(time.attrs["units"]), calendar)
        numbers = np.atleast_1d(time.values).astype(float)
        days = unit.convert(numbers, cf_units.Unit(EPOCH, calendar))
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: its times `{axis}` can't be read as dates ({error}); give `time` in a mapping."
        ) from error
    if not np.isfinite(days).all() or np.abs(days).max() > 1e8:
        raise DataError(f"{path}: a time in `{axis}` is missing; get the file anew, or leave it out.")
    # Float32 times are days with hours at best; seconds that they seem to have are noise.
    days = np.round(days, 3) if time.dtype == np.float32 else days
    return days, SAME_AFTER_1582.get(calendar, calendar), str(time.dims[0]) if time.ndim else None


def coverage(dataset: xr.Dataset) -> tuple[float, float] | None:
    """Return begin and end of the period of a file by its global attributes, days since 1850; None without them."""
    ends = []
    for keys in (("time_coverage_start", "start_time", "start_date"), ("time_coverage_end", "stop_time", "stop_date")):
        text = next((str(dataset.attrs[key]) for key in keys if key in dataset.attrs), "")
        day = parse_date(text)
        if day is None:
            return None
        ends.append(day)
    return ends[0], ends[1]


def parse_date(text: str) -> float | None:
    """Read a date such as 2022-06-05T00:35:08.000Z, 20190821T174811Z or 200505010000Z, as days since 1850.

    >>> parse_date("18500102T120000Z")
    1.5
    """
    digits = re.sub(r"\D", "", text.split(".")[0])
    if len(digits) < 8:
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = (int(digits[start : start + 2] or 0) for start in (8, 10, 12))
    try:
        date = cftime.datetime(year, month, day, hour, minute, second, calendar="standard")
    except ValueError:
        return None
    return float(cftime.date2num(date, EPOCH))


def _middle(path: Path, dataset: xr.Dataset) -> float:
    period = coverage(dataset)
    if period is None:
        raise DataError(
            f"{path} has no time, neither as a variable with units nor in the attributes time_coverage_start and "
            "time_coverage_end; give `time` in a mapping, or put the time in."
        )
    return (period[0] + period[1]) / 2
