"""What the figures show if the settings do not say: days, a place, the foremost methods."""

from collections.abc import Sequence

import numpy as np

from esmlearn.errors import SettingsError
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.downscaling_choices import fine_structure, rich_times, richest_cell
from esmlearn.metrics import Row


def best_first(case: Case, rows: Sequence[Row]) -> list[Result]:
    """Give the methods of a case by their daily error; without scores as they are, models first."""
    error = {
        row["method"]: row["value"]
        for row in rows
        if row["metric"] == "rmse"
        and row["frequency"] == case.frequency
        and row["region"] == "all"
        and "bin" not in row
    }
    return sorted(case.results, key=lambda result: (error.get(result.name, np.inf), result.role != "model"))


def best_model(results: Sequence[Result]) -> Result:
    """Choose the method to show on maps: of methods with the best first, the first model, if there is one."""
    return next((result for result in results if result.role == "model"), results[0])


def foremost(results: Sequence[Result], number: int) -> list[Result]:
    """Choose the models, and the best baselines, so many in all; the best first."""
    chosen = sorted(results, key=lambda result: result.role != "model")[:number]
    return [result for result in results if result in chosen]


def chosen_days(case: Case) -> list[int]:
    """Days to show: those of the settings, else the most hidden one with anything seen, and a typical one.

    Of super-resolution, the ones with most and with a typical amount of fine structure. Where data are sub-daily, a
    day of the settings is shown at noon, or at the time next to it.
    """
    dates = case.settings.dates
    if dates:
        noon_last = sorted(enumerate(case.field.dates), key=lambda item: -abs(item[1].hour - 12))
        places = {(day.year, day.month, day.day): index for index, day in noon_last}
        lacking = [day for day in dates if (day.year, day.month, day.day) not in places]
        if lacking:
            first, last = case.field.dates[[0, -1]]
            raise SettingsError(
                f"dates: {', '.join(map(str, lacking))} is not among the reconstructed days of {case.dataset},"
                f" which run from {first:%Y-%m-%d} to {last:%Y-%m-%d}."
            )
        return [places[day.year, day.month, day.day] for day in dates]
    if case.downscaled:
        return rich_times(fine_structure(case))
    return sorted({typical_day(case), most_hidden_day(case)})


def day_of_maps(case: Case) -> int:
    """Day for figures of a single day: the first of the settings, else a typical one."""
    return chosen_days(case)[0] if case.settings.dates or case.downscaled else typical_day(case)


def typical_day(case: Case) -> int:
    """Day with a typical share hidden, of another season than the most hidden one where the period is long enough."""
    share = case.hidden[:, case.ocean].mean(axis=1)
    most = most_hidden_day(case)
    seen = np.flatnonzero(share < 1)
    far = seen[np.abs(seen - most) >= share.size / 4]
    return int(far[np.argmin(np.abs(share[far] - np.median(share[seen])))] if far.size else most)


def most_hidden_day(case: Case) -> int:
    """Day with most hidden of those on which anything was seen."""
    share = case.hidden[:, case.ocean].mean(axis=1)
    return int(np.argmax(np.where(share < 1, share, -1.0)))


def chosen_place(case: Case) -> tuple[int, int]:
    """Cell of the time series: the ocean cell nearest to the settings' place, else the one hidden most often.

    Of super-resolution, where there is most fine structure.
    """
    field, place = case.field, case.settings.place
    if place is None and case.downscaled:
        return richest_cell(case)
    if place is None:
        hidden = case.hidden.mean(axis=0)
        row, column = np.unravel_index(np.argmax(np.where(case.ocean & (hidden < 0.95), hidden, -1.0)), hidden.shape)
        return int(row), int(column)
    north = field.lat[:, None] - place.latitude
    east = ((field.lon - place.longitude + 180) % 360 - 180)[None, :] * np.cos(np.deg2rad(place.latitude))
    if np.abs(north).min() > 1 or np.abs(east).min() > 1:
        raise SettingsError(
            f"place: latitude {place.latitude}, longitude {place.longitude} lies outside of {case.dataset}, which"
            f" covers {field.lat[0]:g} to {field.lat[-1]:g} degrees north and {field.lon[0]:g} to {field.lon[-1]:g}"
            " degrees east."
        )
    row, column = np.unravel_index(np.argmin(np.where(case.ocean, north**2 + east**2, np.inf)), case.ocean.shape)
    return int(row), int(column)
