"""Coarse and fine grids, matched by their coordinates and never by index."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from einops import rearrange
from iris.cube import Cube
from iris.exceptions import CoordinateNotFoundError
from jaxtyping import Float, Int

from esmlearn.errors import DataError
from esmlearn.grids.sphere import on_sphere

TOLERANCE = 1e-3
"""Degrees by which coordinates may be off: single precision, and edges that were rounded."""


@dataclass(frozen=True)
class RectilinearGrid:
    """Cells in rows and columns, in either direction, anywhere on the globe.

    Attributes
    ----------
    lat, lon
        Cell centres in degrees, rising or falling; longitudes in any convention, also across the date line.
    lat_bounds, lon_bounds
        Edges of the cells in degrees; half-way between the centres if not given.
    """

    lat: Float[np.ndarray, " lat"]
    lon: Float[np.ndarray, " lon"]
    lat_bounds: Float[np.ndarray, "lat 2"] | None = None
    lon_bounds: Float[np.ndarray, "lon 2"] | None = None

    def __post_init__(self) -> None:
        for name, centres in (("latitudes", self.lat), ("longitudes", self.unrolled)):
            steps = np.diff(centres)
            if centres.size < 2 or not ((steps > 0).all() or (steps < 0).all()):
                raise DataError(f"A grid needs at least two {name} that run one way, but these are {centres}.")
        if np.ptp(self.unrolled) > 360 - TOLERANCE:
            raise DataError(
                f"The longitudes {self.lon[0]:g} to {self.lon[-1]:g} meet again after a turn; leave out the last one."
            )

    @classmethod
    def of(cls, cube: Cube) -> "RectilinearGrid":
        """Grid of a cube as a `Field` has it, rows from south to north, with the edges that the cube gives.

        Raises
        ------
        DataError
            If latitude and longitude are not axes of the cube.
        """
        try:
            lat, lon = (cube.coord(name, dim_coords=True) for name in ("latitude", "longitude"))
        except CoordinateNotFoundError as error:
            raise DataError(
                f"{cube.name()} needs latitude and longitude as axes of a rectilinear grid; regrid it first."
            ) from error
        order = np.argsort(lat.points)
        lat_edges = None if lat.bounds is None else lat.bounds[order].astype(float)
        lon_edges = None if lon.bounds is None else lon.bounds.astype(float)
        return cls(lat.points[order].astype(float), lon.points.astype(float), lat_edges, lon_edges)

    def same_as(self, other: "RectilinearGrid") -> bool:
        """Whether both have their centres at the same places, whatever the convention of longitude."""
        return same_places((self.lat, self.lon), (other.lat, other.lon))

    @cached_property
    def unrolled(self) -> Float[np.ndarray, " lon"]:
        """Longitudes without jumps."""
        return np.unwrap(np.asarray(self.lon, np.float64), period=360)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.lat.size, self.lon.size

    @cached_property
    def lat_edges(self) -> Float[np.ndarray, "lat 2"]:
        """Southern and northern edge of each row."""
        given = _halfway(self.lat.astype(np.float64)) if self.lat_bounds is None else self.lat_bounds
        return np.clip(np.sort(given, axis=1), -90, 90)

    @cached_property
    def lon_edges(self) -> Float[np.ndarray, "lon 2"]:
        """Western and eastern edge of each column, as longitudes without jumps."""
        if self.lon_bounds is None:
            return np.sort(_halfway(self.unrolled), axis=1)
        centres = self.unrolled[:, None]
        return np.sort(centres + _to_half_turn(self.lon_bounds - centres), axis=1)

    @property
    def closes(self) -> bool:
        """Whether the columns cover the whole circle."""
        return bool(np.ptp(self.lon_edges) > 360 - TOLERANCE)

    @cached_property
    def area(self) -> Float[np.ndarray, "lat lon"]:
        """Area of each cell on the unit sphere."""
        height = np.diff(np.sin(np.deg2rad(self.lat_edges)), axis=1)
        return height * np.diff(np.deg2rad(self.lon_edges), axis=1).T

    @cached_property
    def positions(self) -> Float[np.ndarray, "cell 3"]:
        """Centre of each cell on the unit sphere, row by row."""
        return rearrange(on_sphere(self.lat, self.lon), "y x xyz -> (y x) xyz")


def same_places(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether two pairs of latitudes and longitudes are the same cell centres; longitudes may differ by whole turns."""
    if any(a.shape != b.shape for a, b in zip(one, other, strict=True)):
        return False
    same_lat = np.allclose(one[0], other[0], atol=TOLERANCE)
    return bool(same_lat and np.allclose((one[1] - other[1] + 180) % 360, 180, atol=TOLERANCE))


