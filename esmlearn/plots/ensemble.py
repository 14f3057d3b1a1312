"""Figures of ensembles: maps of the members, rank histograms, spread against error, and spectra."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from esmlearn.methods import METHODS, method_info
from esmlearn.metrics.ensemble import SpreadBins
from esmlearn.metrics.ensemble_spectra import EnsembleSpectra
from esmlearn.plots.geographic import Grid, colour_bar, draw_map, label_degrees, map_axes, size_scale, value_scale
from esmlearn.plots.style import INK, QUIET, WIDTH, plain_log_ticks, style, with_units

BAND = 0.95  # probability that the share of a rank of a reliable ensemble lies within the grey band
COLUMNS = 4  # rank histograms side by side
TITLES = 0.3  # inches for the label above the maps, and the titles of both rows
# The first is the colour of the ensemble in all figures; none is that of its base model.
LINES = (METHODS["ConditionalDiffusion"].colour, "#D55E00", "#009E73", "#56B4E9", INK, "#E69F00")


@style()
def maps_ensemble(
    members: Float[np.ndarray, "member lat lon"],
    observed: Float[np.ndarray, "lat lon"],
    truth: Float[np.ndarray, "lat lon"] | None,
    grid: Grid,
    *,
    label: str,
    quantity: str,
    units: str,
) -> Figure:
    """Draw one day: observations, truth, mean and spread above; some members and the error of the mean below.

    Values share one scale. Spread and error share another, as they should have about the same size.

    Parameters
    ----------
    members
        The first ones are shown; mean and spread are those of all.
    observed
        Observations; NaN elsewhere.
    truth
        The truth; None for data with real gaps.
    grid
        The cells of all fields.
    label
        Title of the figure, with the date.
    quantity, units
        Name and units of the values, for the colour bars.
    """
    mean = members.mean(axis=0)
    above = {"Observed": observed} | ({} if truth is None else {"Truth": truth}) | {"Mean of the ensemble": mean}
    below = {f"Member {number}": member for number, member in enumerate(members[: len(above)], 1)}
    beside = {"Spread": members.std(axis=0, ddof=1)}
    if truth is not None:
        beside["Error of the mean"] = abs(mean - truth)
    scale = value_scale((above | below).values(), grid, with_units(quantity, units))
    size = size_scale(beside.values(), grid, with_units("Spread" if truth is None else "Spread, error", units))
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, 2, len(above) + 1, titled=True)
    figure.set_figheight(figure.get_figheight() + TITLES)
    for axis in axes.flat:
        axis.set_axis_off()
    for line, fields in ((axes[0], above), (axes[1], below)):
        for axis, (name, field) in zip(line, fields.items(), strict=False):
            mesh = draw_map(axis, field, grid, scale, name)
    for axis, (name, field) in zip(axes[:, -1], beside.items(), strict=False):
        size_mesh = draw_map(axis, field, grid, size, name)
    label_degrees(axes, grid)
    colour_bar(figure, mesh, axes[:, :-1], scale, aspect=40, shrink=0.7)
    colour_bar(figure, size_mesh, axes[:, -1:], size, aspect=13, shrink=0.95)
    figure.suptitle(label, x=0.01, ha="left", size=9.5)
    return figure


@style()
def rank_histograms(shares: Mapping[str, Float[np.ndarray, "resample rank"]]) -> Figure:
    """Draw how often the truth has each rank among the members; the histogram of a reliable ensemble is flat.

    Parameters
    ----------
    shares
        For each ensemble or level, by its name: the share of each rank in each resample of the time steps, as
        `rank_histogram` gives them; the first is that of the original data. The resamples give the band in which a
        reliable ensemble lies with a probability of 95 %; without resamples there is no band.
    """
    rows, columns = -(-len(shares) // COLUMNS), min(len(shares), COLUMNS)
    figure = Figure(figsize=(WIDTH * max(columns, 2) / COLUMNS, 0.5 + 1.9 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axis in axes.flat[len(shares) :]:
        axis.set_axis_off()
    for axis, (name, resampled) in zip(axes.flat, shares.items(), strict=False):
        found, ranks = 100 * resampled[0], np.arange(resampled.shape[1])
        flat = 100 / ranks.size
        axis.bar(ranks, found, width=0.85, color=LINES[0])
        if len(resampled) > 1:
            off = np.quantile(100 * resampled[1:] - found, [(1 - BAND) / 2, (1 + BAND) / 2], axis=0)
            low, high = np.repeat(flat + off, 2, axis=1)
            edges = np.repeat(np.arange(ranks.size + 1) - 0.5, 2)[1:-1]
            axis.fill_between(edges, low, high, color=QUIET, alpha=0.35, linewidth=0, label="A right ensemble (95 %)")
        axis.axhline(flat, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="Flat")
        axis.set(xlim=(-0.6, ranks[-1] + 0.6), ylim=(0, None))
        axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axis.set_title(method_info(name).label, loc="left")
        axis.set_xlabel("Members below the truth")
    for line in axes:
        line[0].set_ylabel("Points (%)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


@style()
def spread_skill(bins: Mapping[str, SpreadBins], *, units: str) -> Figure:
    """Draw the error of the mean against the spread, for each ensemble or level by its name."""
    top = 1.08 * max(float(max(found.spread.max(), found.error.max())) for found in bins.values())
    figure = Figure(figsize=(0.5 * WIDTH, 0.55 * WIDTH), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), label="Spread is right")
    for (name, found), colour in zip(bins.items(), cycle(LINES), strict=False):
        info = method_info(name)
        axis.plot(found.spread, found.error, color=colour, marker=info.mark, label=info.label)
    axis.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    axis.grid(axis="both")
    axis.set_xlabel(with_units("Spread", units))
    axis.set_ylabel(with_units("RMSE of the mean", units))
    figure.legend(loc="outside lower center", ncols=2)
    return figure


@style()
def ensemble_spectra(spectra: EnsembleSpectra, *, units: str) -> Figure:
    """Draw the power of truth, members and mean by wavelength, and the coherence of both with the truth."""
    wavelength = 1 / spectra.frequency
    lines = (
        ("Members", LINES[0], spectra.members, spectra.members_coherence),
        ("Mean of the ensemble", LINES[1], spectra.mean, spectra.mean_coherence),
    )
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(wavelength, spectra.truth, color=INK, linestyle=(0, (5, 1.2)), label="Truth", zorder=5)
    for name, colour, power, coherence in lines:
        left.plot(wavelength, power, color=colour, label=name)
        right.plot(wavelength, coherence, color=colour)
    for axis in (left, right):
        axis.set(xscale="log", xlim=(wavelength[0], wavelength[-1]), xlabel="Wavelength (km)")
        plain_log_ticks(axis.xaxis)
        axis.grid(axis="both")
    left.set_yscale("log")
    left.set_ylabel(with_units("Power", f"{units}2 km"))
    left.set_title("Spectra of anomalies", loc="left")
    right.axhline(0, color=QUIET, linewidth=0.8)
    right.set(ylim=(min(0.0, *spectra.members_coherence, *spectra.mean_coherence), 1))
    right.set_ylabel("Coherence with the truth")
    right.set_title("How much of each scale is right", loc="left")
    figure.legend(loc="outside lower center", ncols=3)
    return figure
