"""Figures of super-resolution: maps from coarse to fine, spectra, quantiles and extremes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from cartopy.mpl.geoaxes import GeoAxes
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy import stats

from esmlearn.methods import method_info
from esmlearn.plots.geographic import Grid, colour_bar, draw_map, label_degrees, map_axes, size_scale, value_scale
from esmlearn.plots.style import GUIDE, INK, QUIET, WIDTH, colours_of, plain_log_ticks, style, with_units

# With more columns of cells than these, two maps are drawn side by side and not four.
MOST_CELLS = 300
TITLES = 0.3  # inches for the label above the maps
FAIR = 0.2  # power that differs from the truth's by less than this share is within the grey band
DASHES = (0, (5, 1.2))
# Quantiles with a label on the axis, in percent.
PERCENT = (0.1, 1, 5, 25, 50, 75, 95, 99, 99.9)


@style()
def maps_showcase(
    fields: Mapping[str, Float[np.ndarray, "lat lon"]],
    grid: Grid,
    *,
    coarse: tuple[Float[np.ndarray, "y x"], Grid] | None = None,
    spread: Float[np.ndarray, "lat lon"] | None = None,
    box: Grid | None = None,
    label: str,
    quantity: str,
    units: str,
) -> Figure:
    """Draw the coarse field in its own cells, and the fine fields, of one time on one scale.

    Parameters
    ----------
    fields
        Fine fields by their titles, in order.
    grid
        The fine cells.
    coarse
        The coarse field and its cells, which may reach beyond the fine ones.
    spread
        Standard deviation of the members, on a scale of its own.
    box
        A part of the grid that another figure shows; it is framed.
    label
        Title of the figure, with the date.
    quantity, units
        Name and units of the values, for the colour bars.
    """
    number = len(fields) + (coarse is not None) + (spread is not None)
    columns = min(number, 4 if grid.lon.size <= MOST_CELLS else 2)
    scale = value_scale(fields.values(), grid, with_units(quantity, units))
    figure = Figure(layout="constrained")
    axes = map_axes(figure, grid, -(-number // columns), columns, titled=True)
    figure.set_figheight(figure.get_figheight() + TITLES)
    free = iter(axes.flat)
    if coarse is not None:
        draw_map(next(free), *coarse, scale, "Coarse", area=grid)
    for title, field in fields.items():
        mesh = draw_map(next(free), field, grid, scale, title)
    if spread is not None:
        size = size_scale([spread], grid, with_units("Spread", units))
        spread_mesh = draw_map(next(free), spread, grid, size, "Spread")
        colour_bar(figure, mesh, axes[:, : -(-columns // 2)], scale, aspect=30, shrink=0.85)
        colour_bar(figure, spread_mesh, axes[:, -(columns // 2) :], size, aspect=30, shrink=0.85)
    else:
        colour_bar(figure, mesh, axes, scale, aspect=40, shrink=0.6)
    for axis in free:
        axis.set_axis_off()
    label_degrees(axes, grid, number)
    if box is not None:
        for axis in axes.flat[:number]:
            _frame(axis, box, grid)
    figure.suptitle(label, x=0.01, ha="left", size=9.5)
    return figure


@style()
def radial_spectra(records: Sequence[Mapping[str, Any]], lost_km: float | None) -> Figure:
    """Draw the radial spectra of truth and methods, their power over the truth's, and their coherence with it.

    `records` are those of `radial_spectra.json` of one dataset, `lost_km` is the longest wavelength at which
    interpolation has less than half of the truth's power.
    """
    truth = next(record for record in records if record["method"] == "truth")
    methods = [record for record in records if record["method"] != "truth"]
    ensembles = {record["method"] for record in methods if record["members"]}
    colours = colours_of({record["method"]: record["role"] for record in methods})
    wavelength = truth["wavelength_km"]
    figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
    power, share, coherence = figure.subplots(1, 3)
    for record in methods:
        name, of_mean = record["method"], record["method"] in ensembles and not record["members"]
        part = ", members" if record["members"] else ", mean" if of_mean else ""
        look: dict[str, Any] = {
            "color": colours[name],
            "linewidth": 1.0 if of_mean or record["role"] == "baseline" else 1.9,
            "linestyle": (0, (1.5, 1.2)) if of_mean else "-",
            "zorder": 3 if record["role"] == "baseline" else 4,
        }
        power.plot(wavelength, record["power"], label=f"{method_info(name).label}{part}", **look)
        share.plot(wavelength, np.divide(record["power"], truth["power"]), **look)
        coherence.plot(wavelength, [np.nan if each is None else each for each in record["coherence"]], **look)
    power.plot(wavelength, truth["power"], color=INK, linestyle=DASHES, linewidth=1.2, label="Truth", zorder=5)
    share.axhspan(1 - FAIR, 1 + FAIR, color="#ececec", linewidth=0, zorder=0)
    share.axhline(1, color=INK, linewidth=0.8, linestyle=DASHES)
    coherence.axhline(0, color=QUIET, linewidth=0.8)
    for axis in (power, share, coherence):
        axis.set(xscale="log", xlim=(wavelength[0], wavelength[-1]), xlabel="Wavelength (km)")
        plain_log_ticks(axis.xaxis)
        axis.grid(axis="both")
        if lost_km:
            axis.axvline(lost_km, color=QUIET, linewidth=0.8, linestyle=(0, (1, 2)))
    power.set(yscale="log", ylim=(0.02 * min(truth["power"]), None))
    power.set_title(with_units("Power", truth["units"]), loc="left")
    share.set_ylim(0, 1.6)
    share.set_title("Power / that of the truth", loc="left")
    coherence.set_ylim(min(-0.05, coherence.get_ylim()[0]), 1.02)
    coherence.set_title("Coherence with the truth", loc="left")
    figure.legend(*power.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


@style()
def quantiles(records: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the differences of quantiles between methods and truth, and the frequency bias and SEDI of extremes.

    `records` and `rows` are those of `quantiles.json` and `scores.json` of one dataset; the rows include
    `frequency_bias_95`, `sedi_95` and those of 99 %.
    """
    truth = next(record for record in records if record["method"] == "truth")
    methods = [record for record in records if record["method"] != "truth"]
    colours = colours_of({record["method"]: record["role"] for record in methods})
    places = stats.norm.ppf(truth["level"])
    figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
    left, often, right = figure.subplots(1, 3, width_ratios=[2.2, 1, 1])
    left.axhline(0, color=INK, linewidth=0.8, linestyle=DASHES)
    for record in methods:
        model = record["role"] == "model"
        off = np.subtract(record["quantile"], truth["quantile"])
        look = {"linewidth": 1.9 if model else 1.0, "zorder": 4 if model else 3}
        left.plot(places, off, color=colours[record["method"]], label=method_info(record["method"]).label, **look)
    left.set_xticks(stats.norm.ppf(np.array(PERCENT) / 100), [f"{percent:g}" for percent in PERCENT])
    left.set_xlim(places[0], places[-1])
    left.grid(axis="both")
    left.set(xlabel="Quantile (%)", ylabel=with_units("Method − truth", truth["units"]))
    left.set_title("Distribution of the values", loc="left")
    names = [record["method"] for record in methods]
    _dots(often, rows, "frequency_bias", names, colours)
    often.axvline(1, color=INK, linewidth=0.8, linestyle=DASHES)
    often.set_title("How often it is extreme", loc="left")
    often.set_xlabel("Frequency bias")
    often.set_xscale("log")
    plain_log_ticks(often.xaxis)
    _dots(right, rows, "sedi", names, colours)
    right.set_title("And where the truth is", loc="left")
    right.set_xlabel("SEDI")
    for level, filled in ((95, True), (99, False)):
        often.plot([], [], "o", color=QUIET, markerfacecolor=QUIET if filled else "white", label=f"above {level} %")
    handles, labels = (
        first + last for first, last in zip(*(axis.get_legend_handles_labels() for axis in (left, often)), strict=True)
    )
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _frame(axis: GeoAxes, box: Grid, grid: Grid) -> None:
    """Frame a part of a map."""
    west = box.x[0] + box.middle - grid.middle
    west -= 360 * np.round(west / 360)  # the box may be in another convention of longitudes
    look: dict[str, Any] = {"fill": False, "edgecolor": INK, "linewidth": 0.9, "zorder": 6}
    axis.add_patch(Rectangle((west, box.y[0]), np.ptp(box.x), np.ptp(box.y), **look))


def _dots(
    axis: Axes, rows: Sequence[Mapping[str, Any]], metric: str, names: Sequence[str], colours: Mapping[str, str]
) -> None:
    """Draw one line for each method: a full mark for values above 95 %, an empty one above 99 %, with intervals."""
    for place, name in enumerate(reversed(names)):
        axis.axhline(place, color=GUIDE, linewidth=0.6, zorder=0)
        for level, up in ((95, 0.16), (99, -0.16)):
            row = next((row for row in rows if row["method"] == name and row["metric"] == f"{metric}_{level}"), None)
            if row is None:
                continue
            if row.get("low") is not None:
                axis.hlines(place + up, row["low"], row["high"], color=colours[name], linewidth=3, alpha=0.3)
            face = colours[name] if level == 95 else "white"
            axis.plot(row["value"], place + up, method_info(name).mark, color=colours[name], markerfacecolor=face)
    axis.set(yticks=[], ylim=(-0.6, len(names) - 0.4))
    axis.spines["left"].set_visible(False)
