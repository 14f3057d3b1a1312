"""How a diffusion works: its schedules, and its estimates of the clean state on the way from noise."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from esmlearn.diffusion.schedules import training_levels
from esmlearn.plots.geographic import Grid, colour_bar, draw_map, label_degrees, map_axes, scale_of_values
from esmlearn.plots.style import QUIET, WIDTH, style, with_units
from esmlearn.settings import DiffusionSettings

COLUMNS = 4  # maps side by side

LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
DASHES = ((0, ()), (0, (6, 1.5)), (0, (2, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (1, 1)))


def schedules(settings: Mapping[str, DiffusionSettings]) -> Figure:
    """Draw signal, noise, variance of a step, and signal-to-noise ratio of some schedules, from clean to noise.

    All are scaled to unit variance, signal² + noise² = 1. The axis counts the noise levels of a training: half of
    them have less noise than that at 0.5. The variance of a step is that between neighbours among `timesteps` levels.

    Parameters
    ----------
    settings
        The schedules by the names to show.
    """
    titles = {
        "signal": r"Signal, $\sqrt{\bar\alpha}$",
        "noise": r"Noise, $\sqrt{1 - \bar\alpha}$",
        "variance": r"Variance of a step, $\tilde\beta$",
        "ratio": r"Signal to noise, $\log_{10}\,\bar\alpha / (1 - \bar\alpha)$",
    }
    with style():
        figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
        axes = dict(zip(titles, figure.subplots(2, 2, sharex=True).flat, strict=True))
        for (name, chosen), colour, dash in zip(settings.items(), cycle(LINES), cycle(DASHES), strict=False):
            place = (np.arange(chosen.timesteps) + 0.5) / chosen.timesteps
            levels = training_levels(torch.from_numpy(place), chosen)
            alpha_bar, sigma = levels.alpha_bar.numpy(), levels.sigma.numpy()
            beta = 1 - alpha_bar[1:] / alpha_bar[:-1]
            tilde = (1 - alpha_bar[:-1]) / (1 - alpha_bar[1:]) * beta
            look = {"color": colour, "linestyle": dash}
            axes["signal"].plot(place, np.sqrt(alpha_bar), label=name, **look)
            axes["noise"].plot(place, np.sqrt(1 - alpha_bar), **look)
            axes["variance"].plot(place[1:], tilde, **look)
            axes["ratio"].plot(place, -2 * np.log10(sigma), **look)
        axes["variance"].set_yscale("log")
        axes["ratio"].axhline(0, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        for name, axis in axes.items():
            axis.set_title(titles[name], loc="left")
            axis.grid(axis="y")
            axis.set_xlim(0, 1)
        for name in ("variance", "ratio"):
            axes[name].set_xlabel("Share of the levels with less noise")
        figure.legend(loc="outside lower center", ncols=5)
    return figure


def estimates_on_the_way(
    estimates: Sequence[tuple[str, Float[np.ndarray, "lat lon"]]],
    grid: Grid,
    *,
    quantity: str,
    units: str,
    truth: Float[np.ndarray, "lat lon"] | None = None,
) -> Figure:
    """Draw estimates of the clean state on the way from noise in one row or more, on one scale, and last the truth.

    Parameters
    ----------
    estimates
        Title and map of some steps, the first first.
    grid
        Where the cells lie.
    quantity, units
        Name and units of what is shown.
    truth
        The truth, if there is one.
    """
    panels = [*estimates, *([("Truth", truth)] if truth is not None else [])]
    # The first estimates are blurred, or wild: the scale is that of what they lead to.
    last = [np.where(grid.land, np.nan, field) for _, field in panels[len(estimates) - 1 :]]
    scale = scale_of_values(last, with_units(quantity, units))
    with style():
        figure = Figure(layout="constrained")
        rows = -(-len(panels) // COLUMNS)
        columns = -(-len(panels) // rows)
        axes = map_axes(figure, grid, rows, columns, titled=True)
        for place, (axis, (title, field)) in enumerate(zip(axes.flat, panels, strict=False)):
            mesh = draw_map(axis, field, grid, scale)
            axis.set_title(title, pad=4)
            label_degrees(axis, grid, left=place % columns == 0, bottom=place + columns >= len(panels))
        for axis in axes.flat[len(panels) :]:
            axis.set_axis_off()
        colour_bar(figure, mesh, axes, scale, aspect=40, shrink=0.6)
    return figure


def error_on_the_way(
    errors: Mapping[str, Float[np.ndarray, " step"]],
    noise: Float[np.ndarray, " step"],
    *,
    units: str,
) -> Figure:
    """Draw the error of the clean estimate at each step, as of one member and of the mean of all, above the noise left.

    The error of a member may rise towards the end: it gains small scales of its own, which the mean does not have.

    Parameters
    ----------
    errors
        RMSE of the estimate after each step, by the names to show.
    noise
        Noise over signal at which each estimate was made.
    units
        Units of the errors.
    """
    steps = np.arange(1, len(noise) + 1)
    with style():
        figure = Figure(figsize=(0.62 * WIDTH, 3.2), layout="constrained")
        axis, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        for (name, values), colour, dash in zip(errors.items(), cycle(LINES), cycle(DASHES), strict=False):
            axis.plot(steps, values, color=colour, linestyle=dash, label=name)
            _mark_lowest(axis, steps, values, colour)
        axis.set_ylabel(with_units("RMSE of the clean estimate", units))
        axis.set_ylim(bottom=0)
        axis.grid(axis="y")
        axis.legend()
        below.plot(steps, noise, color=QUIET)
        below.set_yscale("log")
        below.xaxis.set_major_locator(MaxNLocator(integer=True))
        below.set(xlabel="Step", ylabel="Noise / signal", xlim=(1, max(2, len(noise))))
        figure.align_ylabels()
    return figure


def _mark_lowest(axis: Axes, steps: np.ndarray, values: Float[np.ndarray, " step"], colour: str) -> None:
    """Mark the step after which nothing is gained."""
    lowest = int(np.argmin(values))
    axis.plot(steps[lowest], values[lowest], "o", color=colour, markersize=4)
