"""Ensembles: their members on a map, and whether its spread, its ranks and its scales are right."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from cartopy.mpl.geoaxes import GeoAxes
from cmocean import cm
from jaxtyping import Float
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from esmlearn.methods import METHODS, method_info
from esmlearn.metrics.ensemble import SpreadBins
from esmlearn.metrics.ensemble_spectra import EnsembleSpectra
from esmlearn.plots.geographic import (
    SATURATED,
    Grid,
    Scale,
    colour_bar,
    draw_map,
    label_degrees,
    map_axes,
    scale_of_values,
)
from esmlearn.plots.style import INK, QUIET, WIDTH, plain_log_ticks, style, with_units

# Of the places at which a right ensemble's share of a rank would be found.
BAND = 0.95
COLUMNS = 4  # rank histograms side by side
TITLES = 0.3  # inches for the label above the maps, and the titles of both rows
# The first is that of the ensemble in all figures; none is that of the model that it departs from.
LINES = (METHODS["ConditionalDiffusion"].colour, "#D55E00", "#009E73", "#56B4E9", INK, "#E69F00")


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
    """Draw one day: observed, truth, mean and spread above; some members and the error of the mean below.

    Values share one scale; spread and error, which should be of like size, another.

    Parameters
    ----------
    members
        The first ones are shown; mean and spread are those of all.
    observed
        What was given; NaN elsewhere.
    truth
        What is known to be right; None for data with real gaps.
    grid
        Where the cells lie.
    label
        The date, and whatever else distinguishes this figure from others.
    quantity, units
        Name and units of the values, for the colour bars.
    """
    mean = members.mean(axis=0)
    above = {"Observed": observed} | ({} if truth is None else {"Truth": truth}) | {"Mean of the ensemble": mean}
    below = {f"Member {number}": member for number, member in enumerate(members[: len(above)], 1)}
    beside = {"Spread": members.std(axis=0, ddof=1)}
    if truth is not None:
        beside["Error of the mean"] = abs(mean - truth)
    values = [np.where(grid.land, np.nan, field) for field in (above | below).values()]
    sizes = np.concatenate([field[np.isfinite(field) & ~grid.land] for field in beside.values()])
    scale = scale_of_values(values, with_units(quantity, units))
    high = float(np.percentile(sizes, 100 - SATURATED)) or 1.0
    size_scale = Scale(cm.amp, 0.0, high, with_units("Spread" if truth is None else "Spread, error", units))
    with style():
        figure = Figure(layout="constrained")
        axes = map_axes(figure, grid, 2, len(above) + 1, titled=True)
        figure.set_figheight(figure.get_figheight() + TITLES)
        for axis in axes.flat:
            axis.set_axis_off()
        for line, fields in ((axes[0], above), (axes[1], below)):
            for axis, (name, field) in zip(line, fields.items(), strict=False):
                mesh = _named_map(axis, name, field, grid, scale)
        for axis, (name, field) in zip(axes[:, -1], beside.items(), strict=False):
            size_mesh = _named_map(axis, name, field, grid, size_scale)
        for row, line in enumerate(axes):
            for column, axis in enumerate(line):
                if axis.axison:
                    label_degrees(axis, grid, left=column == 0, bottom=row == 1)
        colour_bar(figure, mesh, axes[:, :-1], scale, aspect=40, shrink=0.7)
        colour_bar(figure, size_mesh, axes[:, -1:], size_scale, aspect=13, shrink=0.95)
        figure.suptitle(label, x=0.01, ha="left", size=9.5)
    return figure


def rank_histograms(shares: Mapping[str, Float[np.ndarray, "resample rank"]]) -> Figure:
    """Draw how often the truth had each rank among the members; flat is right.

    Parameters
    ----------
    shares
        For each ensemble or level, by its name: the share of each rank in each resample of the time steps, as
        `rank_histogram` gives them; the first is the data as they are. The others make the band in which a right
        ensemble would lie 95 % of the time; without others there is none.
    """
    rows, columns = -(-len(shares) // COLUMNS), min(len(shares), COLUMNS)
    with style():
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
                axis.fill_between(
                    edges, low, high, color=QUIET, alpha=0.35, linewidth=0, label="A right ensemble (95 %)"
                )
            axis.axhline(flat, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="Flat")
            axis.set(xlim=(-0.6, ranks[-1] + 0.6), ylim=(0, None))
            axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
            axis.set_title(method_info(name).label, loc="left")
            axis.set_xlabel("Members below the truth")
        for line in axes:
            line[0].set_ylabel("Points (%)")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def spread_skill(bins: Mapping[str, SpreadBins], *, units: str) -> Figure:
    """Draw the error of the mean against the spread, in bins of points with about the same spread.

    Parameters
    ----------
    bins
        For each ensemble or level, by its name.
    units
        Units of the values.
    """
    top = 1.08 * max(float(max(found.spread.max(), found.error.max())) for found in bins.values())
    with style():
        figure = Figure(figsize=(0.5 * WIDTH, 0.55 * WIDTH), layout="constrained")
        axis = figure.subplots()
        axis.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), label="Spread is right")
        for (name, found), colour in zip(bins.items(), cycle(LINES), strict=False):
            axis.plot(
                found.spread, found.error, color=colour, marker=method_info(name).mark, label=method_info(name).label
            )
        axis.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        axis.grid(axis="both")
        axis.set_xlabel(with_units("Spread", units))
        axis.set_ylabel(with_units("RMSE of the mean", units))
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def ensemble_spectra(spectra: EnsembleSpectra, *, units: str) -> Figure:
    """Draw the power of truth, members and mean by wavelength, and the coherence of both with the truth.

    Parameters
    ----------
    spectra
        Of one ensemble.
    units
        Units of the values.
    """
    wavelength = 1 / spectra.frequency
    looks = {"Members": LINES[0], "Mean of the ensemble": LINES[1]}
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(wavelength, spectra.truth, color=INK, linestyle=(0, (5, 1.2)), label="Truth", zorder=5)
        for (name, colour), power, coherence in zip(
            looks.items(),
            (spectra.members, spectra.mean),
            (spectra.members_coherence, spectra.mean_coherence),
            strict=True,
        ):
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


def _named_map(axis: GeoAxes, name: str, field: Float[np.ndarray, "lat lon"], grid: Grid, scale: Scale) -> QuadMesh:
    """Draw a field with its name above."""
    axis.set_axis_on()
    axis.set_title(name, pad=4)
    return draw_map(axis, field, grid, scale)
