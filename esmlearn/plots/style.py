"""What all figures share: width, type, and one colour and one label for each method everywhere."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

WIDTH = 7.0  # inches: two columns of a journal page

INK, QUIET, GUIDE, LAND = "#222222", "#767676", "#e4e4e4", "#d9d6d0"

# Okabe & Ito's palette: told apart with any colour vision, and in grey by the marks. The strong blue is the model's,
# the violet that of the ensemble that departs from it.
COLOURS = {
    "climatology": "#8c8c8c",
    "calendar_day_climatology": "#b9b9b9",
    "observed_mean": "#E69F00",
    "persistence": "#56B4E9",
    "time_interpolation": "#009E73",
    "optimal_interpolation": "#CC79A7",
    "dineof": "#D55E00",
    "nearest": "#8c8c8c",
    "bilinear": "#E69F00",
    "bicubic": "#8a6d00",
    "SpatioTemporalModel": "#0072B2",
    "ResidualUNet": "#0072B2",
    "ConditionalDiffusion": "#5b3a8c",
}
MODEL_COLOURS = ("#0072B2", "#5b3a8c", "#000000", "#8a6d00")

MARKS = {
    "climatology": "s",
    "calendar_day_climatology": "D",
    "observed_mean": "^",
    "persistence": "v",
    "time_interpolation": "P",
    "optimal_interpolation": "X",
    "dineof": "d",
    "nearest": "s",
    "bilinear": "^",
    "bicubic": "D",
    "ConditionalDiffusion": "h",
}
MODEL_MARK = "o"

LABELS = {
    "climatology": "Climatology",
    "calendar_day_climatology": "Climatology by day",
    "observed_mean": "Mean of observed days",
    "persistence": "Persistence",
    "time_interpolation": "Linear in time",
    "optimal_interpolation": "Optimal interpolation",
    "dineof": "DINEOF",
    "nearest": "Nearest cell",
    "bilinear": "Bilinear",
    "bicubic": "Bicubic",
    "ResidualUNet": "Regression (U-Net)",
    "ConditionalDiffusion": "Conditional diffusion",
}

# The same within a sentence, where that differs.
WORDS = {
    "climatology": "climatology",
    "calendar_day_climatology": "the climatology of the calendar day",
    "observed_mean": "the mean of the observed days",
    "persistence": "persistence",
    "time_interpolation": "linear interpolation in time",
    "optimal_interpolation": "optimal interpolation",
    "nearest": "the nearest coarse cell",
    "bilinear": "bilinear interpolation",
    "bicubic": "bicubic interpolation",
    "ResidualUNet": "the regression",
    "ConditionalDiffusion": "conditional diffusion",
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
    "grid.color": GUIDE,
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
    """Name of a method as readers see it; one that has none keeps that of its class."""
    return LABELS.get(name, name if name != name.lower() else name.replace("_", " ").capitalize())


def method_words(name: str) -> str:
    """Name of a method within a sentence."""
    return WORDS.get(name) or method_label(name)


def frequency_words(frequency: str) -> str:
    """Say which fields a frequency means, as an adjective."""
    return {"day": "daily", "mon": "monthly", "1hr": "hourly"}.get(frequency) or frequency.replace("hr", "-hourly")


def frequencies_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Give the frequencies that rows have, months last."""
    return sorted({row["frequency"] for row in rows}, key=lambda frequency: frequency == "mon")


def method_colour(name: str, role: str = "model", position: int = 0) -> str:
    """Colour of a method: fixed for the baselines, by position among the models for these."""
    if name in COLOURS:
        return COLOURS[name]
    palette = MODEL_COLOURS if role == "model" else ("#8a6d00", "#a05a78", "#4d7a6a")
    return palette[position % len(palette)]


def method_mark(name: str) -> str:
    """Mark of a method on a line or a scale: one for each baseline, the disc for models."""
    return MARKS.get(name, MODEL_MARK)


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


class _PlainLogLocator(LogLocator):
    """Ticks at 1, 2, 5, 10, ...; at a few round numbers on an axis too short for three of these."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Give the ticks of an axis between two values."""
        low, high = sorted((vmin, vmax))  # the other way round on an axis that falls
        ticks = np.asarray(super().tick_values(low, high))
        powers = np.log10(ticks[(ticks >= low) & (ticks <= high)])
        plain = np.isclose(10 ** (powers % 1), np.array([[1], [2], [5], [10]])).any(axis=0).all()
        return ticks if plain and powers.size > 2 else MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)


def plain_log_ticks(axis: Axis) -> None:
    """Mark a logarithmic axis at 1, 2, 5, 10, ... and write the numbers as they are."""
    axis.set_major_locator(_PlainLogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))


def pretty_units(units: str) -> str:
    """Write CF units as a journal does."""
    units = re.sub(r"\b(degC|degrees_C|celsius|degree_Celsius)(?=\b|\d)", "°C", units)
    return "" if units == "1" else re.sub(r"(?<=[A-Za-z])2\b", "²", units)


def with_units(text: str, units: str) -> str:
    """Label of an axis: what, and its units in parentheses."""
    units = pretty_units(units)
    return f"{text} ({units})" if units else text
