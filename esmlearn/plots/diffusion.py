"""Figures of the diffusion: its noise schedules, and its estimates of the clean state from step to step."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from esmlearn.diffusion.schedules import training_levels
from esmlearn.plots.geographic import Grid, colour_bar, draw_map, label_degrees, map_axes, value_scale
from esmlearn.plots.style import QUIET, WIDTH, style, with_units
from esmlearn.settings import DiffusionSettings

COLUMNS = 4  # maps side by side

LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
DASHES = ((0, ()), (0, (6, 1.5)), (0, (2, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (1, 1)))


@style()
def schedules(settings: Mapping[str, DiffusionSettings]) -> Figure:
    """Draw signal, noise, variance of a step, and signal-to-noise ratio of some schedules, by their names.

    All are scaled to unit variance, signal² + noise² = 1. The axis counts the noise levels of a training: half of
    them have less noise than that at 0.5. The variance of a step is that between neighbours among `timesteps` levels.
    """
    titles = {
        "signal": r"Signal, $\sqrt{\bar\alpha}$",
        "noise": r"Noise, $\sqrt{1 - \bar\alpha}$",
        "variance": r"Variance of a step, $\tilde\beta$",
        "ratio": r"Signal to noise, $\log_{10}\,\bar\alpha / (1 - \bar\alpha)$",
    }
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


@style()
def estimates_on_the_way(
    estimates: Sequence[tuple[str, Float[np.ndarray, "lat lon"]]],
    grid: Grid,
    *,
    quantity: str,
    units: str,
    truth: Float[np.ndarray, "lat lon"] | None = None,
) -> Figure:
    """Draw the estimates of the clean state after some steps of the sampling, on one scale, and last the truth.

    Parameters
    ----------
    estimates
        Title and map of each step, in order.
    grid
        The cells of all fields.
    quantity, units
        Name and units of the values.
    truth
        The truth, if it is known.
    """
    panels = [*estimates, *([("Truth", truth)] if truth is not None else [])]
    # The first estimates are blurred or too large: the scale is that of the last estimate and the truth.
    last = [field for _, field in panels[len(estimates) - 1 :]]
    scale = value_scale(last, grid, with_units(quantity, units))
    figure = Figure(layout="constrained")
    rows = -(-len(panels) // COLUMNS)
    columns = -(-len(panels) // rows)
    axes = map_axes(figure, grid, rows, columns, titled=True)
    for axis, (title, field) in zip(axes.flat, panels, strict=False):
        mesh = draw_map(axis, field, grid, scale, title)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    label_degrees(axes, grid, len(panels))
    colour_bar(figure, mesh, axes, scale, aspect=40, shrink=0.6)
    return figure


@style()
def error_on_the_way(
    errors: Mapping[str, Float[np.ndarray, " step"]], noise: Float[np.ndarray, " step"], *, units: str
) -> Figure:
    """Draw the RMSE of the estimate of the clean state after each step, by name, above noise / signal at that step.

    The error of a member may rise towards the end: it gains small scales of its own, which the mean does not have.
    The lowest error of each line is marked.
    """
    steps = np.arange(1, len(noise) + 1)
    figure = Figure(figsize=(0.62 * WIDTH, 3.2), layout="constrained")
    axis, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    for (name, values), colour, dash in zip(errors.items(), cycle(LINES), cycle(DASHES), strict=False):
        axis.plot(steps, values, color=colour, linestyle=dash, label=name)
        lowest = int(np.argmin(values))
        axis.plot(steps[lowest], values[lowest], "o", color=colour, markersize=4)
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