def cut(
    coarse: RectilinearGrid, fine: RectilinearGrid, *, margin: int = 3
) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " column"]]:
    """Indices of the rows and columns of the coarse grid that cover the fine domain, and of a margin around them.

    The part of a field is ``values[..., rows[:, None], columns]``. Bicubic interpolation needs a margin of three cells.
    """
    check_covered(coarse, fine)
    rows = np.abs(fine.lat[:, None] - coarse.lat).argmin(axis=1)
    columns = np.abs(_to_half_turn(fine.unrolled[:, None] - coarse.unrolled)).argmin(axis=1)
    return _span(rows, coarse.lat.size, margin), _span(columns, coarse.lon.size, margin, closes=coarse.closes)


def part(grid: RectilinearGrid, rows: Int[np.ndarray, " row"], columns: Int[np.ndarray, " column"]) -> RectilinearGrid:
    """Grid of some rows and columns, with their edges."""
    return RectilinearGrid(grid.lat[rows], grid.lon[columns], grid.lat_edges[rows], grid.lon_edges[columns])


def beside(old: RectilinearGrid, lon: Float[np.ndarray, " lon"]) -> Float[np.ndarray, " lon"]:
    """Shift longitudes by whole turns to the range of those of a grid."""
    middle = (old.lon_edges.min() + old.lon_edges.max()) / 2
    return middle + _to_half_turn(lon - middle)


def _to_half_turn(angle: np.ndarray) -> np.ndarray:
    """Bring angles to between -180 and 180 degrees."""
    return (angle + 180) % 360 - 180


def _halfway(centres: Float[np.ndarray, " cell"]) -> Float[np.ndarray, "cell 2"]:
    """Edges half-way between centres; each outermost cell extends as far outward as inward."""
    between = (centres[1:] + centres[:-1]) / 2
    edges = np.concatenate([[2 * centres[0] - between[0]], between, [2 * centres[-1] - between[-1]]])
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _span(used: Int[np.ndarray, " cell"], size: int, margin: int, *, closes: bool = False) -> Int[np.ndarray, " index"]:
    """Indices from the first to the last used cell, and a margin around them."""
    used = np.unique(used)
    if not closes:
        return np.arange(max(used[0] - margin, 0), min(used[-1] + margin + 1, size))
    # The range may cross the end of the axis: it begins after the widest gap.
    gap = int(np.diff(used, append=used[0] + size).argmax())
    start = used[(gap + 1) % used.size]
    length = (used[gap] - start) % size + 1
    if length + 2 * margin >= size:
        return np.arange(size)
    return np.arange(start - margin, start + length + margin) % size


def check_covered(coarse: RectilinearGrid, fine: RectilinearGrid) -> None:
    """Refuse a fine domain that reaches beyond the coarse one."""
    lon = beside(coarse, fine.unrolled)
    for found, edges in ((fine.lat, coarse.lat_edges), (lon, coarse.lon_edges)):
        if found.min() < edges.min() - TOLERANCE or found.max() > edges.max() + TOLERANCE:
            raise DataError(
                f"The fine domain ({extent(fine)}) reaches beyond the coarse one ({extent(coarse)}); "
                "enlarge the region of the coarse dataset in the preprocessor, or reduce that of the fine one."
            )


def extent(grid: RectilinearGrid) -> str:
    """Ranges of latitude and longitude of a grid, for messages."""
    lat, lon = grid.lat_edges, grid.lon_edges
    return f"latitudes {lat.min():g} to {lat.max():g}, longitudes {lon.min():g} to {lon.max():g}"
