"""Figure of power spectra: which scales a method resolves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from esmlearn.methods import method_info
from esmlearn.plots.style import INK, QUIET, WIDTH, colours_of, plain_log_ticks, style, with_units

# Power of the error over that of the truth above which a scale is not resolved.
RESOLVED = 0.5


@style()
def spectra(rows: Sequence[Mapping[str, Any]], resolution: Mapping[str, float]) -> Figure:
    """Draw the spectra of truth and methods, and the power of the error over that of the truth.

    Parameters
    ----------
    rows
        Rows of `spectra.json` of one dataset; the method of one of them is `truth`.
    resolution
        Effective resolution (km) of each method that has one: a mark in the figure, and a number in the legend.
    """
    truth = next(row for row in rows if row["method"] == "truth")
    methods = [row for row in rows if row["method"] != "truth"]
    methods.sort(key=lambda row: (resolution.get(row["method"], np.inf), row["error_power"][-1]))
    shortest = min(truth["wavelength_km"])
    colours = colours_of({row["method"]: row["role"] for row in methods})
    figure = Figure(figsize=(WIDTH, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for row in methods:
        model = row["role"] == "model"
        look: dict[str, Any] = {"linewidth": 2.0, "zorder": 4} if model else {"linewidth": 1.2, "zorder": 3}
        look["color"] = colours[row["method"]]
        left.plot(row["wavelength_km"], row["power"], label=_label(row["method"], resolution, shortest), **look)
        right.plot(row["wavelength_km"], np.divide(row["error_power"], truth["power"]), **look)
    left.plot(truth["wavelength_km"], truth["power"], color=INK, linestyle=(0, (5, 1.2)), label="Truth", zorder=5)
    right.axhline(RESOLVED, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    for method, wavelength in resolution.items():
        if wavelength > shortest:
            right.plot(wavelength, RESOLVED, "o", color=colours[method], markersize=5, zorder=5)
    _scale(left, truth["wavelength_km"])
    _scale(right, truth["wavelength_km"])
    plain_log_ticks(right.yaxis)
    # Climatology has no anomalies, and so no power.
    left.set_ylim(bottom=0.1 * min(truth["power"]))
    right.set_ylim(top=2.0)
    left.set_ylabel(with_units("Power", truth["units"]))
    right.set_ylabel("Power of the error / of the truth")
    left.set_title("Spectra of anomalies", loc="left")
    right.set_title("Error: below the line, scales are resolved", loc="left")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _label(method: str, resolution: Mapping[str, float], shortest: float) -> str:
    """Give the label of a method with its effective resolution, which may be finer than the shortest wave."""
    if method not in resolution:
        return method_info(method).label
    return f"{method_info(method).label}, {'≤ ' if resolution[method] <= shortest else ''}{resolution[method]:.0f} km"


def _scale(axis: Axes, wavelength: Sequence[float]) -> None:
    """Make both axes logarithmic, with long waves at the left."""
    axis.set(xscale="log", yscale="log", xlim=(max(wavelength), min(wavelength)), xlabel="Wavelength (km)")
    plain_log_ticks(axis.xaxis)
    axis.grid(axis="both")
