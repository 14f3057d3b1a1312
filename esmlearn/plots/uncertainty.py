"""Whether a method knows its error: what it predicted against what came, and how often the truth lay within."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.plots.style import QUIET, WIDTH, colours_of, frequencies_of, style, with_units
from esmlearn.words import frequency_words

# Percentage points by which a coverage may be off and still count as right.
FAIR = 3.0


@dataclass(frozen=True)
class Spread:
    """What a method predicted of its own error, and the error that came, at each hidden point.

    Attributes
    ----------
    method, role
        Name of the method, and `model` or `baseline`.
    std, error
        Predicted standard deviation, and reconstruction - truth.
    """

    method: str
    role: str
    std: Float[np.ndarray, " point"]
    error: Float[np.ndarray, " point"]


def calibration(
    spreads: Sequence[Spread],
    weights: Float[np.ndarray, " point"],
    reliability: Sequence[Mapping[str, Any]],
    *,
    units: str,
    label: str = "RMSE on hidden points",
    bins: int = 15,
) -> Figure:
    """Draw the predicted standard deviation against the RMSE that came, and beside it the coverage of all intervals.

    Parameters
    ----------
    spreads
        The daily methods that have a standard deviation.
    weights
        Area weight of each point.
    reliability
        Rows of `reliability.json` of one dataset: for each method the share of the truth within the central interval
        of each nominal probability.
    units
        Units of the spreads.
    label
        What the error is.
    bins
        How many bins with the same number of points.
    """
    frequencies = frequencies_of(reliability)
    roles = {spread.method: spread.role for spread in spreads}
    colours = colours_of(roles | {row["method"]: roles.get(row["method"], "model") for row in reliability})
    with style():
        figure = Figure(figsize=(WIDTH, 3.35), layout="constrained")
        axes = figure.subplots(2, 1 + len(frequencies), squeeze=False, height_ratios=[3.4, 1], sharex="col")
        _spread_against_error(axes[:, 0], spreads, weights, colours, bins)
        title = (
            f"{frequency_words(frequencies[0]).capitalize()}: spread and error" if frequencies else "Spread and error"
        )
        axes[0, 0].set_title(title, loc="left")
        axes[0, 0].set_ylabel(with_units(label, units))
        axes[1, 0].set_xlabel(with_units("Predicted standard deviation", units))
        for pair, frequency in zip(axes.T[1:], frequencies, strict=True):
            _reliability(pair, [row for row in reliability if row["frequency"] == frequency], colours)
            pair[0].set_title(f"{frequency_words(frequency).capitalize()}: coverage", loc="left")
        for pair in axes.T[1:2]:
            pair[0].set_ylabel("Truth within the interval (%)")
            pair[1].set_ylabel("Difference")
        figure.align_ylabels()
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def _spread_against_error(
    pair: np.ndarray,
    spreads: Sequence[Spread],
    weights: Float[np.ndarray, " point"],
    colours: Mapping[str, str],
    bins: int,
) -> None:
    """Deviation against error above, how often each deviation was predicted below."""
    axis, below = pair
    lines = {spread.method: _binned(spread, weights, bins) for spread in spreads}
    top = 1.08 * max(float(np.max(line)) for line in lines.values())
    _diagonal(axis, top)
    for spread in spreads:
        colour = colours[spread.method]
        _line(axis, *lines[spread.method], spread.method, colour)
        below.hist(
            spread.std,
            bins=40,
            range=(0, top),
            weights=weights / weights.sum() * 100,
            color=colour,
            histtype="step",
            linewidth=1.1,
        )
    below.set_ylabel("Points (%)")


def _reliability(pair: np.ndarray, rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Nominal against observed coverage above, the difference below; within the band it is right."""
    axis, below = pair
    _diagonal(axis, 100.0)
    below.axhspan(-FAIR, FAIR, color="#ececec", linewidth=0)
    below.axhline(0, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    off = [FAIR]
    for row in rows:
        nominal, observed = 100 * np.array(row["nominal"], float), 100 * np.array(row["observed"], float)
        colour = colours[row["method"]]
        _line(axis, nominal, observed, row["method"], colour)
        below.plot(nominal, observed - nominal, color=colour)
        off.append(float(np.abs(observed - nominal).max()))
    below.set(xlabel="Nominal coverage (%)", ylim=(-1.2 * max(off), 1.2 * max(off)))


def _binned(
    spread: Spread, weights: Float[np.ndarray, " point"], bins: int
) -> tuple[Float[np.ndarray, " bin"], Float[np.ndarray, " bin"]]:
    """Root mean squares of deviation and error in bins of equally many points."""
    order = np.argsort(spread.std, kind="stable")
    groups = [group for group in np.array_split(order, min(bins, order.size)) if group.size]

    def of_groups(values: Float[np.ndarray, " point"]) -> Float[np.ndarray, " bin"]:
        squares = values.astype(float) ** 2
        return np.sqrt([np.average(squares[group], weights=weights[group]) for group in groups])

    return of_groups(spread.std), of_groups(spread.error)


def _line(axis: Axes, x: np.ndarray, y: np.ndarray, method: str, colour: str) -> None:
    """Line of one method."""
    axis.plot(x, y, color=colour, marker=method_info(method).mark, label=method_info(method).label)


def _diagonal(axis: Axes, top: float) -> None:
    """Line on which a prediction holds."""
    axis.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), label="As predicted")
    axis.set(xlim=(0, top), ylim=(0, top))
