"""The filled field as a CF netCDF file."""

from pathlib import Path

import iris
from iris.cube import Cube

from esmlearn.files import atomic_write


def write_filled(cube: Cube, path: Path) -> None:
    """Write a cube as compressed netCDF; the file appears only when it is complete."""
    with atomic_write(path) as aside, iris.FUTURE.context(save_split_attrs=True):
        iris.save(cube, aside, zlib=True, complevel=1)
