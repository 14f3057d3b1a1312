"""Charts: scores at a glance, scores by difficulty, calibration, one place in time, and how training went."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from esmlearn.plots.style import INK, QUIET, WIDTH, colours_of, method_label, style, with_units

Number = int | float

FREQUENCIES = {"day": "Daily", "mon": "Monthly"}
MONTHS = "JFMAMJJASOND"
BREAKDOWNS = {
    "month": "Month of the test period",
    "share_hidden": "Share hidden (%)",
    "distance_to_observation": "Distance to the nearest observation of the day (km)",
    "days_to_observation": "Days to the nearest observation at the place",
}


def skill_bars(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Rank all methods by their RMSE on hidden points, one panel for each frequency; the best is on top.

    Parameters
    ----------
    rows
        Rows of `scores.json` of one dataset.
    """
    whole = [row for row in rows if row["metric"] == "rmse" and "bin" not in row]
    frequencies = [name for name in FREQUENCIES if any(row["frequency"] == name for row in whole)]
    colours = colours_of({row["method"]: row["role"] for row in whole})
    with style():
        n_methods = len(colours)
        figure = Figure(figsize=(WIDTH, 0.75 + 0.27 * n_methods), layout="constrained")
        axes = figure.subplots(1, len(frequencies), squeeze=False)[0]
        for axis, frequency in zip(axes, frequencies, strict=True):
            ranked = sorted((row for row in whole if row["frequency"] == frequency), key=lambda row: -row["value"])
            values = [row["value"] for row in ranked]
            bars = axis.barh(
                [method_label(row["method"]) for row in ranked],
                values,
                color=[colours[row["method"]] for row in ranked],
                height=0.68,
            )
            axis.bar_label(bars, [f"{value:.2g}" if value < 0.1 else f"{value:.2f}" for value in values], padding=3)
            axis.set_xlim(0, 1.15 * max(values))
            axis.set_title(FREQUENCIES[frequency], loc="left")
            axis.set_xlabel(with_units("RMSE on hidden points", ranked[0]["units"]))
            axis.tick_params(axis="y", length=0)
            for label, row in zip(axis.get_yticklabels(), ranked, strict=True):
                label.set_fontweight("bold" if row["role"] == "model" else "normal")
    return figure


def rmse_by(rows: Sequence[Mapping[str, Any]], by: str) -> Figure:
    """Draw the RMSE of every method along one breakdown, one panel for each frequency that has it.

    Parameters
    ----------
    rows
        Rows of `scores.json` of one dataset.
    by
        One of `month`, `share_hidden`, `distance_to_observation`, `days_to_observation`.
    """
    found = [row for row in rows if row["metric"] == "rmse" and row.get("bin", {}).get("by") == by]
    frequencies = [name for name in FREQUENCIES if any(row["frequency"] == name for row in found)]
    colours = colours_of({row["method"]: row["role"] for row in found})
    roles = {row["method"]: row["role"] for row in found}
    with style():
        figure = Figure(figsize=(WIDTH if len(frequencies) > 1 else 0.72 * WIDTH, 3.0), layout="constrained")
        axes = figure.subplots(2, len(frequencies), squeeze=False, sharex="col", height_ratios=[4, 1])
        for (axis, below), frequency in zip(axes.T, frequencies, strict=True):
            here = [row for row in found if row["frequency"] == frequency]
            limits = sorted({_limits(row) for row in here})
            for method, colour in colours.items():
                values = {_limits(row): row["value"] for row in here if row["method"] == method}
                line = [values.get(limit, np.nan) for limit in limits]
                axis.plot(
                    range(len(limits)),
                    line,
                    color=colour,
                    label=method_label(method),
                    marker="o",
                    zorder=3 if roles[method] == "model" else 2,
                    linewidth=2.0 if roles[method] == "model" else 1.2,
                )
            counts = {_limits(row): row["n"] for row in here}
            below.bar(range(len(limits)), [counts[limit] for limit in limits], color="#c9c9c9", width=0.7)
            below.set_xticks(range(len(limits)), [_bin_label(by, limit) for limit in limits])
            below.yaxis.set_major_locator(MaxNLocator(nbins=2))
            below.yaxis.set_major_formatter(EngFormatter(sep=""))
            below.set_xlabel(_breakdown_label(by, frequency))
            axis.set_title(FREQUENCIES[frequency], loc="left")
            axis.set_ylim(bottom=0)
            axis.grid(axis="y")
        axes[0, 0].set_ylabel(with_units("RMSE", found[0]["units"]))
        axes[1, 0].set_ylabel("Points")
        figure.align_ylabels()
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=4 if len(frequencies) > 1 else 2,
        )
    return figure


