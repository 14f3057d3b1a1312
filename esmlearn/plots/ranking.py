"""All methods ranked by their RMSE, and by the days of marine heatwaves that they find."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.plots.style import (
    GUIDE,
    INK,
    QUIET,
    WIDTH,
    colours_of,
    frequencies_of,
    plain_log_ticks,
    style,
    with_units,
)
from esmlearn.words import frequency_words, number

HEATWAVES = {"hit": "hit_rate", "false": "false_alarm_ratio", "index": "critical_success_index"}


@style()
def ranked_skill(rows: Sequence[Mapping[str, Any]], *, label: str = "RMSE on hidden points") -> Figure:
    """Rank all methods by their RMSE, one panel for each frequency; the best is on top.

    The scale is logarithmic, as errors are compared by their ratio. A line shows the interval of a row that has one.

    Parameters
    ----------
    rows
        Rows of `scores.json` of one dataset.
    label
        Label of the scale.
    """
    whole = [row for row in rows if row["metric"] == "rmse" and row["region"] == "all" and "bin" not in row]
    frequencies = frequencies_of(whole)
    colours = colours_of({row["method"]: row["role"] for row in whole})
    figure = Figure(figsize=(WIDTH, 0.8 + 0.24 * len(colours)), layout="constrained")
    axes = figure.subplots(1, len(frequencies), squeeze=False)[0]
    for axis, frequency in zip(axes, frequencies, strict=True):
        ranked = sorted((row for row in whole if row["frequency"] == frequency), key=lambda row: -row["value"])
        for place, row in enumerate(ranked):
            _dot(axis, place, row, colours[row["method"]])
        _label_methods(axis, ranked)
        axis.set_xscale("log")
        plain_log_ticks(axis.xaxis)
        axis.set_xmargin(0.08)
        axis.grid(axis="x")
        axis.set_title(frequency_words(frequency).capitalize(), loc="left")
        axis.set_xlabel(with_units(label, ranked[0]["units"]))
    return figure


@style()
def heatwave_days(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw for each method how many of 100 heatwave days it finds, how many it misses, and its false alarms.

    Parameters
    ----------
    rows
        Rows of `scores.json` of one dataset, with the metrics `heatwave_...`; a method without a false-alarm ratio
        has no heatwave days at all.
    """
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        if row["metric"].startswith("heatwave_") and row["region"] == "all" and "bin" not in row:
            found.setdefault(row["method"], {})[row["metric"].removeprefix("heatwave_")] = row
    value = {
        method: {name: metrics[key]["value"] if key in metrics else 0.0 for name, key in HEATWAVES.items()}
        for method, metrics in found.items()
    }
    ranked = [found[method]["hit_rate"] for method in sorted(found, key=lambda method: value[method]["index"])]
    colours = colours_of({row["method"]: row["role"] for row in ranked})
    figure = Figure(figsize=(0.8 * WIDTH, 0.85 + 0.24 * len(ranked)), layout="constrained")
    axis = figure.subplots()
    for place, row in enumerate(ranked):
        share = value[row["method"]]
        hits = 100 * share["hit"]
        # The false-alarm ratio is the share of all alarms that is wrong; hits are the other alarms.
        alarms = hits * share["false"] / (1 - share["false"]) if share["false"] < 1 else 0.0
        colour = colours[row["method"]]
        axis.barh(place, hits, color=colour, height=0.62)
        axis.barh(place, 100 - hits, left=hits, color=colour, alpha=0.18, height=0.62)
        axis.barh(place, alarms, left=100, facecolor="none", edgecolor=colour, hatch="/////", height=0.62)
        axis.text(1.02, place, f"{share['index']:.2f}", transform=axis.get_yaxis_transform(), va="center")
    axis.axvline(100, color=INK, linewidth=0.8)
    axis.text(1.02, len(ranked) - 0.35, "CSI", transform=axis.get_yaxis_transform(), color=QUIET, size=7)
    for x, side, words in ((1, "left", "found"), (99, "right", "missed"), (101, "left", "false alarms")):
        axis.text(x, len(ranked) - 0.35, words, ha=side, color=QUIET, size=7)
    _label_methods(axis, ranked)
    axis.set_xlabel("Marine heatwave days, per 100 in the truth")
    return figure


def _dot(axis: Axes, place: int, row: Mapping[str, Any], colour: str) -> None:
    """Draw one method: its value, the interval about it, and the number at the right."""
    model = row["role"] == "model"
    axis.axhline(place, color=GUIDE, linewidth=0.6, zorder=0)
    if row.get("low") is not None:
        axis.hlines(place, row["low"], row["high"], color=colour, linewidth=8, alpha=0.35)
    axis.plot(row["value"], place, method_info(row["method"]).mark, color=colour, markersize=4.5 if model else 3.8)
    weight = "bold" if model else "normal"
    axis.text(1.02, place, number(row["value"]), transform=axis.get_yaxis_transform(), va="center", fontweight=weight)


def _label_methods(axis: Axes, ranked: Sequence[Mapping[str, Any]]) -> None:
    """Write the labels of the methods at the left, those of models bold."""
    axis.set_yticks(range(len(ranked)), [method_info(row["method"]).label for row in ranked])
    axis.set_ylim(-0.6, len(ranked) - 0.4)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    for label, row in zip(axis.get_yticklabels(), ranked, strict=True):
        label.set_fontweight("bold" if row["role"] == "model" else "normal")
