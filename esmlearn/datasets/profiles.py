"""Profiles of Argo, EN4 and the World Ocean Database, written as OBS6 files that recipes can name."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
from netCDF4 import Dataset, Variable

from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.datasets.years import INPUTS, ONE_DAY, hash_of, is_made_of, outdated, years_of
from esmlearn.readers.profiles import BinnedProfiles, ProfileIndex
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

logger = logging.getLogger(__name__)


def format_profiles(
    archive: str,
    files: Sequence[Path],
    output: Path,
    settings: ProfileSettings,
    *,
    dataset: str | None = None,
    version: str = "1",
) -> list[Path]:
    """Write means of profiles on levels, cells and days or months as OBS6, one file a year.

    The profiles of a year are in memory at once. A year whose file is there, made from the same files with the same
    settings, is not written again; a year without any profile is there as missing.

    Parameters
    ----------
    archive
        One of `DATASETS`.
    files
        Files of this archive; folders of them, too.
    output
        Folder where ESMValCore looks for OBS6 data.
    settings
        Variable, levels, region, days or months.
    dataset, version
        Names in recipes; default: that of the archive.

    Returns
    -------
    list of pathlib.Path
        The files of all years, whether they were written now or before.

    Raises
    ------
    DataError
        If the files hold no such profiles, or the folder has files of the dataset with another origin or region.
    """
    index = ProfileIndex.of(files, settings, archive=archive)
    obs6 = Obs6(dataset or DATASETS[archive][0], "insitu", version, settings.variable, _mip(settings))
    starts = index.edges[:-1]
    written = []
    for year, following in years_of(starts[0], starts[-1]):
        places = np.flatnonzero((starts >= year) & (starts < following))
        if places.size:  # bins of more than a year leave some out
            written.append(_write_year(archive, index, obs6, output, index.edges[places[0] : places[-1] + 2]))
    return written


def _write_year(archive: str, index: ProfileIndex, obs6: Obs6, output: Path, edges: np.ndarray) -> Path:
    """Write the bins of a year, unless they are there."""
    settings, grid = index.settings, index.grid
    path = obs6.path(output, edges[0], edges[-1] - ONE_DAY)
    inside = index.files(edges)
    inputs = hash_of(inside, archive, settings, edges[0], edges[-1])
    replaced = outdated(path, grid.lat, grid.lon, edges[0], edges[-1] - ONE_DAY)
    if is_made_of(path, inputs):
        logger.info("%s is there already, made from the same files.", path)
        return path
    _, title, source, licence = DATASETS[archive]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    step = "mon" if settings.monthly else "day" if settings.days == 1 else f"{24 * settings.days}hr"
    about = {
        "title": f"{obs6.dataset}: {title}, means of profiles on levels, cells and {_bins(settings)}",
        "source": source,
        "license": licence,
        "history": f"{now}: made by esmlearn (esmvaltool learn format {archive}) with {settings.model_dump_json()}",
        **_said_by(next(iter(index.days))),
        "frequency": step,
        INPUTS: inputs,
    }
    depths = dict(zip(settings.levels, _bounds(settings.levels), strict=True))
    with obs6.write(
        path,
        edges[:-1],
        grid.lat,
        grid.unrolled,
        about=about,
        depths=depths,
        days_in_chunk=DAYS_IN_CHUNK,
        step_days=settings.days,
        monthly=settings.monthly,
    ) as variable:
        _fill(variable, index.profiles(edges))
    for old in replaced:
        old.unlink()
    logger.info("Wrote %s.", path)
    return path


def _mip(settings: ProfileSettings) -> str:
    return "Omon" if settings.monthly else "Oday"


def _bins(settings: ProfileSettings) -> str:
    return "months" if settings.monthly else f"{settings.days} days"


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
