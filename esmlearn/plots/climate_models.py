"""Biases of climate models on maps, and their seasonal cycles."""

import calendar
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure

from esmlearn.plots.geographic import Grid, colour_bar, draw_map, error_scale, label_degrees, map_axes
from esmlearn.plots.style import INK, QUIET, WIDTH, style, with_units

COLUMNS = 3


@style()
def maps_model_bias(
    biases: Mapping[str, tuple[Float[np.ndarray, "lat lon"], Bool[np.ndarray, "lat lon"]]], grid: Grid, *, units: str
) -> Figure:
    """Draw the annual bias of each climate model, dotted where it lies within the uncertainty of the comparison.

    Parameters
    ----------
    biases
        Bias and whether it is significant, by the name of the model.
    grid
        The cells.
    units
        Units of the biases.
    """
    scale = error_scale([bias for bias, _ in biases.values()], grid, with_units("Model − reconstruction", units))
    columns = min(COLUMNS, max(2, len(biases)))
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, -(-len(biases) // columns), columns, titled=True)
    for axis in axes.flat[len(biases) :]:
        axis.set_axis_off()
    centres = [(edges[:-1] + edges[1:]) / 2 for edges in (grid.x, grid.y)]
    every = max(1, grid.land.shape[1] // 48)
    for axis, (name, (bias, significant)) in zip(axes.flat, biases.items(), strict=False):
        mesh = draw_map(axis, bias, grid, scale, name)
        thin = np.zeros_like(significant)
        thin[::every, ::every] = True
        rows, places = np.nonzero(thin & ~significant & np.isfinite(bias) & ~grid.land)
        axis.scatter(centres[0][places], centres[1][rows], s=0.6, color=INK, linewidths=0)
    colour_bar(figure, mesh, axes, scale, aspect=40, shrink=0.6)
    label_degrees(axes, grid)
    return figure


@style()
def seasonal_cycles(
    models: Mapping[str, Float[np.ndarray, " 12"]],
    reference: Float[np.ndarray, " 12"],
    error: Float[np.ndarray, " 12"],
    *,
    quantity: str,
    units: str,
) -> Figure:
    """Draw the mean seasonal cycle of each climate model over the domain, beside that of the reconstruction.

    Parameters
    ----------
    models
        Means of January to December over the area, by the name of the model.
    reference, error
        The same of the reconstruction, and the half-width of its 95 % interval.
    quantity, units
        Name and units of the values.
    """
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    above, below = figure.subplots(1, 2)
    months = np.arange(1, 13)
    above.plot(months, reference, color=INK, linewidth=2, label="Reconstruction")
    below.fill_between(
        months, -error, error, color=QUIET, alpha=0.3, linewidth=0, label="95 % interval of the reconstruction"
    )
    below.axhline(0, color=INK, linewidth=0.8)
    for number, (name, cycle) in enumerate(models.items()):
        look = {"color": f"C{number}", "marker": "osD^vP"[number % 6], "markersize": 3}
        above.plot(months, cycle, label=name, **look)
        below.plot(months, cycle - reference, **look)
    above.set_ylabel(with_units(quantity, units))
    below.set_ylabel(with_units("Model − reconstruction", units))
    for axis in (above, below):
        axis.set_xticks(months, [name[0] for name in calendar.month_abbr[1:]])
        axis.legend()
    return figure
