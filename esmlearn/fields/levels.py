"""Depth levels of a cube: taken apart into one cube for each, and put together again."""

from collections.abc import Sequence

import numpy as np
from iris.coords import Coord
from iris.cube import Cube, CubeList
from jaxtyping import Float

from esmlearn.errors import DataError

HORIZONTAL_AND_TIME = ("time", "latitude", "longitude")


def split_levels(cube: Cube) -> tuple[tuple[Cube, ...], Float[np.ndarray, " level"] | None]:
    """Take a cube apart along its depth.

    Parameters
    ----------
    cube
        With the dimensions time, depth, latitude and longitude, or without depth. Data stay unread.

    Returns
    -------
    cubes
        One for each level with its depth as a scalar coordinate, in the order of the cube; a cube without an axis of
        depth as it is.
    levels
        Depths in metres, positive down; None for a cube that knows of none.

    Raises
    ------
    DataError
        If the fourth axis is another one than depth, as pressure, model levels or members.
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
    if cube.coord_dims(further[0]) != (1,):
        raise DataError(f"The axis of depth of {cube.name()} must follow that of time; reorder its dimensions.")
    return tuple(cube[:, index] for index in range(len(levels))), levels


def join_levels(cubes: Sequence[Cube]) -> Cube:
    """Put the levels that `split_levels` gave together again: time, depth, latitude, longitude."""
    joined = CubeList(cubes).merge_cube()
    joined.transpose([1, 0, 2, 3])
    # Merging sorts; the order of the levels is that of the field.
    falls = cubes[0].coord("depth").points[0] > cubes[-1].coord("depth").points[0]
    return joined[:, ::-1] if falls else joined


def _metres(cube: Cube, depth: Coord) -> Float[np.ndarray, " level"]:
    """Points of a coordinate of depth in metres; negative ones are heights, and refused."""
    points = depth.units.convert(depth.points.astype(float), "m")
    if depth.attributes.get("positive") == "up" or (points < 0).any():
        raise DataError(f"The depths of {cube.name()} must be positive down; turn their sign and direction.")
    return points
