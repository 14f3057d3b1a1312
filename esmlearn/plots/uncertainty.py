"""Figures of predicted uncertainty: standard deviation against RMSE, and coverage of the intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.metrics.calibration import roots_in_bins
from esmlearn.plots.style import QUIET, WIDTH, colours_of, frequencies_of, style, with_units
from esmlearn.words import frequency_words

FAIR = 3.0  # percentage points: a coverage that differs by less is within the grey band


@dataclass(frozen=True)
class Spread:
    """Predicted standard deviation and actual error (reconstruction - truth) of a method at each hidden point."""

    method: str
    role: str
    std: Float[np.ndarray, " point"]
    error: Float[np.ndarray, " point"]


@style()
def calibration(
    spreads: Sequence[Spread],
    weights: Float[np.ndarray, " point"],
    reliability: Sequence[Mapping[str, Any]],
    *,
    units: str,
    label: str = "RMSE on hidden points",
    bins: int = 15,
) -> Figure:
    """Draw the RMSE against the predicted standard deviation, and beside it the coverage of all intervals.

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
        Label of the RMSE.
    bins
        Number of bins, each with the same number of points.
    """
    frequencies = frequencies_of(reliability)
    roles = {spread.method: spread.role for spread in spreads}
    colours = colours_of(roles | {row["method"]: roles.get(row["method"], "model") for row in reliability})
    figure = Figure(figsize=(WIDTH, 3.35), layout="constrained")
    axes = figure.subplots(2, 1 + len(frequencies), squeeze=False, height_ratios=[3.4, 1], sharex="col")
    _spread_against_error(axes[:, 0], spreads, weights, colours, bins)
    of = f"{frequency_words(frequencies[0])}: " if frequencies else ""
    axes[0, 0].set_title(f"{of}spread and error".capitalize(), loc="left")
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
    """Draw the RMSE against the standard deviation, and below it the histogram of the standard deviation."""
    axis, below = pair
    lines = {}
    for spread in spreads:
        squares = [values.astype(float) ** 2 for values in (spread.std, spread.error)]
        lines[spread.method], _ = roots_in_bins(spread.std, squares, weights, n_bins=bins)
    top = 1.08 * max(float(np.max(line)) for line in lines.values())
    _diagonal(axis, top)
    for spread in spreads:
        colour = colours[spread.method]
        std, error = lines[spread.method]
        _line(axis, std, error, spread.method, colour)
        shares, look = weights / weights.sum() * 100, {"color": colour, "histtype": "step", "linewidth": 1.1}
        below.hist(spread.std, bins=40, range=(0, top), weights=shares, **look)
    below.set_ylabel("Points (%)")


def _reliability(pair: np.ndarray, rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Draw the observed against the nominal coverage, and below it their difference."""
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


def _line(axis: Axes, x: np.ndarray, y: np.ndarray, method: str, colour: str) -> None:
    """Draw the line of one method."""
    axis.plot(x, y, color=colour, marker=method_info(method).mark, label=method_info(method).label)


def _diagonal(axis: Axes, top: float) -> None:
    """Draw the line on which prediction and result are equal."""
    axis.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), label="As predicted")
    axis.set(xlim=(0, top), ylim=(0, top))
