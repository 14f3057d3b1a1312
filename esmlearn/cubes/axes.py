"""The one order of axes: time, depth, latitude, longitude."""

import iris.util
import numpy as np
from iris.coords import Coord, DimCoord
from iris.cube import Cube

from esmlearn.cubes.columns import as_axis, order_columns, with_axis
from esmlearn.cubes.names import name_axes, unread_copy
from esmlearn.cubes.positions import settle_positions
from esmlearn.errors import DataError

RANKS = {"realization": 0, "quantile": 0, "time": 1, "latitude": 3, "longitude": 4}
"""Order of the axes; depth, and any other that is not here, comes after time."""


def order_axes(cube: Cube) -> Cube:
    """Give a cube the axes time, depth, latitude, longitude, with standard names, in this order.

    Coordinates may have the names, units and order that xarray, CDO, NEMO, AVISO and GHRSST write. Longitudes rise from
    west to east without a jump, also across Greenwich and the date line; latitudes run either way. A single time
    becomes an axis, other axes of length one don't stay. All that lies on the axes follows. The data stay unread.

    Times that are doubled or not sorted stay so, as an auxiliary coordinate.

    Returns
    -------
    Cube
        The same object if its axes are in order.

    Raises
    ------
    DataError
        If the grid is curvilinear, rotated or projected, or if coordinates are missing or doubled.
    """
    cube = settle_positions(name_axes(cube))
    cube = _drop_single(_with_time_axis(cube))
    return order_columns(_order_rows(_transpose(cube)))


def _with_time_axis(cube: Cube) -> Cube:
    """Make an axis of the time of a cube; a cube without time comes back as it is."""
    times = cube.coords("time")
    if not times:
        return cube
    if len(times) > 1 or times[0].ndim > 1:
        raise DataError(f"{cube.name()} needs one time for each map, but has several coordinates of time.")
    (time,) = times
    if not cube.coord_dims(time):
        # What is known of the values, such as their errors, is of that time too.
        extras = [*cube.ancillary_variables(), *cube.cell_measures()]
        return iris.util.new_axis(
            cube, time, expand_extras=[part for part in extras if cube.ndim in _n_dims(cube, part)]
        )
    if isinstance(time, DimCoord) and cube.coords(time, dim_coords=True):
        return cube
    return _promote(cube, time)


def _n_dims(cube: Cube, part: object) -> tuple[int, ...]:
    """Number of dimensions of what is attached to a cube."""
    dims = cube.ancillary_variable_dims(part) if part in cube.ancillary_variables() else cube.cell_measure_dims(part)
    return (len(dims),)


def _promote(cube: Cube, coord: Coord) -> Cube:
    """Make an axis of a coordinate if its points run one way."""
    (dim,) = cube.coord_dims(coord)
    try:
        return with_axis(cube, dim, as_axis(coord))
    except ValueError:
        cube = unread_copy(cube)
        for axis in cube.coords(dimensions=(dim,), dim_coords=True):
            cube.remove_coord(axis)
        return cube


def _drop_single(cube: Cube) -> Cube:
    """Leave out axes of length one that are not time, latitude or longitude; their coordinates stay as scalars."""
    kept = {dim for name in ("realization", "time", "latitude", "longitude") for dim in _dims(cube, name)}
    single = [dim for dim, size in enumerate(cube.shape) if size == 1 and dim not in kept]
    if not single:
        return cube
    return cube[tuple(0 if dim in single else slice(None) for dim in range(cube.ndim))]


def _transpose(cube: Cube) -> Cube:
    """Bring the dimensions into order."""
    ranks = [2] * cube.ndim
    for name, rank in RANKS.items():
        for dim in _dims(cube, name):
            ranks[dim] = rank
    order = sorted(range(cube.ndim), key=lambda dim: (ranks[dim], dim))
    if order == list(range(cube.ndim)):
        return cube
    cube = unread_copy(cube)
    cube.transpose(order)
    return cube


def _dims(cube: Cube, name: str) -> tuple[int, ...]:
    return tuple(dim for coord in cube.coords(name) for dim in cube.coord_dims(coord))


def _order_rows(cube: Cube) -> Cube:
    """Sort latitudes that run neither way."""
    coord = cube.coord("latitude")
    if cube.coords(coord, dim_coords=True) and np.abs(coord.points).max() <= 90.001:
        return cube
    (dim,) = cube.coord_dims(coord)
    lat = coord.points
    order = np.argsort(lat)
    if np.ma.is_masked(lat) or not np.isfinite(lat).all() or np.abs(lat).max() > 90.001:
        raise DataError(f"Some latitudes of {cube.name()} are missing or beyond the poles; correct the axis.")
    steps = np.diff(lat)
    if (steps < 0).all() or (steps > 0).all():
        return with_axis(cube, dim, as_axis(coord))
    if (np.diff(lat[order]) <= 0).any():
        raise DataError(f"{cube.name()} has a latitude twice; leave one of its rows out.")
    ordered = cube[(slice(None),) * dim + (order,)]
    return with_axis(ordered, dim, as_axis(ordered.coord("latitude")))
