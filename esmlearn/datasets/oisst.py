"""Write NOAA's daily OISST as OBS6 files that ESMValCore finds like any other data.

Three layouts are read: NOAA's own files of one day (``oisst-avhrr-v02r01.YYYYMMDD.nc``), the yearly files of NOAA's
Physical Sciences Laboratory (``sst.day.mean.YYYY.nc``), and any netCDF cut out of them that kept ``sst`` on time,
latitude and longitude. ESMValTool has no CMORizer for OISST; the name follows its ``NOAA-ERSSTv5``.

Huang et al. (2021), doi:10.1175/JCLI-D-20-0166.1.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cf_units
import numpy as np
from netCDF4 import Dataset, Variable, num2date

from esmlearn.cubes.units import convert, read_units
from esmlearn.datasets.obs6 import EPOCH, FILL, Obs6
from esmlearn.errors import DataError
from esmlearn.files import visible
from esmlearn.grids.grid import same_places

ONE_DAY = np.timedelta64(1, "D")

AXES = {"time": "time", "lat": "lat", "latitude": "lat", "lon": "lon", "longitude": "lon"}
"""Names of dimensions in the input, and ours."""

POSSIBLE = (-5.0, 50.0)
"""Range of temperatures, degC; values outside of it have wrong units."""


@dataclass(frozen=True)
class Source:
    """An input file: consecutive days, rising latitudes, and rising longitudes from 0 on, degrees.

    `columns` are the indices that bring the columns of the file into the order of `lon`; `descends` is whether its rows
    run from north to south.
    """

    path: Path
    days: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    columns: np.ndarray
    descends: bool
    units: cf_units.Unit
    version: str


def format_oisst(
    files: Iterable[Path], folder: Path, *, version: str | None = None, block_bytes: int = 64_000_000
) -> list[Path]:
    """Write OBS6 `tos` as the CMIP6 table Oday requires, one file for each year.

    Parameters
    ----------
    files
        Input files in any order; a folder stands for all ``.nc`` files in and below it.
    folder
        Where ESMValCore looks for OBS6 data; the files go to ``Tier2/NOAA-OISST`` below.
    version
        Version of the dataset in the names of the files; default: the one in the input.
    block_bytes
        Size of the part of the input that is in memory at once.

    Returns
    -------
    list of pathlib.Path
        The files that were written.

    Raises
    ------
    DataError
        If a file is missing or is no daily OISST, if the files have different grids, if days are missing or doubled,
        or if the folder has other files of another region or with some of the same days.
    """
    sources = sorted(map(_read_source, _all_files(files)), key=lambda source: source.days[0])
    if not sources:
        raise DataError("There is nothing to format; name the files of OISST, or the folder that they are in.")
    for source, following in itertools.pairwise(sources):
        _check_next(source, following)
    # PSL's files keep the title of version 2 up to 2015, from where on version 2.1 differs; together they are 2.1.
    version = version or max(source.version for source in sources)
    days = np.concatenate([source.days for source in sources])
    oisst = Obs6("NOAA-OISST", "sat", version, "tos")
    years = days.astype("datetime64[Y]")
    products = {}
    for year in np.unique(years):
        chosen = days[years == year]
        products[oisst.path(folder, chosen[0], chosen[-1])] = chosen
    any_period = oisst.path(folder, "*", "*")
    for other in visible(any_period.parent, any_period.name):
        _check_neighbour(other, sources[0], None if other in products else days)
    lat, lon = sources[0].lat, sources[0].lon
    days_in_chunk = max(1, 4_000_000 // (4 * lat.size * lon.size))
    for path, chosen in products.items():
        inside = [source for source in sources if source.days[-1] >= chosen[0] and source.days[0] <= chosen[-1]]
        about = _attributes(version, inside)
        with oisst.write(path, chosen, lat, lon, about=about, days_in_chunk=days_in_chunk) as tos:
            for start, values in _blocks(inside, chosen, block_bytes):
                tos[start : start + len(values)] = values
    return list(products)


def _all_files(files: Iterable[Path]) -> Iterator[Path]:
    """Replace each folder by the files in and below it."""
    for path in map(Path, files):
        yield from visible(path, "**/*.nc") if path.is_dir() else [path]


def _read_source(path: Path) -> Source:
    """Read all about a file but the values."""
    if not path.is_file():
        raise DataError(f"There is no file {path}; check the name.")
    try:
        with Dataset(path) as file:
            return _describe(path, file)
    except OSError as error:
        raise DataError(f"{path} can't be read as netCDF ({error}); get it anew.") from error


def _describe(path: Path, file: Dataset) -> Source:
    if "sst" not in file.variables:
        there = ", ".join(file.variables) or "no variable"
        raise DataError(f"{path} has no variable `sst`, but {there}; give daily files of OISST.")
    sst = file["sst"]
    names = {AXES[name]: name for name in sst.dimensions if name in AXES}
    rest = [name for name in sst.dimensions if name not in AXES and len(file.dimensions[name]) > 1]
    if list(names) != ["time", "lat", "lon"] or rest or not set(names.values()) <= set(file.variables):
        raise DataError(
            f"{path}: `sst` has the dimensions {', '.join(sst.dimensions)}, but needs time, lat, lon, each with a "
            "coordinate; give daily files of OISST."
        )
    lat, lon = (np.ma.filled(file[names[axis]][:], np.nan).astype(float) for axis in ("lat", "lon"))
    lon, columns = _from_zero(lon)
    names_of_version = " ".join(str(getattr(file, key, "")) for key in ("title", "id")) + path.name
    return Source(
        path=path,
        days=_read_days(path, file[names["time"]]),
        lat=np.sort(lat),
        lon=lon,
        columns=columns,
        descends=bool(lat[0] > lat[-1]),
        units=_read_units(path, getattr(sst, "units", "")),
        version="v2.1" if re.search(r"(?i)version 2\.1|v02r01|v2\.1", names_of_version) else "v2",
    )


def _read_days(path: Path, time: Variable) -> np.ndarray:
    """Read the days of a file; the hour of its times does not matter."""
    try:
        dates = np.array(num2date(time[:], time.units, getattr(time, "calendar", "standard")), ndmin=1)
    except (AttributeError, ValueError) as error:
        raise DataError(f"{path}: the times can't be read as dates ({error}); get the file anew.") from error
    if not len(dates):
        raise DataError(f"{path} holds no day; leave it out.")
    seconds = np.array([(date - dates[0]).total_seconds() for date in dates])
    days = np.array([f"{date.year:04d}-{date.month:02d}-{date.day:02d}" for date in dates], dtype="datetime64[D]")
    steps = np.diff(seconds) / 86400
    if len(steps) and not np.isclose(np.median(steps), 1):
        raise DataError(f"{path} is not daily: its times are {np.median(steps):g} days apart; give the daily files.")
    for day, step in zip(days, np.diff(days), strict=False):
        if step < ONE_DAY:
            raise DataError(f"{path} holds {day} twice, or goes back in time after it; get the file anew.")
        if step > ONE_DAY:
            raise DataError(f"{path} lacks {_days_between(day, day + step)}; get the file anew.")
    return days


def _read_units(path: Path, name: str) -> cf_units.Unit:
    """Read the units of the temperature."""
    wish = "OISST is in degrees Celsius, so check where the file comes from"
    if not name:
        raise DataError(f"{path}: `sst` has no units; {wish}.")
    units = read_units(name, temperature=True)
    if not units.is_convertible("degC"):
        raise DataError(f"{path}: `sst` is in '{name}', which does not convert to degC; {wish}.")
    return units


def _from_zero(lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rising longitudes, 0 to 360 or, for a region across the meridian of Greenwich, beyond; and their order."""
    columns = np.argsort(lon % 360)
    turned = (lon % 360)[columns]
    if np.allclose(np.diff(turned), np.diff(turned)[:1], atol=1e-3):
        return turned, columns
    return lon - 360 * np.floor(lon[0] / 360), np.arange(len(lon))


