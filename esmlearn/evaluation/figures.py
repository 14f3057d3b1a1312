"""Figures of the script `evaluate`, each with its caption."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from jaxtyping import Float

from esmlearn import metrics, plots
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.choices import best_first, best_model, chosen_days, chosen_place, day_of_maps, foremost
from esmlearn.evaluation.downscaling_figures import draw_refinement, draw_showcases
from esmlearn.evaluation.downscaling_scores import Refined
from esmlearn.evaluation.drawing import (
    Drawing,
    coarse_map,
    date_of,
    day_label,
    map_grid,
    points_of,
    rmse_label,
)
from esmlearn.evaluation.ensemble_figures import draw_members, draw_reliability, draw_spectra
from esmlearn.evaluation.ensemble_scores import EnsembleFindings
from esmlearn.evaluation.scoring import hidden_points
from esmlearn.methods import method_info
from esmlearn.metrics import Comparison, Row, monthly_truth
from esmlearn.words import frequency_words

# Breakdowns in the figure of each frequency. Seasons say by day what months would, with less noise.
DAILY_DIFFICULTIES = (
    "days_to_observation", "distance_to_observation", "share_hidden", "distance_to_coast", "surface", "height", "hour",
    "season",
)  # fmt: skip
MONTHLY_DIFFICULTIES = ("share_hidden", "month")
# Methods in figures that cannot show all: the models and the best baselines.
FOREMOST = {"bias": 4, "time_series": 3}


def draw_case(
    case: Case,
    rows: Sequence[Row],
    *,
    spectra: Sequence[Mapping[str, Any]] = (),
    reliability: Sequence[Mapping[str, Any]] = (),
    ensembles: Sequence[EnsembleFindings] = (),
    refined: Refined | None = None,
    dates: Sequence[date] = (),
    place: Any = None,
) -> Iterator[Drawing]:
    """Draw all figures of one dataset, one after the other.

    Parameters
    ----------
    case, rows
        What is shown, and its scores, as a whole and broken down.
    spectra, reliability
        What `spectra.json` and `reliability.json` hold.
    ensembles
        What was found out about ensembles.
    refined
        What was found out about super-resolution.
    dates
        Days to show as maps; chosen if not given. All methods are shown on the first.
    place
        Latitude and longitude of the time series; chosen if not given.
    """
    note = f" {case.dataset} holds synthetic data." if case.synthetic else ""
    rows = [row for row in rows if row["dataset"] == case.dataset]
    results = best_first(case, rows)
    comparison = hidden_points(case) if rows else None
    if comparison:
        yield _ranked_skill(case, rows, note)
        yield from _maps_methods(case, comparison, dates, note)
    if case.downscaled:
        yield from draw_showcases(case, results, dates, note)
    else:
        yield from _maps(case, best_model(results), chosen_days(case, dates), note)
        yield from draw_members(case, results, dates, note)
    if comparison:
        yield from _maps_bias(case, comparison, foremost(results, FOREMOST["bias"]), note)
    yield _time_series(case, foremost(results, FOREMOST["time_series"]), chosen_place(case, place), note)
    for frequency, by in ((case.frequency, DAILY_DIFFICULTIES), ("mon", MONTHLY_DIFFICULTIES)):
        if any(row["frequency"] == frequency and row.get("bin", {}).get("by") in by for row in rows):
            yield Drawing(
                f"skill_by_difficulty_{frequency}",
                plots.rmse_by(rows, frequency, by=by),
                f"Root-mean-square error of the {frequency_words(frequency)} fields of {case.dataset} on the"
                f" {points_of(case)}, by what makes a point difficult; all panels have the same logarithmic scale."
                f" Below, the number of points.{note}",
                ("line", "bar"),
                ("rmsd",),
            )
    yield from _spectra(case, rows, spectra, note)
    yield from draw_spectra(case, ensembles, note)
    if refined is not None:
        yield from draw_refinement(case, rows, refined, note)
    if comparison:
        yield from _calibration(case, comparison, reliability, note)
    yield from draw_reliability(case, ensembles, note)
    if any(row["metric"] == "heatwave_hit_rate" and row["region"] == "all" for row in rows):
        yield Drawing(
            "heatwaves",
            plots.heatwave_days(rows),
            f"Days of marine heatwave on the hidden points of {case.dataset} that each method finds or misses, and what"
            " it only believes to see. CSI: critical success index, the share of hits among hits, misses and false"
            f" alarms. Heatwaves as in Hobday et al. (2016, doi:10.1016/j.pocean.2015.12.014).{note}",
            ("bar",),
            ("other",),
        )


def _maps(case: Case, shown: Result, days: Sequence[int], note: str) -> Iterator[Drawing]:
    """Maps of the chosen days, and of their months."""
    grid = map_grid(case)
    truth = case.truth if case.complete else None
    options = {"quantity": case.quantity, "units": case.grid.units, "method": shown.name}
    label = method_info(shown.name).words
    columns = "observed, truth, reconstruction and its error" if truth is not None else "observed and reconstructed"
    daily = [
        plots.Panel(
            date_of(case, day),
            case.seen[day],
            shown.reconstruction.daily[day],
            None if truth is None else truth[day],
        )
        for day in days
    ]
    yield Drawing(
        "maps_day",
        plots.maps(daily, grid, **options),
        f"Daily {case.quantity} of {case.dataset}: {columns}, by {label}. Land is grey, gaps are white.{note}",
        ("map", "geo"),
        ("diff",),
    )
    months = list(case.grid.months.values())
    complete = None if truth is None else monthly_truth(truth, months)
    monthly = [
        plots.Panel(
            f"{case.grid.dates[months[month].start]:%b %Y}",
            mean_of_observed(case.seen[months[month]]),
            shown.reconstruction.monthly[month],
            None if complete is None else complete[month],
        )
        for month in sorted({next(i for i, m in enumerate(months) if m.start <= day < m.stop) for day in days})
    ]
    yield Drawing(
        "maps_month",
        plots.maps_monthly(monthly, grid, **options),
        f"Monthly mean {case.quantity} of {case.dataset}: mean of the observed days, "
        + ("mean of all days of the truth, reconstruction and its error" if truth is not None else "and reconstruction")
        + f", by {label}. White: no day of the month was observed.{note}",
        ("map", "geo"),
        ("mean", "diff"),
    )


def _time_series(case: Case, results: Sequence[Result], cell: tuple[int, int], note: str) -> Drawing:
    """Some methods at one place."""
    row, column = cell
    here = np.s_[:, row, column]
    lat, lon = case.grid.lat[row], (case.grid.lon[column] + 180) % 360 - 180
    where = f"{abs(lat):.2f}°{'N' if lat >= 0 else 'S'}, {abs(lon):.2f}°{'E' if lon >= 0 else 'W'}"
    methods = {}
    for result in results:
        std = result.reconstruction.daily_std
        methods[result.name] = (
            result.role,
            result.reconstruction.daily[here],
            None if std is None else std[here],
        )
    figure = plots.time_series(
        case.grid.dates,
        truth=case.truth[here] if case.truth is not None and case.complete else None,
        observed=case.observed[here],
        observations=case.seen[here],
        methods=methods,
        title=where,
        quantity=case.quantity,
        units=case.grid.units,
    )
    caption = (
        f"{frequency_words(case.frequency).capitalize()} {case.quantity} of {case.dataset} at {where},"
        + (
            " where interpolation lacks most"
            if case.downscaled
            else f" which was observed on {int(case.observed[here].sum())} of {case.grid.dates.size} days"
        )
        + f".{note}"
    )
    return Drawing("time_series", figure, caption, ("times", "line"), ("other",))


def _ranked_skill(case: Case, rows: Sequence[Row], note: str) -> Drawing:
    """All methods at a glance."""
    blocks = any(row.get("low") is not None for row in rows)
    return Drawing(
        "skill_ranked",
        plots.ranked_skill(rows, label=rmse_label(case)),
        f"Root-mean-square error of each method on the {points_of(case)} of {case.dataset}, on a logarithmic scale;"
        " less is better. All methods are scored on the same points with the same area weights."
        + (" Bars: 95 % intervals from a bootstrap over blocks of days." if blocks else "")
        + note,
        ("errorbar",),
        ("rmsd",),
    )


def _maps_methods(case: Case, comparison: Comparison, dates: Sequence[date], note: str) -> Iterator[Drawing]:
    """One day through all methods, if all of it is known."""
    if not case.complete or case.truth is None or len(case.results) < 2:
        return
    day = day_of_maps(case, dates)
    points, truth = comparison.points[day], case.truth[day]
    given, coarse = coarse_map(case, day, map_grid(case)) or (None if case.downscaled else case.seen[day], None)
    shown = []
    for result in case.results:
        if coarse is not None and result.name == "nearest":
            continue  # it is the coarse map
        values = result.reconstruction.daily[day]
        square = (values[points].astype(float) - truth[points]) ** 2
        rmse = float(np.sqrt(np.average(square, weights=comparison.weights[points]))) if points.any() else None
        shown.append(plots.MethodMap(result.name, result.role, values, rmse))
    shown.sort(key=lambda method: np.inf if method.score is None else method.score)
    yield Drawing(
        "maps_methods",
        plots.maps_methods(
            given,
            truth,
            shown,
            map_grid(case),
            label=day_label(case, day),
            quantity=case.quantity,
            units=case.grid.units,
            coarse=coarse,
        ),
        f"{case.quantity} of {case.dataset} on {date_of(case, day)} as {'given' if case.downscaled else 'observed'}, as"
        " it was, and as each method has it, with its error below; the root-mean-square errors are those of this map on"
        f" the {points_of(case)}, the best comes first. Fields share one scale, and so do errors, which saturate for"
        f" the weaker methods.{note}",
        ("map", "geo"),
        ("diff", "rmsd"),
    )


def _maps_bias(case: Case, comparison: Comparison, results: Sequence[Result], note: str) -> Iterator[Drawing]:
    """Mean errors of the foremost methods, if there are enough hidden days."""
    bias = metrics.mean_error_map(comparison)
    if not any(np.isfinite(bias[result.name]).any() for result in results):
        return
    yield Drawing(
        "maps_bias",
        plots.maps_bias(
            [plots.MethodMap(result.name, result.role, bias[result.name]) for result in results],
            map_grid(case),
            units=case.grid.units,
        ),
        f"Mean error (method - truth) of the {frequency_words(case.frequency)} {case.quantity} of {case.dataset}"
        f" over all times at each place that count, for models and the best baselines. White: too few of them.{note}",
        ("map", "geo"),
        ("diff", "mean"),
    )


def _spectra(case: Case, rows: Sequence[Row], spectra: Sequence[Mapping[str, Any]], note: str) -> Iterator[Drawing]:
    """Scales that the methods resolve."""
    here = [record for record in spectra if record["dataset"] == case.dataset]
    if not here:
        return
    resolution = {row["method"]: row["value"] for row in rows if row["metric"] == "effective_resolution"}
    yield Drawing(
        "spectra",
        plots.spectra(here, resolution),
        f"Left: power spectra along latitude circles of the {frequency_words(case.frequency)} anomalies of"
        f" {case.dataset} from {'the mean of the truth' if case.downscaled else 'climatology'}, for the truth and all"
        " methods. Right: power of the error over that of the truth; where it is 0.5 is the effective resolution"
        f" (Ballarotta et al. 2019, doi:10.5194/os-15-1091-2019), written behind a method's name.{note}",
        ("line",),
        ("other",),
    )


def _calibration(
    case: Case, comparison: Comparison, reliability: Sequence[Mapping[str, Any]], note: str
) -> Iterator[Drawing]:
    """Spread and coverage of every method that has a standard deviation."""
    points = comparison.points
    spreads = [
        plots.Spread(
            method.name,
            method.role,
            method.std[points] if method.members is None else _std_of_members(method.members[:, points]),
            method.values[points] - comparison.truth[points],
        )
        for method in comparison.methods
        if method.std is not None
    ]
    if not spreads:
        return
    weights = np.broadcast_to(comparison.weights, points.shape)[points]
    here = [record for record in reliability if record["dataset"] == case.dataset]
    yield Drawing(
        "calibration",
        plots.calibration(spreads, weights, here, units=comparison.units, label=rmse_label(case)),
        f"Predicted and actual error on the {points_of(case)} of {case.dataset}. Left: predicted standard deviation"
        " against the root-mean-square error, in bins of equally many points; below, how often each was predicted."
        " Then: share of the truth that lies within the central interval of each nominal probability, and by how many"
        f" percentage points it is off; within the grey band it is right to 3 points.{note}",
        ("scatter", "histogram"),
        ("stddev", "rmsd"),
    )


def _std_of_members(members: Float[np.ndarray, "member point"]) -> Float[np.ndarray, " point"]:
    """Standard deviation that the error of the mean of few members should have: a little more than theirs."""
    return np.sqrt(metrics.fair_variance(members))


def mean_of_observed(values: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "lat lon"]:
    """Mean over the days that were observed; NaN where none was."""
    seen = np.isfinite(values)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
