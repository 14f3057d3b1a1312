"""Coordinates of a cube by what they are, whatever they are called."""

import re
from collections.abc import Iterator

import cf_units
from iris.coords import Coord
from iris.cube import Cube

from esmlearn.errors import DataError

KNOWN = {
    "time": ("time", "time_counter", "time_centered", "times", "date"),
    "depth": ("depth", "deptht", "depthu", "depthv", "zlev"),
    "latitude": ("lat", "latitude", "lats", "latitudes", "nav_lat"),
    "longitude": ("lon", "longitude", "lons", "longitudes", "nav_lon", "long"),
}
"""Names of coordinates without a standard name, as xarray, CDO, NEMO, AVISO and GHRSST write them."""

LOOSE = {"time": ("t",), "depth": ("lev", "level", "z"), "latitude": ("y",), "longitude": ("x",)}
"""Names that may mean something else: they count only where no other coordinate is named so."""

POINTS_OF_COMPASS = {"latitude": "n(orth)?", "longitude": "e(ast)?"}


def name_axes(cube: Cube) -> Cube:
    """Give time, depth, latitude and longitude their standard names, and the latter two degrees.

    A cube that has them comes back as it is. Coordinates follow the names of `KNOWN` and `LOOSE`, or their units.

    Raises
    ------
    DataError
        If a latitude or longitude is in units that are no angle.
    """
    if not any(True for _ in _changes(cube)):
        return cube
    cube = unread_copy(cube)
    for coord, name in list(_changes(cube)):
        said = coord.attributes.pop("invalid_units", None)
        coord.standard_name = name
        if name in POINTS_OF_COMPASS:
            if not coord.units.is_unknown() and not coord.units.is_convertible("degrees"):
                raise DataError(f"The {name}s of {cube.name()} are in {coord.units}; give them in degrees.")
            if coord.units.is_unknown():
                coord.units = "degrees"
            coord.convert_units("degrees")
        elif name == "depth" and coord.units.is_unknown() and said is None:
            coord.units = "m"
    return cube


def unread_copy(cube: Cube) -> Cube:
    """Copy a cube, but not its data, which stay unread if they are."""
    return cube.copy(data=cube.core_data())


def _changes(cube: Cube) -> Iterator[tuple[Coord, str]]:
    """Coordinates whose name or units have to change, each with its standard name."""
    named = {coord.standard_name for coord in cube.coords()}
    found = {coord: name for coord in _nameless(cube) for name in KNOWN if _is(coord, name, KNOWN[name])}
    # The times of NEMO have two coordinates, of which one is named by the standard.
    found = {coord: name for coord, name in found.items() if name in POINTS_OF_COMPASS or name not in named}
    for name in LOOSE:
        if name not in named and name not in found.values():
            found |= {coord: name for coord in _nameless(cube) if _is(coord, name, LOOSE[name])}
    yield from found.items()
    for coord in cube.coords():
        if coord.standard_name in POINTS_OF_COMPASS and coord.units != cf_units.Unit("degrees"):
            yield coord, coord.standard_name


def _nameless(cube: Cube) -> list[Coord]:
    return [coord for coord in cube.coords() if coord.standard_name is None]


def _is(coord: Coord, name: str, names: tuple[str, ...]) -> bool:
    """Whether a coordinate without a standard name is the one that a standard name means."""
    text = str(coord.attributes.get("invalid_units", coord.units))
    for compass, direction in POINTS_OF_COMPASS.items():
        if re.fullmatch(f"degrees?[ _]?{direction}", text, re.IGNORECASE):
            return name == compass
    if coord.units.is_time_reference():
        return name == "time"
    called = {str(part).lower() for part in (coord.var_name, coord.long_name) if part}
    fits = {"time": "days since 1900-01-01", "depth": "m"}.get(name, "degrees")
    return bool(called & set(names)) and (coord.units.is_unknown() or coord.units.is_convertible(fits))
