"""Parts of all figures with maps: the grid, the colour scale, one field on a map, labels in degrees, colour bars."""

from collections.abc import Iterable
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

# Percent of the values beyond both ends of a colour scale together: a single extreme cell must not set the scale.
SATURATED = 0.5


@dataclass(frozen=True)
class Grid:
    """Where the cells of a map lie.

    Attributes
    ----------
    lat, lon
        Centres of the cells in degrees; latitudes from south to north, longitudes from west to east, also across the
        date line.
    land
        True on land.
    centre
        Longitude in the middle of the map, where these cells are drawn on the map of another grid; by default, the
        middle of `lon`.
    """

    lat: Float[np.ndarray, " lat"]
    lon: Float[np.ndarray, " lon"]
    land: Bool[np.ndarray, "lat lon"]
    centre: float | None = None

    @cached_property
    def middle(self) -> float:
        """Longitude in the middle of the map."""
        eastward = np.unwrap(self.lon, period=360.0)
        return float((eastward[0] + eastward[-1]) / 2) if self.centre is None else self.centre

    @cached_property
    def x(self) -> Float[np.ndarray, " edge"]:
        """Edges of the cells in degrees east of the middle: a region across the date line stays in one piece."""
        away = _edges(np.unwrap(self.lon, period=360.0) - self.middle)
        return away - 360 * np.round((away[0] + away[-1]) / 720)

    @cached_property
    def y(self) -> Float[np.ndarray, " edge"]:
        """Edges of the cells in latitude."""
        return np.clip(_edges(self.lat), -90, 90)

    @cached_property
    def coast(self) -> list[shapely.Geometry]:
        """Outlines of the land, in degrees east of the middle."""
        extent = (self.x[0] + self.middle, self.x[-1] + self.middle, self.y[0], self.y[-1])
        return [affinity.translate(shape, -self.middle) for shape in land_geometries(extent)]

    @property
    def shape(self) -> float:
        """Height of a map over its width."""
        return float(np.ptp(self.y) / np.ptp(self.x))


@dataclass(frozen=True)
class Scale:
    """Colour map, lowest and highest value, and the label of the colour bar."""

    cmap: Colormap
    low: float
    high: float
    label: str


def value_scale(fields: Iterable[Float[np.ndarray, "lat lon"]], grid: Grid, label: str) -> Scale:
    """Give one scale for all fields; land does not count. A DataError if none has a value."""
    low, high = np.percentile(_finite(fields, grid), [SATURATED / 2, 100 - SATURATED / 2])
    return Scale(cmocean.cm.thermal, float(low), float(high) if high > low else float(low) + 1.0, label)


def error_scale(fields: Iterable[Float[np.ndarray, "lat lon"]], grid: Grid, label: str) -> Scale:
    """Give one scale for all errors, white at zero."""
    high = float(np.percentile(np.abs(_finite(fields, grid)), 100 - SATURATED)) or 1.0
    return Scale(cmocean.cm.balance, -high, high, label)


def size_scale(fields: Iterable[Float[np.ndarray, "lat lon"]], grid: Grid, label: str) -> Scale:
    """Give one scale from zero for all spreads and absolute errors."""
    high = float(np.percentile(_finite(fields, grid), 100 - SATURATED)) or 1.0
    return Scale(cmocean.cm.amp, 0.0, high, label)


def map_axes(figure: Figure, grid: Grid, n_rows: int, n_columns: int, *, titled: bool = False) -> np.ndarray:
    """Add maps to an empty figure, and set the height at which they fill its width.

    `titled` leaves room for titles above every row; without it there is room above the first row only.
    """
    projection = ccrs.PlateCarree(central_longitude=grid.middle)
    axes = figure.subplots(n_rows, n_columns, squeeze=False, subplot_kw={"projection": projection})
    panel = (WIDTH - 0.7) / n_columns - 0.1
    row = panel * grid.shape + (0.24 if titled else 0.14)
    figure.set_size_inches(WIDTH, float(np.clip(n_rows * row + 0.95, 2.0, 9.5)))
    return axes


def draw_map(
    axis: GeoAxes,
    field: Float[np.ndarray, "lat lon"],
    grid: Grid,
    scale: Scale,
    title: str = "",
    *,
    area: Grid | None = None,
    **font: Any,
) -> QuadMesh:
    """Draw one field with land, coast and a title; the map shows the area of another grid, by default of its own."""
    axis.set_axis_on()
    axis.set_title(title, **({"pad": 4} | font))
    axis.pcolormesh(grid.x, grid.y, np.where(grid.land, 1.0, np.nan), cmap=ListedColormap([LAND]), rasterized=True)
    shown = np.where(grid.land, np.nan, field)
    options: dict[str, Any] = {"cmap": scale.cmap, "vmin": scale.low, "vmax": scale.high, "rasterized": True}
    mesh = axis.pcolormesh(grid.x, grid.y, shown, **options)
    axis.add_geometries(grid.coast, axis.projection, facecolor="none", edgecolor=INK, linewidth=0.4)
    area = area or grid
    axis.set_extent((area.x[0], area.x[-1], area.y[0], area.y[-1]), crs=axis.projection)
    axis.spines["geo"].set(linewidth=0.5, edgecolor=QUIET)
    return mesh


def label_degrees(axes: np.ndarray, grid: Grid, n_maps: int | None = None) -> None:
    """Write degrees at the left and at the bottom of a figure; its first `n_maps` axes are maps, by default all."""
    columns = axes.shape[1]
    few = MaxNLocator(nbins=4, steps=[1, 2, 3, 5, 10])
    for place, axis in enumerate(axes.flat):
        if not axis.axison:
            continue
        west, east, south, north = axis.get_extent()
        inside = 0.04 * (east - west)
        x = [tick - grid.middle for tick in few.tick_values(west + grid.middle, east + grid.middle)]
        axis.set_xticks([tick for tick in x if west + inside <= tick <= east - inside])
        axis.set_yticks([tick for tick in few.tick_values(south, north) if south <= tick <= north])
        axis.xaxis.set_major_formatter(LongitudeFormatter())
        axis.yaxis.set_major_formatter(LatitudeFormatter())
        left, bottom = place % columns == 0, place + columns >= (n_maps or axes.size)
        axis.tick_params(labelleft=left, labelbottom=bottom, labelsize=6.5, length=2, width=0.5)


def colour_bar(figure: Figure, mesh: QuadMesh, axes: Any, scale: Scale, **options: Any) -> None:
    """Add the colour bar of a scale below the axes that use it."""
    bar = figure.colorbar(mesh, ax=axes, location="bottom", pad=0.02, extend="both", **options)
    bar.set_label(scale.label)
    bar.outline.set_linewidth(0.5)
    bar.ax.tick_params(labelsize=7)
    bar.locator = MaxNLocator(nbins=5)
    bar.update_ticks()


def _finite(fields: Iterable[Float[np.ndarray, "lat lon"]], grid: Grid) -> Float[np.ndarray, " value"]:
    """Give the values of all fields at sea."""
    values = np.concatenate([field[np.isfinite(field) & ~grid.land] for field in fields])
    if not values.size:
        raise DataError("Nothing to draw: no date chosen for the maps has a value; choose other dates.")
    return values


def _edges(centres: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " edge"]:
    """Give the edges of cells from their centres; a single cell is one degree wide."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    between = (centres[:-1] + centres[1:]) / 2
    return np.concatenate([[2 * centres[0] - between[0]], between, [2 * centres[-1] - between[-1]]])