def _check_next(source: Source, following: Source) -> None:
    """Check that a file has the grid of the one before it, and begins with the next day."""
    if not same_places((source.lat, source.lon), (following.lat, following.lon)):
        raise DataError(f"{following.path} has another grid than {source.path}; format each region on its own.")
    last, first = source.days[-1], following.days[0]
    if first <= last:
        raise DataError(
            f"{source.path} and {following.path} both hold {first}; leave one of them out "
            "(of a preliminary and a final file, the preliminary one)."
        )
    if first > last + ONE_DAY:
        raise DataError(
            f"Between {source.path} and {following.path} the files lack {_days_between(last, first)}; get them too."
        )


def _check_neighbour(other: Path, source: Source, days: np.ndarray | None) -> None:
    """Check that a file that is there already has the same region and none of the days: ESMValCore would join them."""
    with Dataset(other) as file:
        same = same_places((file["lat"][:], file["lon"][:]), (source.lat, source.lon))
        first, last = EPOCH + np.floor(np.ma.filled(file["time"][[0, -1]])).astype(int)
    if not same:
        raise DataError(f"{other} holds another region; format this one into another folder, or remove that file.")
    if days is not None and first <= days[-1] and last >= days[0]:
        raise DataError(f"{other} holds some of the same days; remove it, and format its days together with these.")


