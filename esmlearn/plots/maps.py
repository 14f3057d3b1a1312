"""Maps of the observations, the truth, the methods and their errors, side by side on common scales."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.plots.geographic import Grid, colour_bar, draw_map, error_scale, label_degrees, map_axes, value_scale
from esmlearn.plots.style import style, with_units
from esmlearn.words import number, pretty_units

ERROR = "Reconstruction − truth"
COLUMNS = 4  # methods side by side


@dataclass(frozen=True)
class Panel:
    """One row of maps: its date, the observations (NaN in gaps), the reconstruction, and the truth if it is known."""

    label: str
    observed: Float[np.ndarray, "lat lon"]
    reconstruction: Float[np.ndarray, "lat lon"]
    truth: Float[np.ndarray, "lat lon"] | None = None


@dataclass(frozen=True)
class MethodMap:
    """One method on a map: its name, its role, its values, and the RMSE for its title, if there is one."""

    method: str
    role: str
    values: Float[np.ndarray, "lat lon"]
    score: float | None = None


@style()
def maps(
    panels: Sequence[Panel], grid: Grid, *, quantity: str, units: str, method: str, first: str = "Observed"
) -> Figure:
    """Draw observations, truth, reconstruction and error of some dates, with common scales.

    Parameters
    ----------
    panels
        One for each row. If any has no truth, the columns truth and error are left out.
    grid
        The cells of all fields.
    quantity, units
        Name and units of the values, for the colour bars.
    method
        Name of the method of the reconstruction.
    first
        Title of the first column.

    Returns
    -------
    Figure
        The axes of the maps come first, row by row; the colour bars last.
    """
    known = all(panel.truth is not None for panel in panels)
    titles = [first, "Truth", method_info(method).label, "Error"] if known else [first, method_info(method).label]
    rows = [
        [panel.observed, *([panel.truth] if panel.truth is not None and known else []), panel.reconstruction]
        for panel in panels
    ]
    errors = [panel.reconstruction - panel.truth for panel in panels if panel.truth is not None] if known else []
    scale = value_scale([field for row in rows for field in row], grid, with_units(quantity, units))
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, len(rows), len(titles))
    for line, fields in zip(axes, rows, strict=True):
        meshes = [draw_map(axis, field, grid, scale) for axis, field in zip(line, fields, strict=False)]
    colour_bar(figure, meshes[0], axes[:, : len(rows[0])], scale, aspect=40, shrink=0.7)
    if known:
        scale = error_scale(errors, grid, with_units(ERROR, units))
        meshes = [draw_map(axis, error, grid, scale) for axis, error in zip(axes[:, 3], errors, strict=True)]
        colour_bar(figure, meshes[0], axes[:, 3:], scale, aspect=13, shrink=0.95)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, pad=4)
    for axis, panel in zip(axes[:, 0], panels, strict=True):
        axis.text(-0.3, 0.5, panel.label, transform=axis.transAxes, rotation=90, va="center", ha="center", size=8.5)
    label_degrees(axes, grid)
    return figure


def maps_monthly(panels: Sequence[Panel], grid: Grid, *, quantity: str, units: str, method: str) -> Figure:
    """Draw the same maps for months; the first column is the mean of the observed days."""
    return maps(panels, grid, quantity=quantity, units=units, method=method, first="Mean of observed days")


@style()
def maps_methods(
    observed: Float[np.ndarray, "y x"] | None,
    truth: Float[np.ndarray, "lat lon"],
    methods: Sequence[MethodMap],
    grid: Grid,
    *,
    label: str,
    quantity: str,
    units: str,
    coarse: Grid | None = None,
) -> Figure:
    """Draw one day: the observations, the truth, and every method with its error below.

    Parameters
    ----------
    observed
        Observations, NaN elsewhere, or the coarse field; None for no such map.
    truth
        The complete truth of the day.
    methods
        The best first; their score is the RMSE of the day on hidden points.
    grid
        The cells of all fields.
    label
        The day, written beside the first maps if there is room.
    quantity, units
        Name and units of the values, for the colour bars.
    coarse
        The cells of `observed`, if it is a coarse field.
    """
    columns = min(COLUMNS, max(2, len(methods)))
    blocks = -(-len(methods) // columns)
    errors = [method.values - truth for method in methods]
    scale = value_scale([truth, *(method.values for method in methods)], grid, with_units(quantity, units))
    # A scale that fits the worst method would hide the differences between the best.
    scale_of_errors = error_scale(errors[:COLUMNS], grid, with_units(ERROR, units))
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, 1 + 2 * blocks, columns, titled=True)
    if observed is not None:
        draw_map(axes[0, 0], observed, coarse or grid, scale, "Coarse" if coarse else "Observed", area=grid)
    mesh = draw_map(axes[0, 1], truth, grid, scale, "Truth")
    for place, (method, error) in enumerate(zip(methods, errors, strict=True)):
        above, below = axes[1 + 2 * (place // columns) :, place % columns][:2]
        draw_map(above, method.values, grid, scale, method_info(method.method).label, fontweight=_weight(method))
        rmse = "Error" if method.score is None else f"Error, RMSE {number(method.score)} {pretty_units(units)}".strip()
        wrong = draw_map(below, error, grid, scale_of_errors, rmse, pad=3, size=7.5, fontweight=_weight(method))
    for axis in axes.flat:
        if not axis.collections:
            axis.set_axis_off()
    if columns > 2:
        axes[0, 2].text(0.0, 0.96, label, transform=axes[0, 2].transAxes, va="top", size=9.5, linespacing=1.6)
    colour_bar(figure, mesh, axes[:, : columns // 2], scale, aspect=30, shrink=0.8)
    colour_bar(figure, wrong, axes[:, columns // 2 :], scale_of_errors, aspect=30, shrink=0.8)
    label_degrees(axes, grid)
    return figure


@style()
def maps_bias(methods: Sequence[MethodMap], grid: Grid, *, units: str) -> Figure:
    """Draw the mean error of some methods at every place, on one scale.

    Parameters
    ----------
    methods
        Mean of reconstruction - truth over the hidden days, NaN where there are too few.
    grid
        The cells of all fields.
    units
        Units of the values.
    """
    scale = error_scale([method.values for method in methods], grid, with_units("Mean error", units))
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, 1, max(2, len(methods)))
    for axis in axes[0, len(methods) :]:
        axis.set_axis_off()
    for axis, method in zip(axes[0], methods, strict=False):
        label = method_info(method.method).label
        mesh = draw_map(axis, method.values, grid, scale, label, fontweight=_weight(method))
    colour_bar(figure, mesh, axes, scale, aspect=40, shrink=0.6)
    label_degrees(axes, grid)
    return figure


def _weight(method: MethodMap) -> str:
    """Give the weight of a title: models are bold."""
    return "bold" if method.role == "model" else "normal"
