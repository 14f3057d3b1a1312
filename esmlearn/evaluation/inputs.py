"""Preprocessed files that the script `evaluate` names, read on the grid and the times of a reconstruction."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.times import match_times
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings.scripts import NAMES

Inputs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Coarse:
    """The coarse field that fine ones were drawn from, on the same times.

    Attributes
    ----------
    name, file
        Its name in the recipe, and its file.
    values
        Shape (time, y, x), rows from south to north; NaN where there is none.
    grid
        Its cells.
    """

    name: str
    file: str
    values: Float[np.ndarray, "time y x"]
    grid: RectilinearGrid


def find_file(name: str, inputs: Inputs, *, short_name: str | None = None, grid: Field | None = None) -> str | None:
    """Find the preprocessed file of a dataset by its variable group in the recipe, its name or its alias.

    One dataset may be there on several grids: the variable group tells which is meant, else the grid that is asked for.

    Parameters
    ----------
    name
        Name in the settings.
    inputs
        Facets of each preprocessed file.
    short_name
        Of which variable; None for any.
    grid
        On whose grid, if there is a choice.
    """
    there = {file: facets for file, facets in inputs.items() if short_name in (None, facets.get("short_name"))}
    in_group = [file for file, facets in there.items() if facets.get("variable_group") == name]
    found = in_group or [file for file, facets in there.items() if name in (facets.get(key) for key in NAMES)]
    if len(found) > 1 and grid is not None:
        found = [file for file in found if on_grid(file, grid)] or found
    return found[0] if found else None


def need_file(key: str, name: str, inputs: Inputs, **options: Any) -> str:
    """Find a file as `find_file` does.

    Raises
    ------
    SettingsError
        If there is none of this name.
    """
    file = find_file(name, inputs, **options)
    if file is None:
        there = {str(facets[facet]) for facets in inputs.values() for facet in NAMES if facet in facets}
        of = f" with {options['short_name']}" if options.get("short_name") else ""
        raise SettingsError(
            f"{key}: no dataset '{name}'{of} is among the ancestors of this script;"
            f" those there are: {', '.join(sorted(there)) or 'none'}."
        )
    return file


def on_grid(file: str, grid: Field) -> bool:
    """Whether a file lies on the grid of a reconstruction."""
    return _same_grid(RectilinearGrid.of(iris.load_cube(file)), grid)


def read_on(file: str, grid: Field, dataset: str) -> Field:
    """Read a preprocessed file on the grid and the times of a reconstruction."""
    name = Path(file).name
    field = at_level(Field.from_cube(iris.load_cube(file), units=grid.units), grid, name)
    if not _same_grid(RectilinearGrid.of(field.like[0]), grid):
        raise DataError(f"{name} is not on the grid of the reconstruction of {dataset}; regrid both alike.")
    return field[match_times(field, grid, names=(f"file {name}", f"reconstruction of {dataset}"))]


def read_coarse(name: str, file: str, grid: Field) -> Coarse:
    """Read a coarse field at the times of a reconstruction."""
    cube = iris.load_cube(file)
    field = Field.from_cube(cube, units=grid.units)
    times = match_times(field, grid, names=(f"file {Path(file).name}", "downscaled field"))
    return Coarse(name, file, field.values[times, 0], RectilinearGrid.of(cube))


def read_fixed(file: str, grid: Field) -> Float[np.ndarray, "lat lon"]:
    """Read a field that does not change in time, such as orography, on the grid of a reconstruction."""
    cube = iris.load_cube(file)
    if cube.ndim == 3:
        cube = cube[0]
    cells = RectilinearGrid.of(cube)
    if cube.ndim != 2 or not _same_grid(cells, grid):
        raise DataError(f"{Path(file).name} is not a field on the grid of the reconstruction; regrid it alike.")
    values = np.ma.filled(cube.data.astype(np.float32), np.nan)
    return values[np.argsort(cube.coord("latitude").points)]


def at_level(field: Field, grid: Field, name: str) -> Field:
    """Take the level of a grid out of a field with levels."""
    if grid.levels is None or field.levels is None:
        return field
    near = int(np.abs(field.levels - grid.levels[0]).argmin())
    if not np.isclose(field.levels[near], grid.levels[0], rtol=1e-3):
        raise DataError(f"{name} has no level at {grid.levels[0]:g} m; extract the same levels of all datasets.")
    return field.level(near)


def depth_of(cube: Cube) -> float:
    """Depth of a cube of one level in metres; 0 for one that knows of none."""
    return float(cube.coord("depth").points[0]) if cube.coords("depth") else 0.0


def says_synthetic(cube: Cube) -> bool:
    """Whether an attribute of a cube calls its data synthetic."""
    return any("synthetic" in value.lower() for value in cube.attributes.values() if isinstance(value, str))


def _same_grid(cells: RectilinearGrid, grid: Field) -> bool:
    """Whether cells lie where those of a field do, whatever the convention of longitude."""
    if cells.shape != grid.land.shape or not np.allclose(cells.lat, grid.lat, atol=1e-3):
        return False
    return np.allclose((cells.lon - grid.lon + 180) % 360, 180, atol=1e-3)
