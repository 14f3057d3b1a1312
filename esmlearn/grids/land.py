"""Land from Natural Earth, without a network.

ESMValCore ships the shapefiles that its own ``mask_landsea`` uses; with the same files, coasts are the same everywhere.
They are found without importing ESMValCore, which takes seconds. Made with Natural Earth
(https://www.naturalearthdata.com, public domain).
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import shapely

from esmlearn.errors import DataError

FRAME = 1e-4
"""Degrees by which points on the frame of the world map are moved inwards: exactly on it, they lie in no polygon."""


def natural_earth(name: str, *, package: str = "esmvalcore") -> Path:
    """Find a shapefile that ESMValCore ships, by its name without suffix, such as ``ne_10m_land``."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError("The coast comes from a shapefile that ESMValCore ships: install ESMValCore.")
    folder = Path(spec.submodule_search_locations[0]) / "preprocessor" / "ne_masks"
    path = folder / f"{name}.shp"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in folder.glob("*.shp"))) or "none"
        raise DataError(f"ESMValCore ships no shapefile '{name}' in {folder}: choose one of those there ({there}).")
    return path


@cache
def _land_polygons() -> tuple[np.ndarray, np.ndarray]:
    """Read all polygons of land, prepared, and their bounds ``(polygon, 4)``: west, south, east, north."""
    from cartopy.io.shapereader import Reader  # slow to import

    polygons = shapely.get_parts(list(Reader(natural_earth("ne_10m_land")).geometries()))
    shapely.prepare(polygons)
    return polygons, shapely.bounds(polygons)


def land_mask(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Whether the centre of each cell is on land, ``(lat, lon)``; degrees in any order and any convention."""
    return is_land(*np.meshgrid(lat, lon, indexing="ij"))


def is_land(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Whether points are on land; both arrays have one shape, in degrees of any convention."""
    x = np.clip((np.asarray(lon, dtype=float) + 180.0) % 360.0 - 180.0, -180 + FRAME, 180 - FRAME)
    y = np.clip(np.asarray(lat, dtype=float), -90 + FRAME, 90 - FRAME)
    land = np.zeros(x.shape, dtype=bool)
    polygons, bounds = _land_polygons()
    near = (bounds[:, 0] <= x.max()) & (bounds[:, 2] >= x.min()) & (bounds[:, 1] <= y.max()) & (bounds[:, 3] >= y.min())
    for polygon, (west, south, east, north) in zip(polygons[near], bounds[near], strict=True):
        inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        land[inside] |= shapely.contains_xy(polygon, x[inside], y[inside])
    return land


def land_geometries(extent: tuple[float, float, float, float]) -> list[shapely.Geometry]:
    """Cut out the land of a region, for maps: polygons with longitudes in the convention of the extent.

    The extent is west, east, south, north in degrees, west before east. Longitudes may be in any convention, and cross
    the date line (170 to 190).
    """
    west, east, south, north = extent
    if west >= east or south >= north:
        raise DataError(f"An extent is (west, east, south, north), each pair rising, but this one is {tuple(extent)}.")
    polygons, bounds = _land_polygons()
    pieces = []
    for turn in range(int(np.floor((west + 180) / 360)), int(np.ceil((east - 180) / 360)) + 1):
        left, right = west - 360 * turn, east - 360 * turn
        near = (bounds[:, 0] < right) & (bounds[:, 2] > left) & (bounds[:, 1] < north) & (bounds[:, 3] > south)
        cut = shapely.clip_by_rect(polygons[near], left, south, right, north)
        parts = shapely.get_parts(cut[~shapely.is_empty(cut)])
        parts = parts[shapely.get_dimensions(parts) == 2]
        pieces += list(shapely.transform(parts, lambda points, turn=turn: np.add(points, [360 * turn, 0])))
    return pieces
