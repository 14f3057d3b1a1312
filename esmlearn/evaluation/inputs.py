"""Datasets that an evaluation is given, read on the grid and the times of a reconstruction."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.times import match_times
from esmlearn.grids.grid import RectilinearGrid


@dataclass(frozen=True)
class Source:
    """A dataset that an evaluation is given.

    Attributes
    ----------
    name
        As the settings, the scores and the figures call it.
    cube
        Its values.
    file
        That the cube was read from; None for a cube of a notebook.
    """

    name: str
    cube: Cube
    file: str | None = None

    @property
    def label(self) -> str:
        """What an error calls it: the file, for that is what a user can look for."""
        return self.name if self.file is None else Path(self.file).name

    def same_as(self, other: "Source | None") -> bool:
        """Whether the other one is the same data."""
        return other is not None and (self.cube is other.cube or (self.file is not None and self.file == other.file))

    def whole(self, like: Field) -> Field:
        """Read all times, in the units and at the level of a reconstruction; the cube keeps its data unread."""
        field = Field.from_cube(self.cube.copy(), units=like.units, complete=True)
        if like.levels is None or field.levels is None:
            return field
        near = int(np.abs(field.levels - like.levels[0]).argmin())
        if not np.isclose(field.levels[near], like.levels[0], rtol=1e-3):
            raise DataError(
                f"{self.label} has no level at {like.levels[0]:g} m; extract the same levels of all datasets."
            )
        return field.level(near)

    def on(self, like: Field, dataset: str) -> Field:
        """Read the times of the reconstruction of a dataset, on its grid and in its units."""
        field = self.whole(like)
        if not field.grid.same_as(like.grid):
            raise DataError(f"{self.label} is not on the grid of the reconstruction of {dataset}; regrid both alike.")
        return field[match_times(field, like, names=(f"dataset {self.label}", f"reconstruction of {dataset}"))]


@dataclass(frozen=True)
class Coarse:
    """The coarse field that fine ones were made from, on the same times.

    Attributes
    ----------
    name, file
        As of its source.
    values
        Shape (time, y, x), rows from south to north; NaN where there is none.
    grid
        Its cells.
    """

    name: str
    file: str | None
    values: Float[np.ndarray, "time y x"]
    grid: RectilinearGrid

    @classmethod
    def of(cls, source: Source, like: Field) -> "Coarse":
        """Read a coarse field at the times of a reconstruction."""
        field = Field.from_cube(source.cube.copy(), units=like.units, complete=True)
        times = match_times(field, like, names=(f"dataset {source.label}", "downscaled field"))
        return cls(source.name, source.file, field.values[times, 0], field.grid)


def depth_of(cube: Cube) -> float:
    """Depth of a cube of one level in metres; 0 for one that knows of none."""
    return float(cube.coord("depth").points[0]) if cube.coords("depth") else 0.0


def says_synthetic(cube: Cube) -> bool:
    """Whether an attribute of a cube calls its data synthetic."""
    return any("synthetic" in value.lower() for value in cube.attributes.values() if isinstance(value, str))
