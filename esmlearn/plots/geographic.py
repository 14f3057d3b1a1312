"""Maps: what was observed, the truth, the reconstruction and its error, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cartopy.crs as ccrs
import cmocean
import numpy as np
from cartopy.mpl.geoaxes import GeoAxes
from cartopy.mpl.ticker import LatitudeFormatter, LongitudeFormatter
from jaxtyping import Bool, Float
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from shapely import affinity

from esmlearn.data.land import land_geometries
from esmlearn.errors import DataError
from esmlearn.plots.style import INK, LAND, QUIET, WIDTH, method_label, style, with_units

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
    """

    lat: Float[np.ndarray, " lat"]
    lon: Float[np.ndarray, " lon"]
    land: Bool[np.ndarray, "lat lon"]


@dataclass(frozen=True)
class Panel:
    """One row of maps.

    Attributes
    ----------
    label
        The date, as shown beside the row.
    observed
        What the methods were given; NaN elsewhere.
    reconstruction
        What the method says.
    truth
        What is known to be right; None for data with real gaps.
    """

    label: str
    observed: Float[np.ndarray, "lat lon"]
    reconstruction: Float[np.ndarray, "lat lon"]
    truth: Float[np.ndarray, "lat lon"] | None = None


def maps(
    panels: Sequence[Panel], grid: Grid, *, quantity: str, units: str, method: str, first: str = "Observed"
) -> Figure:
    """Draw observed | truth | reconstruction | error for some dates, with common scales.

    Parameters
    ----------
    panels
        One for each row. If any lacks a truth, the columns truth and error are left out.
    grid
        Where the cells lie.
    quantity, units
        Name and units of what is shown, for the colour bars.
    method
        Name of the method that reconstructed.
    first
        Title of the first column.

    Returns
    -------
    Figure
        Its map axes come first, row by row; the colour bars last.
    """
    known = all(panel.truth is not None for panel in panels)
    rows = [_fields(panel, grid.land, known) for panel in panels]
    titles = [first, "Truth", method_label(method), "Error"] if known else [first, method_label(method)]
    fields = [field for row in rows for field in (row[:3] if known else row)]
    low, high = _limits(fields)
    reach = max(map(abs, _limits([row[3] for row in rows]))) if known else 0.0
    projection = ccrs.PlateCarree(central_longitude=_middle(grid.lon))
    with style():
        figure = Figure(layout="constrained")
        axes = figure.subplots(len(rows), len(titles), subplot_kw={"projection": projection}, squeeze=False)
        meshes = _draw_all(axes, rows, grid, (low, high), reach or 1.0)
        for axis, title in zip(axes[0], titles, strict=True):
            axis.set_title(title, pad=4)
        for axis, panel in zip(axes[:, 0], panels, strict=True):
            axis.text(
                -0.3,
                0.5,
                panel.label,
                transform=axis.transAxes,
                rotation=90,
                va="center",
                ha="center",
                size=8.5,
            )
        figure.set_size_inches(WIDTH, _height(grid, len(rows), len(titles)))
        _colour_bars(figure, axes, meshes, with_units(quantity, units), with_units("Reconstruction − truth", units))
    return figure


def maps_monthly(panels: Sequence[Panel], grid: Grid, *, quantity: str, units: str, method: str) -> Figure:
    """Draw the same maps for months; the first column is the mean of the days that were observed."""
    return maps(panels, grid, quantity=quantity, units=units, method=method, first="Mean of observed days")


def _fields(panel: Panel, land: Bool[np.ndarray, "lat lon"], known: bool) -> list[Float[np.ndarray, "lat lon"]]:
    """What one row shows, NaN on land."""
    fields = [panel.observed, panel.reconstruction]
    if known and panel.truth is not None:
        fields = [panel.observed, panel.truth, panel.reconstruction, panel.reconstruction - panel.truth]
    return [np.where(land, np.nan, field) for field in fields]


def _limits(fields: Sequence[Float[np.ndarray, "lat lon"]]) -> tuple[float, float]:
    """Limits of a common colour scale."""
    values = np.concatenate([field[np.isfinite(field)] for field in fields])
    if not values.size:
        raise DataError("Nothing to draw: no date chosen for the maps has a value; choose other dates.")
    low, high = np.percentile(values, [SATURATED / 2, 100 - SATURATED / 2])
    return float(low), float(high) if high > low else float(low) + 1.0


def _middle(lon: Float[np.ndarray, " lon"]) -> float:
    """Longitude in the middle of the map."""
    return float((_eastward(lon)[0] + _eastward(lon)[-1]) / 2)


