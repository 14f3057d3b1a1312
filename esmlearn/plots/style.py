"""Style of all figures: width, fonts, axes, and one colour for each method in all of them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from esmlearn.methods import method_info
from esmlearn.words import pretty_units

WIDTH = 7.0  # inches: two columns of a journal page

INK, QUIET, GUIDE, LAND = "#222222", "#767676", "#e4e4e4", "#d9d6d0"

# Colours of methods that have none in `METHODS`, in their order.
COLOURS = {"model": ("#0072B2", "#5b3a8c", "#000000", "#8a6d00"), "baseline": ("#8a6d00", "#a05a78", "#4d7a6a")}

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
    """Give the first of our typefaces that is installed; matplotlib's own has the characters that it lacks."""
    here = set(font_manager.get_font_names())
    return (*[name for name in TYPEFACES if name in here][:1], "DejaVu Sans")


@contextmanager
def style() -> Iterator[None]:
    """Draw in our style inside a `with` block or a decorated function; the user's matplotlib settings do not change."""
    # The name of the font, and not "sans-serif": that is looked up when the figure is saved, outside of this block.
    with mpl.rc_context(STYLE | {"font.family": list(_typeface())}):
        yield


def frequencies_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Give the frequencies of rows, months last."""
    return sorted({row["frequency"] for row in rows}, key=lambda frequency: frequency == "mon")


def colours_of(methods: Mapping[str, str]) -> dict[str, str]:
    """Give one colour for each method, from the roles of the methods by their names."""
    free = {role: cycle(colours) for role, colours in COLOURS.items()}
    return {name: method_info(name).colour or next(free[role]) for name, role in methods.items()}


class _PlainLogLocator(LogLocator):
    """Ticks at 1, 2, 5, 10, ...; at a few round numbers on an axis too short for three of these."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Give the ticks of an axis between two values."""
        low, high = sorted((vmin, vmax))  # an axis with large values at the left has vmin > vmax
        ticks = np.asarray(super().tick_values(low, high))
        powers = np.log10(ticks[(ticks >= low) & (ticks <= high)])
        plain = np.isclose(10 ** (powers % 1), np.array([[1], [2], [5], [10]])).any(axis=0).all()
        return ticks if plain and powers.size > 2 else MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)


def plain_log_ticks(axis: Axis) -> None:
    """Mark a logarithmic axis at 1, 2, 5, 10, ... and write the numbers without powers of ten."""
    axis.set_major_locator(_PlainLogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))


def with_units(text: str, units: str) -> str:
    """Add units in parentheses to the label of an axis."""
    units = pretty_units(units)
    return f"{text} ({units})" if units else text
