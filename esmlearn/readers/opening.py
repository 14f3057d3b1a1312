"""Find the files that are meant, and open them: netCDF-3, netCDF-4 and zarr, each file with the packing of its own."""

from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

import xarray as xr

from esmlearn.errors import DataError
from esmlearn.files import visible

ZARR = (".zgroup", ".zmetadata", "zarr.json")


def find_files(files: str | Path | Iterable[str | Path]) -> list[Path]:
    """Return the files: a folder stands for all netCDF files in and below it, a name with ``*`` for all that match.

    Raises
    ------
    DataError
        If one is missing, or if there is none.
    """
    given = [files] if isinstance(files, str | Path) else list(files)
    found: list[Path] = []
    for name in given:
        path = Path(name).expanduser()
        if has_magic(str(path)) and not path.exists():
            found += sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207 (an absolute pattern)
        elif path.is_dir() and not is_zarr(path):
            found += visible(path, "**/*.nc")
        elif path.exists():
            found.append(path)
        else:
            raise DataError(f"There is no file {path}; check the name.")
    if not found:
        raise DataError(f"There is no file for {', '.join(map(str, given)) or 'an empty list'}; check the names.")
    return list(dict.fromkeys(found))


def is_zarr(path: Path) -> bool:
    """Return whether a folder is a zarr store."""
    return path.suffix == ".zarr" or any((path / name).exists() for name in ZARR)


def open_file(path: Path) -> xr.Dataset:
    """Open a file lazily: values unpacked, missing ones NaN; times as they stand in the file.

    Raises
    ------
    DataError
        If it can't be read.
    """
    try:
        return xr.open_dataset(
            path,
            engine="zarr" if path.is_dir() else None,
            decode_times=False,
            decode_timedelta=False,
            decode_coords=False,
            mask_and_scale=True,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} can't be read as netCDF or zarr ({reason}); get it anew.") from error
