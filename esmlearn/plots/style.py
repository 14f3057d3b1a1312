"""What all figures share: width, type, and one colour and one label for each method everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager

WIDTH = 7.0  # inches: two columns of a journal page

INK, QUIET, LAND = "#222222", "#767676", "#d9d6d0"

# Okabe & Ito's palette: told apart with any colour vision, and in grey by the order of the marks.
COLOURS = {
    "climatology": "#8c8c8c",
    "observed_mean": "#E69F00",
    "time_interpolation": "#009E73",
    "optimal_interpolation": "#CC79A7",
    "dineof": "#56B4E9",
    "bicubic": "#8a6d00",
}
MODEL_COLOURS = ("#0072B2", "#D55E00", "#5b3a8c", "#000000")

LABELS = {
    "climatology": "Climatology",
    "observed_mean": "Mean of observed days",
    "time_interpolation": "Linear in time",
    "optimal_interpolation": "Optimal interpolation",
    "dineof": "DINEOF",
    "bicubic": "Bicubic",
}

TYPEFACES = ("Source Sans 3", "Helvetica", "Arial", "Liberation Sans")

STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 220,
}


@cache
def _typeface() -> tuple[str, ...]:
    """First of our typefaces that this machine has; matplotlib's own draws what it lacks."""
    here = set(font_manager.get_font_names())
    return (*[name for name in TYPEFACES if name in here][:1], "DejaVu Sans")


@contextmanager
def style() -> Iterator[None]:
    """Draw in our style, and leave the user's matplotlib as it was."""
    # By name, and not as "sans-serif": that would be looked up when the figure is saved, outside of this block.
    with mpl.rc_context(STYLE | {"font.family": list(_typeface())}):
        yield


def method_label(name: str) -> str:
    """Name of a method as readers see it; a model keeps the name of its class."""
    return LABELS.get(name, name if name != name.lower() else name.replace("_", " ").capitalize())


def method_colour(name: str, role: str = "model", position: int = 0) -> str:
    """Colour of a method: fixed for the baselines, by position among the models for these."""
    if name in COLOURS:
        return COLOURS[name]
    palette = MODEL_COLOURS if role == "model" else ("#8a6d00", "#a05a78", "#4d7a6a")
    return palette[position % len(palette)]


def colours_of(methods: dict[str, str]) -> dict[str, str]:
    """One colour for each method.

    Parameters
    ----------
    methods
        Role of each method by its name.
    """
    unknown = [name for name in methods if name not in COLOURS]
    places = {name: [other for other in unknown if methods[other] == methods[name]].index(name) for name in unknown}
    return {name: method_colour(name, role, places.get(name, 0)) for name, role in methods.items()}


def pretty_units(units: str) -> str:
    """Write CF units as a journal does."""
    return {"degC": "°C", "degrees_C": "°C", "celsius": "°C", "degree_Celsius": "°C", "1": ""}.get(units, units)


def with_units(text: str, units: str) -> str:
    """Label of an axis: what, and its units in parentheses."""
    units = pretty_units(units)
    return f"{text} ({units})" if units else text