def _eastward(lon: Float[np.ndarray, " lon"]) -> Float[np.ndarray, " lon"]:
    """Longitudes without the jump at the date line or at Greenwich."""
    return np.unwrap(lon, period=360.0)


def _edges(centres: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " edge"]:
    """Edges of cells by their centres."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    between = (centres[:-1] + centres[1:]) / 2
    return np.concatenate([[2 * centres[0] - between[0]], between, [2 * centres[-1] - between[-1]]])


def _height(grid: Grid, n_rows: int, n_columns: int) -> float:
    """Height of the figure (inches) at which the maps fill its width."""
    shape = np.ptp(_edges(grid.lat)) / np.ptp(_edges(_eastward(grid.lon)))
    panel = (WIDTH - 0.7) / n_columns - 0.1
    return float(np.clip(n_rows * (panel * shape + 0.14) + 0.95, 2.0, 9.5))


def _draw_all(
    axes: np.ndarray,
    rows: Sequence[Sequence[Float[np.ndarray, "lat lon"]]],
    grid: Grid,
    limits: tuple[float, float],
    reach: float,
) -> tuple[QuadMesh, QuadMesh]:
    """Draw all maps; give back one of the fields and one of the last column."""
    # In the map's own coordinates a region across the date line is in one piece, and nothing has to be wrapped.
    x, y = _edges(_eastward(grid.lon) - _middle(grid.lon)), np.clip(_edges(grid.lat), -90, 90)
    extent = (x[0] + _middle(grid.lon), x[-1] + _middle(grid.lon), y[0], y[-1])
    coast = [affinity.translate(shape, -_middle(grid.lon)) for shape in land_geometries(extent)]
    meshes = []
    for number, (row, fields) in enumerate(zip(axes, rows, strict=True)):
        for column, (axis, field) in enumerate(zip(row, fields, strict=True)):
            scale = {"cmap": cmocean.cm.thermal, "vmin": limits[0], "vmax": limits[1]}
            if column == 3:
                scale = {"cmap": cmocean.cm.balance, "vmin": -reach, "vmax": reach}
            axis.pcolormesh(x, y, np.where(grid.land, 1.0, np.nan), cmap=ListedColormap([LAND]), rasterized=True)
            meshes.append(axis.pcolormesh(x, y, field, rasterized=True, **scale))
            axis.add_geometries(coast, axis.projection, facecolor="none", edgecolor=INK, linewidth=0.4)
            axis.set_extent((x[0], x[-1], y[0], y[-1]), crs=axis.projection)
            axis.spines["geo"].set(linewidth=0.5, edgecolor=QUIET)
            _label_axes(axis, _middle(grid.lon), left=column == 0, bottom=number == len(rows) - 1)
    return meshes[1], meshes[-1]


def _label_axes(axis: GeoAxes, middle: float, *, left: bool, bottom: bool) -> None:
    """Write degrees at the left and at the bottom of the figure only."""
    west, east, south, north = axis.get_extent()
    few = MaxNLocator(nbins=4, steps=[1, 2, 3, 5, 10])
    inside = 0.04 * (east - west)
    x = [tick - middle for tick in few.tick_values(west + middle, east + middle)]
    axis.set_xticks([tick for tick in x if west + inside <= tick <= east - inside])
    axis.set_yticks([tick for tick in few.tick_values(south, north) if south <= tick <= north])
    axis.xaxis.set_major_formatter(LongitudeFormatter())
    axis.yaxis.set_major_formatter(LatitudeFormatter())
    axis.tick_params(labelleft=left, labelbottom=bottom, labelsize=6.5, length=2, width=0.5)


def _colour_bars(
    figure: Figure, axes: np.ndarray, meshes: tuple[QuadMesh, QuadMesh], quantity: str, difference: str
) -> None:
    """One colour bar for the fields, one for the error, below their columns."""
    fields, error = meshes
    fields_axes = axes[:, :3] if axes.shape[1] == 4 else axes
    options: dict[str, Any] = {"location": "bottom", "aspect": 40, "shrink": 0.7, "pad": 0.02, "extend": "both"}
    bar = figure.colorbar(fields, ax=fields_axes, **options)
    bar.set_label(quantity)
    bars = [bar]
    if axes.shape[1] == 4:
        bars.append(figure.colorbar(error, ax=axes[:, 3:], **(options | {"aspect": 13, "shrink": 0.95})))
        bars[1].set_label(difference)
    for bar in bars:
        bar.outline.set_linewidth(0.5)
        bar.ax.tick_params(labelsize=7)
        bar.locator = MaxNLocator(nbins=5)
        bar.update_ticks()
