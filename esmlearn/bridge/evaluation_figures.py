"""Figures of the script `evaluate`, each with its caption; what to show is chosen here if the recipe does not say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from esmlearn import plots
from esmlearn.bridge.evaluation import Case, hidden_points
from esmlearn.errors import SettingsError
from esmlearn.scores import Row, monthly_truth

BREAKDOWNS = {
    "month": "month of the test period",
    "share_hidden": "the share that is hidden",
    "distance_to_observation": "distance to the nearest observation of the same day",
    "days_to_observation": "time to the nearest observation at the same place",
}


@dataclass(frozen=True)
class Drawing:
    """A figure, what it is called, what it shows, and its tags for ESMValTool."""

    name: str
    figure: Figure
    caption: str
    plot_types: tuple[str, ...]
    statistics: tuple[str, ...]


def draw_case(case: Case, rows: Sequence[Row], *, dates: Sequence[date] = (), place: Any = None) -> Iterator[Drawing]:
    """Draw all figures of one dataset, one after the other.

    Parameters
    ----------
    case, rows
        What is shown, and its scores.
    dates
        Days to show as maps; chosen if not given.
    place
        Latitude and longitude of the time series; chosen if not given.
    """
    note = f" {case.dataset} holds synthetic data." if case.synthetic else ""
    rows = [row for row in rows if row["dataset"] == case.dataset]
    if rows:
        yield Drawing(
            "skill_bars",
            plots.skill_bars(rows),
            f"Root-mean-square error of each method on the hidden points of {case.dataset}; less is better. All methods"
            f" are scored on the same points with the same area weights.{note}",
            ("bar",),
            ("rmsd",),
        )
    yield from _maps(case, chosen_days(case, dates), note)
    yield _time_series(case, chosen_place(case, place), note)
    for by, words in BREAKDOWNS.items():
        if any(row.get("bin", {}).get("by") == by for row in rows):
            yield Drawing(
                f"rmse_by_{by}",
                plots.rmse_by(rows, by),
                f"Root-mean-square error on the hidden points of {case.dataset} by {words}; below, the number of"
                f" points.{note}",
                ("line", "bar"),
                ("rmsd",),
            )
    if rows:
        yield from _reliability(case, note)


def chosen_days(case: Case, dates: Sequence[date]) -> list[int]:
    """Days to show: those of the recipe, else the most hidden one with anything seen, and a typical one."""
    if dates:
        places = {(day.year, day.month, day.day): index for index, day in enumerate(case.grid.dates)}
        lacking = [day for day in dates if (day.year, day.month, day.day) not in places]
        if lacking:
            first, last = case.grid.dates[[0, -1]]
            raise SettingsError(
                f"dates: {', '.join(map(str, lacking))} is not among the reconstructed days of {case.dataset},"
                f" which run from {first:%Y-%m-%d} to {last:%Y-%m-%d}."
            )
        return [places[day.year, day.month, day.day] for day in dates]
    share = case.hidden[:, case.ocean].mean(axis=1)
    seen = np.flatnonzero(share < 1)
    if not seen.size:
        return [share.size // 2]
    most = seen[np.argmax(share[seen])]
    # A typical day of another season, where the period is long enough for two.
    far = seen[np.abs(seen - most) >= share.size / 4]
    typical = far[np.argmin(np.abs(share[far] - np.median(share[seen])))] if far.size else most
    return sorted({int(typical), int(most)})


def chosen_place(case: Case, place: Any) -> tuple[int, int]:
    """Cell of the time series: the ocean cell nearest to the recipe's place, else the one hidden most often."""
    grid = case.grid
    if place is None:
        hidden = case.hidden.mean(axis=0)
        row, column = np.unravel_index(np.argmax(np.where(case.ocean & (hidden < 0.95), hidden, -1.0)), hidden.shape)
        return int(row), int(column)
    north = grid.lat[:, None] - place.latitude
    east = ((grid.lon - place.longitude + 180) % 360 - 180)[None, :] * np.cos(np.deg2rad(place.latitude))
    if np.abs(north).min() > 1 or np.abs(east).min() > 1:
        raise SettingsError(
            f"place: latitude {place.latitude}, longitude {place.longitude} lies outside of {case.dataset}, which"
            f" covers {grid.lat[0]:g} to {grid.lat[-1]:g} degrees north and {grid.lon[0]:g} to {grid.lon[-1]:g} degrees"
            " east."
        )
    row, column = np.unravel_index(np.argmin(np.where(case.ocean, north**2 + east**2, np.inf)), case.ocean.shape)
    return int(row), int(column)


def _maps(case: Case, days: Sequence[int], note: str) -> Iterator[Drawing]:
    """Maps of the chosen days, and of their months."""
    grid = plots.Grid(case.grid.lat, case.grid.lon, ~case.ocean)
    truth = case.truth if case.complete else None
    shown = case.best
    options = {"quantity": case.quantity, "units": case.grid.units, "method": shown.name}
    label = plots.method_label(shown.name)
    columns = "observed, truth, reconstruction and its error" if truth is not None else "observed and reconstructed"
    daily = [
        plots.Panel(
            f"{case.grid.dates[day]:%d %b %Y}".lstrip("0"),
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


def _time_series(case: Case, cell: tuple[int, int], note: str) -> Drawing:
    """All methods at one place."""
    row, column = cell
    here = np.s_[:, row, column]
    lat, lon = case.grid.lat[row], (case.grid.lon[column] + 180) % 360 - 180
    where = f"{abs(lat):.2f}°{'N' if lat >= 0 else 'S'}, {abs(lon):.2f}°{'E' if lon >= 0 else 'W'}"
    methods = {}
    for result in case.results:
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
        f"Daily {case.quantity} of {case.dataset} at {where}, which was observed on {int(case.observed[here].sum())} of"
        f" {case.grid.dates.size} days.{note}"
    )
    return Drawing("time_series", figure, caption, ("times", "line"), ("other",))


def _reliability(case: Case, note: str) -> Iterator[Drawing]:
    """Standard deviation against error of every method that has one; the name of a model's figure is the plain one."""
    comparison = hidden_points(case)
    points = comparison.points
    weights = np.broadcast_to(comparison.weights, points.shape)[points]
    for method in comparison.methods:
        if method.std is None:
            continue
        error = method.values[points] - comparison.truth[points]
        figure = plots.standard_deviation_against_error(
            method.std[points], error, weights, method=method.name, units=comparison.units
        )
        plain = method.role == "model"
        yield Drawing(
            "standard_deviation_against_error" + ("" if plain else f"_{method.name}"),
            figure,
            f"Predicted standard deviation of {plots.method_label(method.name)} against the root-mean-square error on"
            f" the hidden points of {case.dataset}, in bins of equally many points; below, how often each deviation was"
            f" predicted. On the dashed line the method knows its error.{note}",
            ("scatter", "histogram"),
            ("stddev", "rmsd"),
        )


def mean_of_observed(values: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "lat lon"]:
    """Mean over the days that were observed; NaN where none was."""
    seen = np.isfinite(values)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
