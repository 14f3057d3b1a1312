"""Maps of a filled record: what was observed, what was made of it, and how far to trust it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from esmlearn.plots.geographic import Grid, colour_bar, draw_map, label_degrees, map_axes, size_scale, value_scale
from esmlearn.plots.style import style, with_units


@dataclass(frozen=True)
class FilledDay:
    """One row of maps: its date, observations (NaN in gaps), filled field, and standard deviation if it is known."""

    label: str
    observed: Float[np.ndarray, "lat lon"]
    filled: Float[np.ndarray, "lat lon"]
    deviation: Float[np.ndarray, "lat lon"] | None = None


@style()
def maps_filled(days: Sequence[FilledDay], grid: Grid, *, quantity: str, units: str) -> Figure:
    """Draw observations, filled fields and their standard deviations of some days, each kind on one scale.

    Parameters
    ----------
    days
        One for each row. If any has no standard deviation, that column is left out.
    grid
        The cells of all fields.
    quantity, units
        Name and units of the values, for the colour bars.

    Returns
    -------
    Figure
        The axes of the maps come first, row by row; the colour bars last.
    """
    deviations = [day.deviation for day in days if day.deviation is not None]
    known = len(deviations) == len(days)
    titles = ["Observed", "Filled", *(["Standard deviation"] if known else [])]
    scale = value_scale(
        [field for day in days for field in (day.observed, day.filled)], grid, with_units(quantity, units)
    )
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, len(days), len(titles))
    for line, day in zip(axes, days, strict=True):
        draw_map(line[0], day.observed, grid, scale)
        mesh = draw_map(line[1], day.filled, grid, scale)
        line[0].text(-0.3, 0.5, day.label, transform=line[0].transAxes, rotation=90, va="center", ha="center", size=8.5)
    colour_bar(figure, mesh, axes[:, :2], scale, aspect=40, shrink=0.7)
    if known:
        scale = size_scale(deviations, grid, with_units("Standard deviation", units))
        meshes = [draw_map(axis, part, grid, scale) for axis, part in zip(axes[:, 2], deviations, strict=True)]
        colour_bar(figure, meshes[0], axes[:, 2:], scale, aspect=20, shrink=0.95)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, pad=4)
    label_degrees(axes, grid)
    return figure