def standard_deviation_against_error(
    std: Float[np.ndarray, " point"],
    error: Float[np.ndarray, " point"],
    weights: Float[np.ndarray, " point"],
    *,
    method: str,
    units: str,
    bins: int = 15,
) -> Figure:
    """Draw the predicted standard deviation against the RMSE that came, in bins with the same number of points.

    Parameters
    ----------
    std, error, weights
        Standard deviation, reconstruction - truth, and area weight of each hidden point.
    method
        Name of the method.
    units
        Units of the first two.
    bins
        How many bins.
    """
    order = np.argsort(std, kind="stable")
    groups = [group for group in np.array_split(order, min(bins, std.size)) if group.size]
    spread = np.array([np.sqrt(np.average(std[group].astype(float) ** 2, weights=weights[group])) for group in groups])
    rmse = np.array([np.sqrt(np.average(error[group].astype(float) ** 2, weights=weights[group])) for group in groups])
    top = 1.08 * max(spread.max(), rmse.max())
    colour = colours_of({method: "model"})[method]
    with style():
        figure = Figure(figsize=(0.6 * WIDTH, 0.66 * WIDTH), layout="constrained")
        axis, below = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
        axis.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        axis.annotate(
            "as predicted",
            (0.93 * top, 0.93 * top),
            (-4, 2),
            textcoords="offset points",
            ha="right",
            color=QUIET,
        )
        axis.plot(spread, rmse, color=colour, marker="o", label=method_label(method))
        axis.set(xlim=(0, top), ylim=(0, top), ylabel=with_units("RMSE on hidden points", units))
        axis.set_title(method_label(method), loc="left")
        below.hist(std, bins=40, range=(0, top), weights=weights / weights.sum() * 100, color=colour, alpha=0.5)
        below.set(xlabel=with_units("Predicted standard deviation", units), ylabel="Points (%)")
        figure.align_ylabels()
    return figure


