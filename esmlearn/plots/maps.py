"""Maps: what was observed, the truth, the methods, and their errors, side by side on common scales."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.plots.geographic import (
    Grid,
    colour_bar,
    draw_map,
    label_degrees,
    map_axes,
    scale_of_errors,
    scale_of_values,
    show_part,
)
from esmlearn.plots.style import style, with_units
from esmlearn.words import pretty_units

ERROR = "Reconstruction − truth"
COLUMNS = 4  # methods side by side


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
        What the method made of it.
    truth
        What is known to be right; None for data with real gaps.
    """

    label: str
    observed: Float[np.ndarray, "lat lon"]
    reconstruction: Float[np.ndarray, "lat lon"]
    truth: Float[np.ndarray, "lat lon"] | None = None


@dataclass(frozen=True)
class MethodMap:
    """One method on a map: its name, role, values, and a score for its title; None where there is none."""

    method: str
    role: str
    values: Float[np.ndarray, "lat lon"]
    score: float | None = None


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
    titles = [first, "Truth", method_info(method).label, "Error"] if known else [first, method_info(method).label]
    rows = [
        [panel.observed, *([panel.truth] if panel.truth is not None and known else []), panel.reconstruction]
        for panel in panels
    ]
    errors = [panel.reconstruction - panel.truth for panel in panels if panel.truth is not None] if known else []
    scale = scale_of_values([_ocean(field, grid) for row in rows for field in row], with_units(quantity, units))
    with style():
        figure = Figure(layout="constrained")
        axes = map_axes(figure, grid, len(rows), len(titles))
        for line, fields in zip(axes, rows, strict=True):
            meshes = [draw_map(axis, field, grid, scale) for axis, field in zip(line, fields, strict=False)]
        colour_bar(figure, meshes[0], axes[:, : len(rows[0])], scale, aspect=40, shrink=0.7)
        if known:
            scale = scale_of_errors([_ocean(error, grid) for error in errors], with_units(ERROR, units))
            meshes = [draw_map(axis, error, grid, scale) for axis, error in zip(axes[:, 3], errors, strict=True)]
            colour_bar(figure, meshes[0], axes[:, 3:], scale, aspect=13, shrink=0.95)
        for axis, title in zip(axes[0], titles, strict=True):
            axis.set_title(title, pad=4)
        for line, panel in zip(axes, panels, strict=True):
            line[0].text(
                -0.3, 0.5, panel.label, transform=line[0].transAxes, rotation=90, va="center", ha="center", size=8.5
            )
        _label_outside(axes, grid)
    return figure


def maps_monthly(panels: Sequence[Panel], grid: Grid, *, quantity: str, units: str, method: str) -> Figure:
    """Draw the same maps for months; the first column is the mean of the days that were observed."""
    return maps(panels, grid, quantity=quantity, units=units, method=method, first="Mean of observed days")


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
    """Draw one day as seen, as it was, and as every method has it, each with its error below.

    Parameters
    ----------
    observed
        What the methods were given; NaN elsewhere. None for no such map.
    truth
        The complete truth of the day.
    methods
        The best first; their score is the RMSE of the day on hidden points.
    grid
        Where the cells lie.
    label
        Which day, written beside the first maps if there is room.
    quantity, units
        Name and units of what is shown, for the colour bars.
    coarse
        Where the cells of `observed` lie, if it is a coarse field.
    """
    columns = min(COLUMNS, max(2, len(methods)))
    blocks = -(-len(methods) // columns)
    errors = [method.values - truth for method in methods]
    fields = [truth, *(method.values for method in methods)]
    scale = scale_of_values([_ocean(field, grid) for field in fields], with_units(quantity, units))
    # A scale that fits the worst would hide what sets the best apart.
    error_scale = scale_of_errors([_ocean(error, grid) for error in errors[:COLUMNS]], with_units(ERROR, units))
    with style():
        figure = Figure(layout="constrained")
        axes = map_axes(figure, grid, 1 + 2 * blocks, columns, titled=True)
        if observed is not None:
            draw_map(axes[0, 0], observed, coarse or grid, scale)
            show_part(axes[0, 0], grid)
            axes[0, 0].set_title("Coarse" if coarse else "Observed", pad=4)
        mesh = draw_map(axes[0, 1], truth, grid, scale)
        axes[0, 1].set_title("Truth", pad=4)
        for number, (method, error) in enumerate(zip(methods, errors, strict=True)):
            above, below = axes[1 + 2 * (number // columns) :, number % columns][:2]
            draw_map(above, method.values, grid, scale)
            wrong = draw_map(below, error, grid, error_scale)
            above.set_title(method_info(method.method).label, pad=4, fontweight=_weight(method))
            below.set_title(_rmse(method, units), pad=3, size=7.5, fontweight=_weight(method))
        unused = [axis for axis in axes.flat if not axis.collections]
        for axis in unused:
            axis.set_axis_off()
        if columns > 2:
            axes[0, 2].text(0.0, 0.96, label, transform=axes[0, 2].transAxes, va="top", size=9.5, linespacing=1.6)
        colour_bar(figure, mesh, axes[:, : columns // 2], scale, aspect=30, shrink=0.8)
        colour_bar(figure, wrong, axes[:, columns // 2 :], error_scale, aspect=30, shrink=0.8)
        _label_outside(axes, grid)
    return figure


def maps_bias(methods: Sequence[MethodMap], grid: Grid, *, units: str) -> Figure:
    """Draw the mean error of some methods at every place, on one scale.

    Parameters
    ----------
    methods
        Mean of reconstruction - truth over the hidden days, NaN where there are too few; the score is their RMSE.
    grid
        Where the cells lie.
    units
        Units of the values.
    """
    scale = scale_of_errors([_ocean(method.values, grid) for method in methods], with_units("Mean error", units))
    with style():
        figure = Figure(layout="constrained")
        axes = map_axes(figure, grid, 1, max(2, len(methods)))
        for axis in axes[0, len(methods) :]:
            axis.set_axis_off()
        for axis, method in zip(axes[0], methods, strict=False):
            mesh = draw_map(axis, method.values, grid, scale)
            axis.set_title(method_info(method.method).label, pad=4, fontweight=_weight(method))
        colour_bar(figure, mesh, axes, scale, aspect=40, shrink=0.6)
        _label_outside(axes, grid)
    return figure


def _ocean(field: Float[np.ndarray, "lat lon"], grid: Grid) -> Float[np.ndarray, "lat lon"]:
    """Give a field without its values on land, which have no part in a scale."""
    return np.where(grid.land, np.nan, field)


def _rmse(method: MethodMap, units: str) -> str:
    """Title of an error."""
    return "Error" if method.score is None else f"Error, RMSE {method.score:.2f} {pretty_units(units)}".strip()


def _weight(method: MethodMap) -> str:
    """Models stand out."""
    return "bold" if method.role == "model" else "normal"


def _label_outside(axes: np.ndarray, grid: Grid) -> None:
    """Write degrees at the left and at the bottom of the figure only."""
    for number, line in enumerate(axes):
        for column, axis in enumerate(line):
            if axis.axison:
                label_degrees(axis, grid, left=column == 0, bottom=number == len(axes) - 1)
