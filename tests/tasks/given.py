"""Datasets of a script, without a recipe."""

from pathlib import Path

import iris
from iris.cube import Cube

from esmlearn.fields.input_data import InputData


def give(folder: Path, **cubes: Cube) -> InputData:
    """Leave cubes as the files of datasets of these names."""
    entries = {}
    for name, cube in cubes.items():
        file = folder / f"{name}.nc"
        with iris.FUTURE.context(save_split_attrs=True):
            iris.save(cube, file)
        entries[str(file)] = {"filename": str(file), "dataset": name, "short_name": cube.var_name}
    return InputData(entries)
