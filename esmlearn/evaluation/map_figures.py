"""Maps of days, months and mean errors, and the time series of a place, each with its caption."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from esmlearn import metrics, plots
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.choices import day_of_maps
from esmlearn.evaluation.labels import coarse_map, date_of, day_label, map_grid, points_of
from esmlearn.methods import method_info
from esmlearn.metrics import Comparison, monthly_truth
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.words import frequency_words


def plot_days_and_months(case: Case, shown: Result, days: Sequence[int], note: str) -> Iterator[CaptionedFigure]:
    """Maps of the chosen days, and of their months."""
    grid = map_grid(case)
    truth = case.truth if case.complete else None
    options = {"quantity": case.quantity, "units": case.field.units, "method": shown.name}
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
    yield CaptionedFigure(
        "maps_day",
        plots.maps(daily, grid, **options),
        f"Daily {case.quantity} of {case.dataset}: {columns}, by {label}. Land is grey, gaps are white.{note}",
        ("map", "geo"),
        ("diff",),
    )
    months = list(case.field.months.values())
    complete = None if truth is None else monthly_truth(truth, months)
    monthly = [
        plots.Panel(
            f"{case.field.dates[months[month].start]:%b %Y}",
            _mean_of_observed(case.seen[months[month]]),
            shown.reconstruction.monthly[month],
            None if complete is None else complete[month],
        )
        for month in sorted({next(i for i, m in enumerate(months) if m.start <= day < m.stop) for day in days})
    ]
    yield CaptionedFigure(
        "maps_month",
        plots.maps_monthly(monthly, grid, **options),
        f"Monthly mean {case.quantity} of {case.dataset}: mean of the observed days, "
        + ("mean of all days of the truth, reconstruction and its error" if truth is not None else "and reconstruction")
        + f", by {label}. White: no day of the month was observed.{note}",
        ("map", "geo"),
        ("mean", "diff"),
    )


def plot_time_series(case: Case, results: Sequence[Result], cell: tuple[int, int], note: str) -> CaptionedFigure:
    """Some methods at one place."""
    row, column = cell
    here = np.s_[:, row, column]
    lat, lon = case.field.lat[row], (case.field.lon[column] + 180) % 360 - 180
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
        case.field.dates,
        truth=case.truth[here] if case.truth is not None and case.complete else None,
        observed=case.observed[here],
        observations=case.seen[here],
        methods=methods,
        title=where,
        quantity=case.quantity,
        units=case.field.units,
    )
    caption = (
        f"{frequency_words(case.frequency).capitalize()} {case.quantity} of {case.dataset} at {where},"
        + (
            " where interpolation lacks most"
            if case.downscaled
            else f" which was observed on {int(case.observed[here].sum())} of {case.field.dates.size} days"
        )
        + f".{note}"
    )
    return CaptionedFigure("time_series", figure, caption, ("times", "line"), ("other",))


def plot_maps_methods(case: Case, comparison: Comparison, note: str) -> Iterator[CaptionedFigure]:
    """One day through all methods, if all of it is known."""
    if not case.complete or case.truth is None or len(case.results) < 2:
        return
    day = day_of_maps(case)
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
    yield CaptionedFigure(
        "maps_methods",
        plots.maps_methods(
            given,
            truth,
            shown,
            map_grid(case),
            label=day_label(case, day),
            quantity=case.quantity,
            units=case.field.units,
            coarse=coarse,
        ),
        f"{case.quantity} of {case.dataset} on {date_of(case, day)} as {'given' if case.downscaled else 'observed'}, as"
        " it was, and as each method has it, with its error below; the root-mean-square errors are those of this map on"
        f" the {points_of(case)}, the best comes first. Fields share one scale, and so do errors, which saturate for"
        f" the weaker methods.{note}",
        ("map", "geo"),
        ("diff", "rmsd"),
    )


def plot_maps_bias(
    case: Case, comparison: Comparison, results: Sequence[Result], note: str
) -> Iterator[CaptionedFigure]:
    """Mean errors of the foremost methods, if there are enough hidden days."""
    bias = metrics.mean_error_map(comparison)
    if not any(np.isfinite(bias[result.name]).any() for result in results):
        return
    yield CaptionedFigure(
        "maps_bias",
        plots.maps_bias(
            [plots.MethodMap(result.name, result.role, bias[result.name]) for result in results],
            map_grid(case),
            units=case.field.units,
        ),
        f"Mean error (method - truth) of the {frequency_words(case.frequency)} {case.quantity} of {case.dataset}"
        f" over all times at each place that count, for models and the best baselines. White: too few of them.{note}",
        ("map", "geo"),
        ("diff", "mean"),
    )


def _mean_of_observed(values: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "lat lon"]:
    """Mean over the days that were observed; NaN where none was."""
    seen = np.isfinite(values)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
