"""Errors by difficulty: the RMSE of every method by distance to observations, season, and so on."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from esmlearn.methods import method_info
from esmlearn.plots.style import WIDTH, colours_of, plain_log_ticks, style, with_units

Number = int | float
Limits = tuple[Number, Number]

MONTHS = "JFMAMJJASOND"
SEASONS = ("DJF", "MAM", "JJA", "SON")
SURFACES = ("Sea", "Land")
# In the order of the panels, with the label of the axis by day and by month.
BREAKDOWNS = {
    "days_to_observation": ("Days to the nearest observation",) * 2,
    "distance_to_observation": ("Nearest observation of the day (km)",) * 2,
    "share_hidden": ("Share of the area hidden (%)", "Share of the days hidden (%)"),
    "distance_to_coast": ("Distance to the coast (km)",) * 2,
    "surface": ("Surface",) * 2,
    "height": ("Height (m)",) * 2,
    "hour": ("Hour of the day (UTC)",) * 2,
    "season": ("Season",) * 2,
    "month": ("Month",) * 2,
}
MOST_HOURS = 8  # labels below an axis
FOREGROUND = 3  # best baselines that are drawn with marks; the others have thin lines


@style()
def rmse_by(rows: Sequence[Mapping[str, Any]], frequency: str, *, by: Sequence[str] = tuple(BREAKDOWNS)) -> Figure:
    """Draw the RMSE of every method in groups of points, one panel for each breakdown that the rows have.

    All panels share one logarithmic scale. Below each is the number of points.

    Parameters
    ----------
    rows
        Rows of `breakdown.json` of one dataset.
    frequency
        `day` or `mon`.
    by
        Breakdowns to show, of `days_to_observation`, `distance_to_observation`, `share_hidden`, `distance_to_coast`,
        `surface`, `height`, `hour`, `season`, `month`.
    """
    wanted = ("rmse", frequency, "all")
    found = [row for row in rows if (row["metric"], row["frequency"], row["region"]) == wanted and "bin" in row]
    shown = [name for name in by if any(row["bin"]["by"] == name for row in found)]
    looks = _looks([row for row in found if row["bin"]["by"] in shown])
    slots = len(shown) + 1
    n_columns = 2 if slots in (2, 4) else 3
    n_rows = -(-slots // n_columns)
    figure = Figure(figsize=(WIDTH, 0.2 + 2.35 * n_rows), layout="constrained")
    axes = figure.subplots(2 * n_rows, n_columns, squeeze=False, height_ratios=[5, 1] * n_rows)
    pairs = list(zip(axes[::2].flat, axes[1::2].flat, strict=True))
    for number, (pair, name) in enumerate(zip(pairs, shown, strict=False)):
        if number:
            pair[0].sharey(pairs[0][0])
        _panel(pair, [row for row in found if row["bin"]["by"] == name], name, looks)
        pair[0].tick_params(labelleft=number % n_columns == 0)
        if number % n_columns == 0:
            pair[0].set_ylabel(with_units("RMSE", found[0]["units"]))
            pair[1].set_ylabel("Points")
    for axis in (axis for pair in pairs[len(shown) :] for axis in pair):
        axis.set_axis_off()
    handles, labels = pairs[0][0].get_legend_handles_labels()
    pairs[len(shown)][0].legend(handles, labels, loc="upper left", borderaxespad=0, labelspacing=0.7)
    figure.align_ylabels()
    return figure


def _looks(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give the look of all lines, the best first: models thick, the best baselines with marks, the others thin."""
    roles = {row["method"]: row["role"] for row in found}
    colours = colours_of(roles)
    total = {method: sum(row["n"] * row["value"] ** 2 for row in found if row["method"] == method) for method in roles}
    baselines = [method for method in sorted(total, key=total.__getitem__) if roles[method] == "baseline"]
    looks = {}
    for method in sorted(total, key=total.__getitem__):
        look: dict[str, Any] = {"linewidth": 0.9, "alpha": 0.75}
        if roles[method] == "model":
            look = {"linewidth": 2.2, "marker": method_info(method).mark, "markersize": 4.5, "zorder": 4}
        elif method in baselines[:FOREGROUND]:
            look = {"linewidth": 1.3, "marker": method_info(method).mark, "zorder": 3}
        looks[method] = look | {"color": colours[method], "label": method_info(method).label}
    return looks


def _panel(
    pair: tuple[Axes, Axes], here: Sequence[Mapping[str, Any]], by: str, looks: Mapping[str, Mapping[str, Any]]
) -> None:
    """Draw one breakdown: lines above, numbers of points below."""
    axis, below = pair
    limits = sorted({_limits(row) for row in here})
    places = range(len(limits))
    for method, look in looks.items():
        values = {_limits(row): row["value"] for row in here if row["method"] == method}
        axis.plot(places, [values.get(limit, np.nan) for limit in limits], **look)
    axis.set_yscale("log")
    plain_log_ticks(axis.yaxis)
    axis.grid(axis="y")
    ticks, labels = _ticks(by, limits)
    axis.set(xticks=ticks, xticklabels=[], xlim=(-0.5, len(limits) - 0.5))
    counts = {_limits(row): row["n"] for row in here}
    below.bar(places, [counts[limit] for limit in limits], color="#c9c9c9", width=0.7)
    below.set(xticks=ticks, xticklabels=labels, xlim=(-0.5, len(limits) - 0.5))
    below.yaxis.set_major_locator(MaxNLocator(nbins=2))
    below.yaxis.set_major_formatter(EngFormatter(sep=""))
    below.set_xlabel(BREAKDOWNS[by][here[0]["frequency"] == "mon"])


def _limits(row: Mapping[str, Any]) -> Limits:
    """Give the limits of a row's bin; an upper limit of None is infinite."""
    bin_ = row["bin"]
    return bin_["from"], np.inf if bin_["to"] is None else bin_["to"]


def _ticks(by: str, limits: Sequence[Limits]) -> tuple[list[float], list[str]]:
    """Give ticks and labels: at the edges if the bins have common edges, else one for each bin."""
    names = {"month": MONTHS, "season": SEASONS, "surface": SURFACES}
    if by in names:
        first = 0 if by == "surface" else 1
        return [float(place) for place in range(len(limits))], [names[by][int(low) - first] for low, _ in limits]
    if by == "hour":
        places = range(0, len(limits), -(-len(limits) // MOST_HOURS))
        return [float(place) for place in places], [f"{limits[place][0]:.0f}" for place in places]
    if all(high == low for (_, high), (low, _) in pairwise(limits)):
        edges = [limits[0][0], *(high for _, high in limits)]
        unit = 100 if by == "share_hidden" else 1
        labels = ["" if np.isinf(edge) else f"{unit * edge:.0f}" for edge in edges]
        return [place - 0.5 for place in range(len(edges))], labels
    return [float(place) for place in range(len(limits))], [_bin_label(*limit) for limit in limits]


def _bin_label(low: Number, high: Number) -> str:
    """Write one bin of whole numbers."""
    if np.isinf(high):
        return f"≥ {low:.0f}"
    return f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
