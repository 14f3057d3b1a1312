"""One file a year, made again only if its inputs changed: what makes `esmvaltool learn format` resumable."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float
from netCDF4 import Dataset

from esmlearn.errors import DataError
from esmlearn.files import visible
from esmlearn.grids.grid import same_places

INPUTS = "esmlearn_inputs"
"""Attribute of a file: a hash of what it was made from."""

ONE_DAY, ONE_MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")


def years_of(first: np.datetime64, last: np.datetime64) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """First days of all years between two days, and of the next ones: a year without data is there as missing."""
    years = np.arange(first.astype("datetime64[Y]"), last.astype("datetime64[Y]") + 2).astype("datetime64[D]")
    yield from pairwise(years)


def last_day_of_month(date: np.datetime64) -> np.datetime64:
    """Last day of the month of a date."""
    return (date.astype("datetime64[M]") + ONE_MONTH).astype("datetime64[D]") - ONE_DAY


def hash_of(paths: Sequence[Path], *settings: object) -> str:
    """Return a short hash of the files and settings that an output is made from."""
    known = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(json.dumps([known, *map(repr, settings)]).encode()).hexdigest()[:16]


def is_made_of(path: Path, inputs: str) -> bool:
    """Whether a file is there and was made from the same files with the same settings."""
    if not path.exists():
        return False
    with Dataset(path) as file:
        return bool(getattr(file, INPUTS, None) == inputs)


def outdated(
    path: Path, lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"], first: object, last: object
) -> list[Path]:
    """Return files of an earlier call that hold a part of this period.

    Parameters
    ----------
    path
        The new file.
    lat, lon
        Its cells.
    first, last
        Its period, ``YYYY-MM-DD``.

    Raises
    ------
    DataError
        If such a file is of other origin, or one of the dataset has another region.
    """
    old = []
    for other in visible(path.parent, f"{path.name.rsplit('_', 1)[0]}_*.nc"):
        begin, end = other.stem.rsplit("_", 1)[1].split("-")
        overlaps = begin <= str(last).replace("-", "") and end >= str(first).replace("-", "")
        with Dataset(other) as file:
            places = np.sort(file["lat"][:]), np.sort(file["lon"][:] % 360)
            ours = hasattr(file, INPUTS)
        if not same_places(places, (np.sort(lat), np.sort(lon % 360))) and not (ours and overlaps):
            raise DataError(
                f"{other} holds another region; give this one another name or version, or remove that file."
            )
        if overlaps and not ours:
            raise DataError(
                f"{other} holds some of the same days; remove it, or give this one another name or version."
            )
        if overlaps and other != path:
            old.append(other)
    return old