def time_series(
    dates: np.ndarray,
    *,
    truth: Float[np.ndarray, " time"] | None,
    observed: Bool[np.ndarray, " time"],
    observations: Float[np.ndarray, " time"],
    methods: Mapping[str, tuple[str, Float[np.ndarray, " time"], Float[np.ndarray, " time"] | None]],
    title: str,
    quantity: str,
    units: str,
) -> Figure:
    """Draw one place through time: truth, the days it was observed, the methods, and one deviation about the models.

    Parameters
    ----------
    dates
        Dates as `cftime.datetime`.
    truth
        The truth; None for data with real gaps.
    observed, observations
        Which days were observed, and what was seen then.
    methods
        Role, values and standard deviation (or None) of each method by its name.
    title
        Which place.
    quantity, units
        Name and units of the values.
    """
    x = _dates(dates)
    colours = colours_of({name: role for name, (role, _, _) in methods.items()})
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        axis = figure.subplots()
        for name, (role, values, std) in methods.items():
            model = role == "model"
            if model and std is not None:
                axis.fill_between(
                    x,
                    values - std,
                    values + std,
                    color=colours[name],
                    alpha=0.22,
                    linewidth=0,
                    label="± 1 std. dev.",
                )
            axis.plot(
                x,
                values,
                color=colours[name],
                label=method_label(name),
                linewidth=1.5 if model else 0.9,
                zorder=3 if model else 2,
            )
        if truth is not None:
            axis.plot(x, truth, color=INK, linewidth=1.0, label="Truth", zorder=4, linestyle=(0, (5, 1.2)))
        axis.plot(
            x[observed],
            observations[observed],
            "o",
            color=INK,
            markersize=2.6,
            label="Observed",
            zorder=5,
            markeredgewidth=0,
        )
        if isinstance(x[0], datetime):
            locator = AutoDateLocator(maxticks=10)
            axis.xaxis.set_major_locator(locator)
            axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axis.margins(x=0.01)
        axis.set_ylabel(with_units(quantity, units))
        axis.set_title(title, loc="left")
        axis.grid(axis="y")
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def training_curve(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the loss over the steps of a training with the learning rate below, and beside it the validation.

    The two have a panel each: what is minimised and what is judged need not be the same quantity.

    Parameters
    ----------
    rows
        What `train.jsonl` holds: `{"step", "loss", "lr", "seconds"}`, and for validations `{"step", "validation"}`,
        where keys such as `validation_daily` and `validation_monthly` tell its parts.
    """
    steps = [row for row in rows if row.get("loss") is not None]
    checks = [row for row in rows if row.get("validation") is not None]
    parts = sorted({key for row in checks for key in row if key.startswith("validation_")}) or ["validation"]
    loss = np.array([row["loss"] for row in steps], dtype=float)
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        grid = figure.add_gridspec(2, 2 if checks else 1, height_ratios=[4, 1])
        axis, below = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
        below.sharex(axis)
        at = [row["step"] for row in steps]
        axis.plot(at, loss, color="#b9cfe0", linewidth=0.5, label="Each step", rasterized=True)
        if loss.size >= 20:
            axis.plot(at, _smooth(loss), color="#0072B2", label="Smoothed")
            _zoom(axis, loss)
            axis.legend()
        axis.set_ylabel("Training loss")
        axis.grid(axis="y")
        axis.tick_params(labelbottom=False)
        rates = [(row["step"], row["lr"]) for row in steps if row.get("lr") is not None]
        below.plot([step for step, _ in rates], [rate for _, rate in rates], color=QUIET)
        below.ticklabel_format(axis="y", style="sci", scilimits=(0, 0), useMathText=True)
        below.set(xlabel="Step", ylabel="Rate")
        figure.align_ylabels()
        if checks:
            right = figure.add_subplot(grid[:, 1])
            for part, colour in zip(parts, ("#D55E00", "#5b3a8c", "#0072B2", INK, QUIET), strict=False):
                found = [(row["step"], row[part]) for row in checks if row.get(part) is not None]
                label = part.removeprefix("validation").strip("_").replace("_", " ").capitalize()
                right.plot(
                    [step for step, _ in found], [value for _, value in found], color=colour, marker="o", label=label
                )
            if len(parts) > 1:
                right.legend()
            right.set(xlabel="Step", ylabel="Error on the validation period (scaled)", xlim=axis.get_xlim())
            right.grid(axis="y")
    return figure


def _smooth(values: Float[np.ndarray, " step"]) -> Float[np.ndarray, " step"]:
    """Exponential mean over about a fiftieth of the steps, unbiased at the start."""
    memory = 1 - 1 / max(5, values.size / 50)
    total = weight = 0.0
    smooth = np.empty_like(values)
    for index, value in enumerate(values):
        total, weight = memory * total + value, memory * weight + 1
        smooth[index] = total / weight
    return smooth


def _zoom(axis: Axes, loss: Float[np.ndarray, " step"]) -> None:
    """Show what lies between the extremes: the first steps of a training would flatten all that comes after."""
    low, high = np.percentile(loss[loss.size // 50 :], [0.5, 99])
    margin = 0.08 * (high - low) or 0.1
    axis.set_ylim(low - margin, high + margin)


def _dates(dates: np.ndarray) -> np.ndarray:
    """Dates as matplotlib takes them; a calendar that Python lacks stays as it is, for nc_time_axis."""
    if dates[0].calendar == "360_day":
        import nc_time_axis  # noqa: F401  registers itself with matplotlib

        return dates
    return np.array([datetime(date.year, date.month, date.day, date.hour) for date in dates])


def _limits(row: Mapping[str, Any]) -> tuple[Number, Number]:
    """Limits of a row's bin; None stands for no limit."""
    bin_ = row["bin"]
    return bin_["from"], np.inf if bin_["to"] is None else bin_["to"]


def _breakdown_label(by: str, frequency: str) -> str:
    """Label of the axis of a breakdown."""
    if by == "share_hidden":
        return "Share of the ocean hidden (%)" if frequency == "day" else "Share of the days hidden (%)"
    return BREAKDOWNS.get(by, by.replace("_", " ").capitalize())


def _bin_label(by: str, limits: tuple[Number, Number]) -> str:
    """Label of one bin."""
    low, high = limits
    if by == "month":
        return MONTHS[int(low) - 1]
    if by == "share_hidden":
        return f"{100 * low:.0f}–{100 * high:.0f}"
    if by == "days_to_observation" and low == high:
        return f"{low:.0f}"
    return f"≥ {low:.0f}" if np.isinf(high) else f"{low:.0f}–{high:.0f}"
