"""Lines in time: one place through the period, and how a training went."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.plots.style import INK, QUIET, WIDTH, colours_of, style, with_units


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
                label=method_info(name).label,
                linewidth=1.5 if model else 0.9,
                zorder=3 if model else 2,
            )
        if truth is not None:
            axis.plot(x, truth, color=INK, linewidth=1.0, label="Truth", zorder=4, linestyle=(0, (5, 1.2)))
        if observed.any():
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
        where keys such as `validation_daily` and `validation_monthly` are its parts.
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
        axis.plot(at, loss, color="#b9cfe0", linewidth=0.5, label="Logged", rasterized=True)
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
    memory = 1 - 1 / max(2, values.size / 50)
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
