"""Latitudes and longitudes of two dimensions: those of a regular grid become axes, others are refused."""

import numpy as np
from iris.coords import AuxCoord, Coord
from iris.cube import Cube

from esmlearn.cubes.names import unread_copy
from esmlearn.errors import DataError

TOLERANCE = 1e-3
"""Degrees by which positions may be off: single precision."""

NEAREST = "regrid: {target_grid: 1x1, scheme: {reference: iris.analysis:UnstructuredNearest}}"
"""What a recipe says to bring a curvilinear grid to a regular one, with and without a real ESMPy."""


def settle_positions(cube: Cube) -> Cube:
    """Give a cube one latitude and one longitude, each along one dimension; it comes back as it is if it has them.

    Raises
    ------
    DataError
        If the grid is curvilinear, rotated, projected or unstructured, or if the cube has axes of the same name that
        are not its positions.
    """
    lat, lon = ([coord for coord in cube.coords(name) if coord.ndim == 1] for name in ("latitude", "longitude"))
    flat = [coord for coord in (*lat, *lon) if cube.coord_dims(coord)]
    meshes = [coord for name in ("latitude", "longitude") for coord in cube.coords(name) if coord.ndim == 2]
    if len(meshes) != 2:
        _check_axes(cube, flat)
        return cube
    _check_complete(cube, meshes)
    straight = _straighten(cube, *meshes)
    if straight is None:
        raise DataError(_curved(cube, flat, meshes))
    given = {coord.standard_name: coord for coord in flat}
    cube = unread_copy(cube)
    for mesh, (points, dim) in zip(meshes, straight, strict=True):
        name = mesh.standard_name
        own = given.get(name)
        if own is not None and not (own.points.shape == points.shape and _same(own.points, points)):
            raise DataError(
                f"{cube.name()} has an axis and a map of {name}s that differ; remove the one that is wrong."
            )
        cube.remove_coord(mesh)
        if own is None:
            cube.add_aux_coord(_flat(mesh, points), dim)
    return cube


def _flat(mesh: Coord, points: np.ndarray) -> AuxCoord:
    """Coordinate of one dimension that has the names and units of one with two."""
    return AuxCoord(
        points,
        standard_name=mesh.standard_name,
        long_name=mesh.long_name,
        var_name=mesh.var_name,
        units=mesh.units,
        attributes=mesh.attributes,
    )


def _straighten(cube: Cube, lat: Coord, lon: Coord) -> list[tuple[np.ndarray, int]] | None:
    """Points and dimension of the latitudes and of the longitudes of a regular grid; None for any other grid."""
    dims = cube.coord_dims(lat)
    if cube.coord_dims(lon) != dims:
        return None
    rows, columns = (np.ma.getdata(coord.points).astype(np.float64) for coord in (lat, lon))
    for along_lat, along_lon in ((0, 1), (1, 0)):
        one_lat, one_lon = rows.take(0, axis=along_lon), columns.take(0, axis=along_lat)
        if _same(rows, np.expand_dims(one_lat, along_lon)) and _same(columns, np.expand_dims(one_lon, along_lat)):
            return [
                (np.ma.getdata(lat.points).take(0, axis=along_lon), dims[along_lat]),
                (np.ma.getdata(lon.points).take(0, axis=along_lat), dims[along_lon]),
            ]
    return None


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether angles are the same but for whole turns."""
    return bool((np.abs((one - other + 180) % 360 - 180) < TOLERANCE).all())


def _check_complete(cube: Cube, meshes: list[Coord]) -> None:
    """Refuse positions that are missing in parts, as swaths and some ocean models have them."""
    for mesh in meshes:
        points = mesh.points
        bad = np.ma.getmaskarray(points) | ~np.isfinite(np.ma.filled(points, np.nan)) | (abs(points) > 720)
        if np.ma.filled(bad, True).any():
            raise DataError(
                f"{cube.name()} is on a curvilinear grid or a swath, and {np.count_nonzero(bad)} of its {mesh.name()}s "
                "are missing: for a swath use a reader (`esmlearn.read`), for a model its output on a regular grid "
                "(`grid: gr`)."
            )


def _check_axes(cube: Cube, flat: list[Coord]) -> None:
    """Refuse a cube without a latitude and a longitude along dimensions of their own."""
    names = [coord.standard_name for coord in flat]
    dims = [cube.coord_dims(coord) for coord in flat]
    if sorted(names) == ["latitude", "longitude"] and dims[0] != dims[1]:
        return
    found = ", ".join(coord.name() for coord in cube.coords()) or "no coordinate"
    projected = [coord.name() for coord in cube.coords() if _is_projected(coord)]
    if projected:
        raise DataError(
            f"{cube.name()} has the axes {' and '.join(projected)} of a rotated or projected grid; give its cells "
            f"latitudes and longitudes as variables of two dimensions, then `{NEAREST}` in the preprocessor."
        )
    if names and dims[0] == dims[-1] and len(names) == 2:
        raise DataError(
            f"{cube.name()} is on an unstructured grid, but must be on a rectilinear grid: `{NEAREST}` in the "
            "preprocessor."
        )
    raise DataError(
        f"{cube.name()} needs one latitude and one longitude as axes of a rectilinear grid, but has {found}; name them "
        "so, or regrid it in the preprocessor."
    )


def _is_projected(coord: Coord) -> bool:
    return str(coord.standard_name).startswith(("grid_l", "projection_"))


def _curved(cube: Cube, flat: list[Coord], meshes: list[Coord]) -> str:
    """Say what to do with a curvilinear grid."""
    if not flat:
        return (
            f"{cube.name()} is on a curvilinear grid, with latitudes and longitudes of two dimensions, but must be on "
            f"a rectilinear grid: `{NEAREST}` in the preprocessor."
        )
    return (
        f"{cube.name()} has axes of latitude and longitude that are not everywhere the positions of its cells, which "
        f"its latitudes and longitudes of two dimensions give{_where_right(flat, meshes)}."
    )


def _where_right(flat: list[Coord], meshes: list[Coord]) -> str:
    """Latitudes between which the axes are right, in words."""
    axis = next((coord.points for coord in flat if coord.standard_name == "latitude"), np.array([]))
    mesh = np.ma.getdata(meshes[0].points)
    if axis.shape != mesh.shape[:1]:
        return ""
    right = axis[(np.abs(mesh - axis[:, None]) < TOLERANCE).all(axis=1)]
    return (
        f"; they are right at latitudes {right.min():g} to {right.max():g} only: `regrid: {{target_grid: 1x1, scheme: "
        "linear}` in the preprocessor, then `extract_region` within these latitudes"
        if right.size
        else ""
    )