def _days_between(last: np.datetime64, first: np.datetime64) -> str:
    """Describe the days between two days.

    >>> _days_between(np.datetime64("1999-12-30"), np.datetime64("2000-01-02"))
    '2 days from 1999-12-31 on'
    """
    count = int((first - last) / ONE_DAY) - 1
    return f"the day {last + ONE_DAY}" if count == 1 else f"{count} days from {last + ONE_DAY} on"


def _blocks(sources: list[Source], days: np.ndarray, block_bytes: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the values of consecutive days in blocks, each with the index of its first day; missing is `FILL`."""
    for source in sources:
        wanted = np.flatnonzero((source.days >= days[0]) & (source.days <= days[-1]))
        size = max(1, block_bytes // (8 * source.lat.size * source.lon.size))
        with Dataset(source.path) as file:
            sst = file["sst"]
            for first in range(wanted[0], wanted[-1] + 1, size):
                block = slice(first, min(first + size, wanted[-1] + 1))
                index = tuple(
                    block if AXES.get(d) == "time" else slice(None) if d in AXES else 0 for d in sst.dimensions
                )
                values = np.ma.filled(sst[index].astype(float), np.nan)
                yield int((source.days[first] - days[0]) / ONE_DAY), _in_order(source, values)


def _in_order(source: Source, values: np.ndarray) -> np.ndarray:
    """Convert values to degC, and order rows from south to north and columns from west to east."""
    values = convert(values, source.units, "degC", name=f"{source.path}: `sst`")
    seen = values[np.isfinite(values)]
    if seen.size and not POSSIBLE[0] < seen.min() <= seen.max() < POSSIBLE[1]:
        raise DataError(
            f"{source.path}: `sst` would run from {seen.min():.4g} to {seen.max():.4g} degC; its units "
            f"'{source.units}' must be wrong."
        )
    rows = slice(None, None, -1) if source.descends else slice(None)
    return np.where(np.isfinite(values), values, FILL)[:, rows][..., source.columns].astype(np.float32)


def _attributes(version: str, sources: list[Source]) -> dict[str, str]:
    """Attributes of a file that is made from these sources."""
    names = sources[0].path.name if len(sources) == 1 else f"{sources[0].path.name} to {sources[-1].path.name}"
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "title": f"NOAA 1/4 degree daily Optimum Interpolation Sea Surface Temperature (OISST) {version}, AVHRR",
        "institution": "NOAA National Centers for Environmental Information",
        "source": "https://www.ncei.noaa.gov/products/optimum-interpolation-sst",
        "reference": "Huang et al. (2021), doi:10.1175/JCLI-D-20-0166.1; "
        "Reynolds et al. (2007), doi:10.1175/2007JCLI1824.1",
        "license": "Public domain: a work of the United States government, free to use; please cite the reference",
        "comment": "An analysis without gaps: where no satellite, ship or buoy saw the ocean, it was interpolated",
        "history": f"{now}: made of {names} by esmlearn (esmvaltool learn format-oisst)",
        "frequency": "day",
    }
