"""Profiles of Argo, EN4 and the World Ocean Database, written as OBS6 files that recipes can name."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
from netCDF4 import Dataset, Variable

from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.errors import DataError
from esmlearn.files import visible
from esmlearn.readers.profiles import BinnedProfiles, bin_profiles
from esmlearn.settings.profiles import ProfileSettings

DATASETS = {
    "argo": ("ARGO", "Argo floats", "https://doi.org/10.17882/42182", "CC BY 4.0"),
    "en4": ("EN4", "EN4, Met Office Hadley Centre", "https://doi.org/10.1002/2013JC009067", "non-commercial use"),
    "wod": ("WOD", "World Ocean Database", "https://doi.org/10.25923/z885-h264", "public domain"),
}
"""Name of the dataset, title, source and licence of each archive."""

BLOCK_BYTES = 100_000_000
"""Size of the values that are averaged at once."""

DAYS_IN_CHUNK = 16

ONE_DAY = np.timedelta64(1, "D")


def format_profiles(
    archive: str,
    files: Sequence[Path],
    output: Path,
    settings: ProfileSettings,
    *,
    dataset: str | None = None,
    version: str = "1",
) -> Path:
    """Write means of profiles on levels, cells and days as a file of OBS6 data.

    Parameters
    ----------
    archive
        One of `DATASETS`.
    files
        Files of this archive; folders of them, too.
    output
        Folder where ESMValCore looks for OBS6 data.
    settings
        Variable, levels, region, days.
    dataset, version
        Names in recipes; default: that of the archive.

    Raises
    ------
    DataError
        If the files hold no such profiles, or the folder already has a file of the dataset with another period.
    """
    found = bin_profiles(files, settings, archive=archive)
    name, title, source, licence = DATASETS[archive]
    obs6 = Obs6(dataset or name, "insitu", version, settings.variable)
    edges = found.edges
    path = obs6.path(output, edges[0], edges[-1] - ONE_DAY)
    others = {*visible(path.parent, f"{path.name.rsplit('_', 1)[0]}_*.nc")} - {path}
    if others:
        raise DataError(f"{min(others)} holds the same dataset; remove it, or give this one another name or version.")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {
        "title": f"{obs6.dataset}: {title}, means of profiles on levels, cells and {settings.days} days",
        "source": source,
        "license": licence,
        "history": f"{now}: made by esmlearn (esmvaltool learn format {archive}) with {settings.model_dump_json()}",
        **_said_by(found.files[0]),
        "frequency": "day" if settings.days == 1 else f"{24 * settings.days}hr",
    }
    depths = dict(zip(settings.levels, _bounds(settings.levels), strict=True))
    with obs6.write(
        path,
        edges[:-1],
        found.grid.lat,
        found.grid.unrolled,
        about=about,
        depths=depths,
        days_in_chunk=DAYS_IN_CHUNK,
        step_days=settings.days,
    ) as variable:
        _fill(variable, found)
    return path


def _said_by(path: Path) -> dict[str, str]:
    """What a file says of its own source and licence, which is more than what is known of its archive."""
    with Dataset(path) as file:
        own = {key: str(file.getncattr(key)) for key in ("source", "license") if key in file.ncattrs()}
        title = str(getattr(file, "title", ""))
    return own | ({"comment": f"Made of files with the title: {title}"} if title else {})


def _bounds(levels: Sequence[float]) -> list[tuple[float, float]]:
    """Bounds of levels: half-way between them; the outermost reach as far out as in, but not above the surface.

    >>> _bounds([5.0, 16.0])
    [(0.0, 10.5), (10.5, 21.5)]
    """
    between = [(upper + lower) / 2 for upper, lower in pairwise(levels)]
    edges = [max(0.0, 2 * levels[0] - between[0]), *between, 2 * levels[-1] - between[-1]] if between else []
    return list(pairwise(edges or [0.0, 2 * levels[0]]))


def _fill(variable: Variable, found: BinnedProfiles) -> None:
    """Write the means, and beside them their standard errors and numbers as ancillary variables."""
    file, name = variable.group(), variable.name
    axes = variable.dimensions
    chunks = [1 if axis == "lev" else len(file.dimensions[axis]) for axis in axes]
    chunks[0] = min(DAYS_IN_CHUNK, chunks[0])

    def beside(key: str, kind: str) -> Variable:
        fill = FILL if kind == "f4" else None
        return file.createVariable(key, kind, axes, fill_value=fill, zlib=True, complevel=1, chunksizes=chunks)

    error, number = beside(f"{name}_standard_deviation", "f4"), beside("number_of_observations", "i4")
    units = "K" if name == "thetao" else variable.units
    error.setncatts({"standard_name": f"{variable.standard_name} standard_error", "units": units})
    number.setncatts({"standard_name": f"{variable.standard_name} number_of_observations", "units": "1"})
    variable.ancillary_variables = f"{error.name} {number.name}"
    size = max(1, BLOCK_BYTES // (8 * len(found.settings.levels) * found.grid.lat.size * found.grid.lon.size))
    for times, bins in found.parts(size):
        variable[times] = np.where(bins.number > 0, bins.mean, FILL)
        error[times] = np.where(bins.number > 0, bins.error, FILL)
        number[times] = bins.number
