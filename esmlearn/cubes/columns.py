"""Longitudes in spatial order: from west to east without a jump, whatever their convention and order in a file."""

import numpy as np
from iris.coords import Coord, DimCoord
from iris.cube import Cube
from jaxtyping import Float, Int

from esmlearn.errors import DataError

TOLERANCE = 1e-3
"""Degrees by which two columns at one place may differ."""

WIDER = 1.5
"""A gap inside the longitudes that is wider than that outside of them by this factor is the true outside."""


def order_columns(cube: Cube) -> Cube:
    """Put the columns of a cube in order from west to east.

    Columns across Greenwich or the date line become neighbours, a column that a cyclic grid has twice is left out.
    Longitudes then rise without a jump, so that some may lie below 0 or above 180 degrees. Bounds and all that lies on
    the columns follow. A cube in order comes back as it is.

    Raises
    ------
    DataError
        If longitudes are missing or doubled.
    """
    coord = cube.coord("longitude")
    (dim,) = cube.coord_dims(coord)
    lon = coord.points.astype(np.float64)
    if np.ma.is_masked(coord.points) or not np.isfinite(lon).all():
        raise DataError(f"Some longitudes of {cube.name()} are missing; the axis needs all of them.")
    if _in_order(lon):
        return cube if isinstance(coord, DimCoord) else with_axis(cube, dim, as_axis(coord))
    order, turns = spatial_order(lon, cube.name())
    ordered = cube[(slice(None),) * dim + (order,)]
    found = ordered.coord("longitude")
    points = found.points + found.points.dtype.type(360) * turns.astype(found.points.dtype)
    bounds = None
    if found.has_bounds():
        edges = found.bounds.astype(np.float64)
        bounds = edges + 360 * np.round((points[:, None] - edges) / 360)
    circular = bool(np.isclose(np.ptp(points) + np.diff(points).mean(), 360, rtol=1e-3)) if len(points) > 2 else False
    return with_axis(ordered, dim, as_axis(found, points, bounds, circular=circular))


def spatial_order(lon: Float[np.ndarray, " lon"], name: str) -> tuple[Int[np.ndarray, " kept"], np.ndarray]:
    """Find the indices that put longitudes in order, and the whole turns to add to each of them then.

    The widest gap on the circle is outside of a region. Longitudes all around begin at 0, or at -180 if some are
    negative.

    Raises
    ------
    DataError
        If a longitude is there twice.
    """
    begin = -180.0 if lon.min() < 0 else 0.0
    turned = (lon - begin) % 360
    order = np.argsort(turned, kind="stable")
    steps = np.diff(turned[order], append=turned[order[0]] + 360)
    twice = steps < TOLERANCE
    if twice.any():
        apart = np.abs(np.diff(lon[order], append=lon[order[0]]))
        if (apart[twice] < 180).any():
            raise DataError(
                f"{name} has the longitude {lon[order][twice & (apart < 180)][0]:g} twice; leave out one of the two."
            )
        order = order[~twice]
        steps = np.diff(turned[order], append=turned[order[0]] + 360)
    if steps.max() > WIDER * np.median(steps) or len(order) < 3:
        order = np.roll(order, -1 - int(steps.argmax()))
    rising = turned[order] + begin
    rising = rising + 360 * np.concatenate([[0], np.cumsum(np.diff(rising) < 0)])
    if rising[-1] > 360:
        rising = rising - 360
    return order, np.round((rising - lon[order]) / 360)


def as_axis(
    coord: Coord, points: np.ndarray | None = None, bounds: np.ndarray | None = None, *, circular: bool = False
) -> DimCoord:
    """Make an axis of a coordinate, with its own points and bounds if none are given."""
    given = points is None
    return DimCoord(
        np.ma.getdata(coord.points) if points is None else points,
        bounds=coord.bounds if given else bounds,
        standard_name=coord.standard_name,
        long_name=coord.long_name,
        var_name=coord.var_name,
        units=coord.units,
        attributes=coord.attributes,
        coord_system=coord.coord_system,
        circular=circular,
    )


def with_axis(cube: Cube, dim: int, axis: DimCoord) -> Cube:
    """Copy a cube with another axis along a dimension; coordinates of the same name or axis are replaced."""
    cube = cube.copy(data=cube.core_data())
    for coord in [*cube.coords(axis.standard_name), *cube.coords(dimensions=(dim,), dim_coords=True)]:
        if coord in cube.coords():
            cube.remove_coord(coord)
    cube.add_dim_coord(axis, dim)
    return cube


def _in_order(lon: Float[np.ndarray, " lon"]) -> bool:
    """Whether longitudes rise, and are in one piece."""
    steps = np.diff(lon)
    outside = 360 - (lon[-1] - lon[0])
    return bool((steps > 0).all() and outside > TOLERANCE and steps.max(initial=0.0) <= WIDER * outside)
