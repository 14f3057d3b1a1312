"""Profiles of floats, ships and moorings, binned on levels, cells and days: Argo, EN4, World Ocean Database."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from iris.coords import AncillaryVariable, DimCoord
from iris.cube import Cube
from jaxtyping import Int

from esmlearn.errors import DataError, SettingsError
from esmlearn.files import visible
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.readers.profiles_argo import read_argo
from esmlearn.readers.profiles_bins import Bins, Errors, average, inside
from esmlearn.readers.profiles_en4 import read_en4
from esmlearn.readers.profiles_levels import LevelProfiles, interpolate
from esmlearn.readers.profiles_table import QUANTITIES, Profiles, join
from esmlearn.readers.profiles_times import bins_of, time_edges
from esmlearn.readers.profiles_withheld import check_sides, is_read
from esmlearn.readers.profiles_wod import read_wod
from esmlearn.settings.profiles import ProfileSettings
from esmlearn.settings.scripts import from_script

logger = logging.getLogger(__name__)

ARCHIVES = {
    "argo": ("PRES_ADJUSTED", read_argo),
    "en4": ("POTM_CORRECTED", read_en4),
    "wod": ("z_row_size", read_wod),
}
"""Archives of profiles, each with a variable that its files have and others lack, and its reader."""

ASSUMED = {"thetao": Errors(instrument=0.002, floor=0.1), "so": Errors(instrument=0.01, floor=0.02)}
"""Accuracy of delayed-mode Argo profiles (Wong et al. 2020, https://doi.org/10.3389/fmars.2020.00700), where files do
not say it; the floors are a choice."""

EPOCH = np.datetime64("1850-01-01", "D")


@dataclass(frozen=True)
class BinnedProfiles:
    """Profiles at levels with the bins that they fall in; averages are made part by part, so that they need not fit.

    Attributes
    ----------
    profiles
        Values at levels.
    places
        Row and column of each profile, -1 outside of the grid.
    grid
        Cells.
    edges
        First day of each bin of time, and the day after the last one, datetime64[D].
    settings
        How they were read.
    """

    profiles: LevelProfiles
    places: Int[np.ndarray, "profile 2"]
    grid: RectilinearGrid
    edges: np.ndarray
    settings: ProfileSettings

    def parts(self, size: int) -> Iterator[tuple[slice, Bins]]:
        """Averages of some bins after the other."""
        errors = assumed_errors(self.settings)
        n_bins = len(self.edges) - 1
        bins = bins_of(self.profiles.time.astype("datetime64[D]"), self.edges)
        for first in range(0, n_bins, size):
            count = min(size, n_bins - first)
            shape = (count, *self.grid.shape)
            yield slice(first, first + count), average(self.profiles, self.places, bins - first, shape, errors)


def read_profiles(files: Sequence[str | Path], *, grid: Cube | None = None, **settings: Any) -> Cube:
    """Read profiles of Argo, EN4 or the World Ocean Database as a cube of means on levels, cells and days.

    Parameters
    ----------
    files
        Of any of these archives; folders of them, too.
    grid
        A cube whose cells are taken; instead of `region` and `step`.
    **settings
        As of `ProfileSettings`: `levels` at least.

    Returns
    -------
    Cube
        `thetao` in degC or `so` in 0.001 with the dimensions time, depth, latitude, longitude; masked where nothing was
        measured. Ancillary variables are the standard error of each mean and the number of profiles in it.

    Raises
    ------
    DataError
        If there is no profile in the files, at the levels, or in the region.
    SettingsError
        If a setting is unknown or impossible.
    """
    index = ProfileIndex.of(files, from_script(ProfileSettings, settings), grid=grid)
    found = index.profiles(index.edges)
    ((_, bins),) = found.parts(len(found.edges))
    return _cube(found, bins)


@dataclass(frozen=True)
class ProfileIndex:
    """Which profiles there are in which files, so that those of a period can be read by themselves.

    Attributes
    ----------
    days
        Of each file, the days on which it has profiles in the region that reach a level.
    grid
        Cells.
    edges
        Of all bins of time, as of `BinnedProfiles`.
    settings
        How they are read.
    archive
        One of `ARCHIVES`; None for that of each file.
    """

    days: Mapping[Path, np.ndarray]
    grid: RectilinearGrid
    edges: np.ndarray
    settings: ProfileSettings
    archive: str | None

    @classmethod
    def of(
        cls,
        files: Sequence[str | Path],
        settings: ProfileSettings,
        *,
        grid: Cube | None = None,
        archive: str | None = None,
    ) -> "ProfileIndex":
        """Look at all files, one after the other; the errors are those of `read_profiles`."""
        paths, cells = _paths(files), _grid(settings, grid)
        days, all_days, places, total, counted = {}, [], [], 0, 0
        platforms: dict[str, bool] = {}
        for path in paths:
            table = _read(path, settings, archive)
            levels = _at_levels(table.without_doubles(), settings)
            within = (inside(levels.lat, levels.lon, cells) >= 0).all(axis=1)
            read = is_read(levels.platform, settings)
            # Bins are those of all floats, so that those of withheld ones are the same.
            all_days.append(levels.time[within].astype("datetime64[D]"))
            days[path] = np.unique(levels.time[within & read].astype("datetime64[D]"))
            places.append(np.stack([levels.lat, levels.lon]))
            platforms |= dict(zip(levels.platform[within].tolist(), read[within].tolist(), strict=True))
            total, counted = total + len(table.time), counted + int(within.sum())
        lat, lon = np.concatenate(places, axis=1)
        logger.info(
            "%d profiles in %d files: %d have values at the levels that count, %d of them in the region.",
            total, len(paths), len(lat), counted,
        )  # fmt: skip
        if not lat.size:
            raise DataError(
                f"No profile in {len(paths)} files has a value of {settings.variable} at the levels "
                f"{', '.join(f'{level:g}' for level in settings.levels)} m that counts; change the levels, max_gap or "
                "quality."
            )
        if not counted:
            raise DataError(
                f"None of the {lat.size} profiles lies in the region; they are at latitudes {lat.min():g} to "
                f"{lat.max():g}, longitudes {lon.min():g} to {lon.max():g}: change the region."
            )
        check_sides(platforms, settings)
        known = np.concatenate(all_days)
        return cls(days, cells, time_edges(known.min(), known.max(), settings), settings, archive)

    def files(self, edges: np.ndarray) -> list[Path]:
        """Those with profiles in some bins."""
        return [path for path, days in self.days.items() if ((days >= edges[0]) & (days < edges[-1])).any()]

    def profiles(self, edges: np.ndarray) -> BinnedProfiles:
        """Read the profiles of some bins; of those that come twice, the first one counts."""
        tables = [Profiles.none()]
        for path in self.files(edges):
            table = _read(path, self.settings, self.archive)
            tables.append(table.select((table.time >= edges[0]) & (table.time < edges[-1])))
        levels = _at_levels(join(tables).without_doubles(), self.settings)
        levels = levels.select(is_read(levels.platform, self.settings))
        places = inside(levels.lat, levels.lon, self.grid)
        return BinnedProfiles(levels, places, self.grid, edges, self.settings)


def _at_levels(table: Profiles, settings: ProfileSettings) -> LevelProfiles:
    """Interpolate profiles to the levels; those that reach none are left out."""
    levels = interpolate(table, np.array(settings.levels, float), max_gap=settings.max_gap)
    return levels.select(np.isfinite(levels.value).any(axis=1))


def assumed_errors(settings: ProfileSettings) -> Errors:
    """What is assumed of errors by the settings, by default of the variable."""
    default = ASSUMED[settings.variable]
    instrument, floor = settings.instrument_error, settings.floor
    return Errors(default.instrument if instrument is None else instrument, default.floor if floor is None else floor)


def archive_of(file: xr.Dataset) -> str | None:
    """Name of the archive that a file with profiles comes from; None for another file."""
    return next((name for name, (mark, _) in ARCHIVES.items() if mark in file), None)


def _paths(files: Sequence[str | Path]) -> list[Path]:
    """All files, those of folders in the order of their names."""
    found = [path for path in map(Path, files) for path in (visible(path, "**/*.nc") if path.is_dir() else [path])]
    if not found:
        raise DataError(f"There is no file of profiles in {', '.join(map(str, files)) or 'an empty list'}; name some.")
    return found


def _read(path: Path, settings: ProfileSettings, archive: str | None) -> Profiles:
    """Read the profiles of one file."""
    try:
        file = xr.open_dataset(path, decode_cf=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name} can't be read as netCDF ({error}); download it again.") from error
    with file:
        found = archive_of(file)
        if found is None or archive not in (None, found):
            wanted = archive or ", ".join(ARCHIVES)
            raise DataError(f"{path.name} is no file of profiles of {wanted}; name other files or the right source.")
        try:
            return ARCHIVES[found][1](file, settings.variable, settings.quality)
        except KeyError as error:
            raise DataError(f"{path.name} lacks {error.args[0]}, which its archive has; download it again.") from error


def _grid(settings: ProfileSettings, grid: Cube | None) -> RectilinearGrid:
    """Cells of a cube, or of the region and the step."""
    region, step = settings.region, settings.step
    if (grid is None) == (region is None):
        raise SettingsError("Profiles are binned on cells: give region and step, or a grid.")
    if region is None or step is None:
        return RectilinearGrid.of(grid)
    west, east, south, north = region
    n_lon, n_lat = ((width / step) for width in ((east - west - 1e-9) % 360 + 1e-9, north - south))
    if not all(np.isclose(number, round(number), atol=1e-3) and round(number) > 1 for number in (n_lon, n_lat)):
        raise SettingsError(f"region {region} does not hold two or more whole cells of {step:g} degrees.")
    return RectilinearGrid(
        *(first + step * (np.arange(round(n)) + 0.5) for first, n in ((south, n_lat), (west, n_lon)))
    )


def _cube(found: BinnedProfiles, bins: Bins) -> Cube:
    """Make a cube of averages with their standard errors and numbers."""
    variable, grid = found.settings.variable, found.grid
    edges = (found.edges - EPOCH).astype(float)
    time = (edges[:-1] + edges[1:]) / 2
    days = DimCoord(
        time,
        "time",
        var_name="time",
        units="days since 1850-01-01",
        bounds=np.stack([edges[:-1], edges[1:]], axis=1),
    )
    depth = DimCoord(found.profiles.levels, "depth", var_name="lev", units="m", attributes={"positive": "down"})
    lat = DimCoord(grid.lat, "latitude", var_name="lat", units="degrees", bounds=grid.lat_edges)
    lon = DimCoord(grid.unrolled, "longitude", var_name="lon", units="degrees", bounds=grid.lon_edges)
    names = QUANTITIES[variable]
    coords = [(axis, dim) for dim, axis in enumerate((days, depth, lat, lon))]
    mean = np.ma.masked_invalid(bins.mean.astype(np.float32))
    cube = Cube(mean, var_name=variable, dim_coords_and_dims=coords, **names)
    error = AncillaryVariable(
        np.ma.masked_invalid(bins.error.astype(np.float32)),
        standard_name=f"{names['standard_name']} standard_error",
        var_name=f"{variable}_standard_deviation",
        units="K" if variable == "thetao" else names["units"],
    )
    number = AncillaryVariable(
        bins.number.astype(np.int32),
        standard_name=f"{names['standard_name']} number_of_observations",
        var_name="number_of_observations",
        units="1",
    )
    for ancillary in (error, number):
        cube.add_ancillary_variable(ancillary, range(4))
    return cube
