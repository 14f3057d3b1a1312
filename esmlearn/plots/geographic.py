"""What maps are made of: where cells lie, common scales, one field, colour bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cartopy.crs as ccrs
import cmocean
import numpy as np
import shapely
from cartopy.mpl.geoaxes import GeoAxes
from cartopy.mpl.ticker import LatitudeFormatter, LongitudeFormatter
from jaxtyping import Bool, Float
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from shapely import affinity

from esmlearn.errors import DataError
from esmlearn.grids.land import land_geometries
from esmlearn.plots.style import INK, LAND, QUIET, WIDTH

# Percent of the values left to saturate at both ends of a colour scale together, lest one odd cell wash out the map.
SATURATED = 0.5


@dataclass(frozen=True)
class Grid:
    """Where the cells of a map lie.

    Attributes
    ----------
    lat, lon
        Centres in degrees; latitudes from south to north, longitudes from west to east, also across the date line.
    land
        True on land.
    centre
        Longitude in the middle of the map, for cells that are drawn onto a map of others; their own if not given.
    """

    lat: Float[np.ndarray, " lat"]
    lon: Float[np.ndarray, " lon"]
    land: Bool[np.ndarray, "lat lon"]
    centre: float | None = None

    @cached_property
    def middle(self) -> float:
        """Longitude in the middle of the map."""
        eastward = _eastward(self.lon)
        return float((eastward[0] + eastward[-1]) / 2) if self.centre is None else self.centre

    @cached_property
    def x(self) -> Float[np.ndarray, " edge"]:
        """Edges of the cells in the map's own longitudes, in which a region across the date line is in one piece."""
        away = _edges(_eastward(self.lon) - self.middle)
        return away - 360 * np.round((away[0] + away[-1]) / 720)

    @cached_property
    def y(self) -> Float[np.ndarray, " edge"]:
        """Edges of the cells in latitude."""
        return np.clip(_edges(self.lat), -90, 90)

    @cached_property
    def coast(self) -> list[shapely.Geometry]:
        """Land in the map's own longitudes, cut out once for all maps."""
        extent = (self.x[0] + self.middle, self.x[-1] + self.middle, self.y[0], self.y[-1])
        return [affinity.translate(shape, -self.middle) for shape in land_geometries(extent)]

    @property
    def shape(self) -> float:
        """Height of a map over its width."""
        return float(np.ptp(self.y) / np.ptp(self.x))


@dataclass(frozen=True)
class Scale:
    """Colours for a range of values, and what they mean."""

    cmap: Colormap
    low: float
    high: float
    label: str


def scale_of_values(fields: Sequence[Float[np.ndarray, "lat lon"]], label: str) -> Scale:
    """Give one scale for all fields.

    Raises
    ------
    DataError
        If none has a value.
    """
    low, high = np.percentile(_finite(fields), [SATURATED / 2, 100 - SATURATED / 2])
    return Scale(cmocean.cm.thermal, float(low), float(high) if high > low else float(low) + 1.0, label)


def scale_of_errors(fields: Sequence[Float[np.ndarray, "lat lon"]], label: str) -> Scale:
    """Give one scale for all errors, white at zero.

    Raises
    ------
    DataError
        If none has a value.
    """
    reach = float(np.percentile(np.abs(_finite(fields)), 100 - SATURATED)) or 1.0
    return Scale(cmocean.cm.balance, -reach, reach, label)


def map_axes(figure: Figure, grid: Grid, n_rows: int, n_columns: int, *, titled: bool = False) -> np.ndarray:
    """Add maps to a figure, and give it the height at which they fill its width.

    Parameters
    ----------
    figure
        An empty one.
    grid
        Where the cells lie.
    n_rows, n_columns
        Number of maps.
    titled
        Whether every row has titles, and not the first alone.
    """
    axes = figure.subplots(
        n_rows,
        n_columns,
        squeeze=False,
        subplot_kw={"projection": ccrs.PlateCarree(central_longitude=grid.middle)},
    )
    panel = (WIDTH - 0.7) / n_columns - 0.1
    row = panel * grid.shape + (0.24 if titled else 0.14)
    figure.set_size_inches(WIDTH, float(np.clip(n_rows * row + 0.95, 2.0, 9.5)))
    return axes


def draw_map(axis: GeoAxes, field: Float[np.ndarray, "lat lon"], grid: Grid, scale: Scale) -> QuadMesh:
    """Draw one field with its land and coast; the map becomes that of its grid."""
    axis.pcolormesh(grid.x, grid.y, np.where(grid.land, 1.0, np.nan), cmap=ListedColormap([LAND]), rasterized=True)
    shown = np.where(grid.land, np.nan, field)
    options: dict[str, Any] = {"cmap": scale.cmap, "vmin": scale.low, "vmax": scale.high, "rasterized": True}
    mesh = axis.pcolormesh(grid.x, grid.y, shown, **options)
    axis.add_geometries(grid.coast, axis.projection, facecolor="none", edgecolor=INK, linewidth=0.4)
    show_part(axis, grid)
    axis.spines["geo"].set(linewidth=0.5, edgecolor=QUIET)
    return mesh


def show_part(axis: GeoAxes, grid: Grid) -> None:
    """Show the part of a map that a grid covers."""
    axis.set_extent((grid.x[0], grid.x[-1], grid.y[0], grid.y[-1]), crs=axis.projection)


def label_degrees(axis: GeoAxes, grid: Grid, *, left: bool, bottom: bool) -> None:
    """Write degrees at the left and at the bottom of the figure only."""
    west, east, south, north = axis.get_extent()
    few = MaxNLocator(nbins=4, steps=[1, 2, 3, 5, 10])
    inside = 0.04 * (east - west)
    x = [tick - grid.middle for tick in few.tick_values(west + grid.middle, east + grid.middle)]
    axis.set_xticks([tick for tick in x if west + inside <= tick <= east - inside])
    axis.set_yticks([tick for tick in few.tick_values(south, north) if south <= tick <= north])
    axis.xaxis.set_major_formatter(LongitudeFormatter())
    axis.yaxis.set_major_formatter(LatitudeFormatter())
    axis.tick_params(labelleft=left, labelbottom=bottom, labelsize=6.5, length=2, width=0.5)


def colour_bar(figure: Figure, mesh: QuadMesh, axes: Any, scale: Scale, **options: Any) -> None:
    """Add the bar of a scale below the axes that share it."""
    bar = figure.colorbar(mesh, ax=axes, location="bottom", pad=0.02, extend="both", **options)
    bar.set_label(scale.label)
    bar.outline.set_linewidth(0.5)
    bar.ax.tick_params(labelsize=7)
    bar.locator = MaxNLocator(nbins=5)
    bar.update_ticks()


def _finite(fields: Sequence[Float[np.ndarray, "lat lon"]]) -> Float[np.ndarray, " value"]:
    """All values of some fields that there are."""
    values = np.concatenate([field[np.isfinite(field)] for field in fields])
    if not values.size:
        raise DataError("Nothing to draw: no date chosen for the maps has a value; choose other dates.")
    return values


def _eastward(lon: Float[np.ndarray, " lon"]) -> Float[np.ndarray, " lon"]:
    """Longitudes without the jump at the date line or at Greenwich."""
    return np.unwrap(lon, period=360.0)


def _edges(centres: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " edge"]:
    """Edges of cells by their centres."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    between = (centres[:-1] + centres[1:]) / 2
    return np.concatenate([[2 * centres[0] - between[0]], between, [2 * centres[-1] - between[-1]]])
