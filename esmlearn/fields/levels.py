"""Depth levels of a cube: split into one cube for each, and joined again."""

from collections.abc import Sequence

import numpy as np
from iris.coords import Coord
from iris.cube import Cube, CubeList
from jaxtyping import Float

from esmlearn.errors import DataError

HORIZONTAL_AND_TIME = ("time", "latitude", "longitude")


def split_levels(cube: Cube) -> tuple[tuple[Cube, ...], Float[np.ndarray, " level"] | None]:
    """Split a cube with ordered axes along its depth; its data stay unread.

    Returns
    -------
    cubes
        One for each level with its depth as a scalar coordinate, in the order of the cube; a cube without an axis of
        depth as it is.
    levels
        Depths in metres, positive down; None for a cube without depth.

    Raises
    ------
    DataError
        If the fourth axis is not a depth, but pressure, model levels or members.
    """
    further = [coord for coord in cube.coords(dim_coords=True) if coord.name() not in HORIZONTAL_AND_TIME]
    if cube.ndim != 4 or not further:
        depths = cube.coords("depth", dimensions=())
        return (cube,), _metres(cube, depths[0]) if depths else None
    if further[0].name() != "depth" or not further[0].units.is_convertible("m"):
        raise DataError(
            f"{cube.name()} has the dimension {further[0].name()} in {further[0].units}, but levels must be a depth in "
            "metres; extract one of them in the preprocessor, or interpolate to depths by extract_levels."
        )
    levels = _metres(cube, further[0])
    return tuple(cube[:, index] for index in range(len(levels))), levels


def join_levels(cubes: Sequence[Cube]) -> Cube:
    """Join the cubes of `split_levels` to one: time, depth, latitude, longitude."""
    joined = CubeList(cubes).merge_cube()
    joined.transpose([1, 0, 2, 3])
    # Merging sorts the levels; give them the order of the field.
    falls = cubes[0].coord("depth").points[0] > cubes[-1].coord("depth").points[0]
    return joined[:, ::-1] if falls else joined


def _metres(cube: Cube, depth: Coord) -> Float[np.ndarray, " level"]:
    """Depths of a coordinate in metres; negative ones, which are heights, are refused."""
    points = depth.units.convert(depth.points.astype(float), "m")
    if depth.attributes.get("positive") == "up" or (points < 0).any():
        raise DataError(f"The depths of {cube.name()} must be positive down; turn their sign and direction.")
    return points
