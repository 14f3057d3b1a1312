"""Marine heatwave days of the truth that methods find, against a threshold from the years that were not filled."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from esmlearn import metrics
from esmlearn.evaluation.case import Case
from esmlearn.fields.field import Field
from esmlearn.fields.times import match_times
from esmlearn.metrics.extremes import LONGEST_BREAK_DAYS, SHORTEST_DAYS

# A percentile of fewer years is none of the climate (Hobday et al. 2016 ask for 30, and take what there is).
FEWEST_BASELINE_YEARS = 5

DAYS_OF_YEAR = 365.25

# What lies further off than the shortest heatwave and the longest break cannot change whether a day is in a heatwave.
AROUND_DAYS = SHORTEST_DAYS + LONGEST_BREAK_DAYS


def score_heatwaves(
    case: Case, daily: metrics.Comparison, left_out: dict[str, str]
) -> tuple[list[metrics.Row], dict[str, Any] | None]:
    """Scores of marine heatwave days as rows, and what the threshold is of."""
    if case.downscaled:
        left_out["heatwaves"] = (
            "Super-resolution fills no gap in time; when they begin and end is what the coarse field says."
        )
        return [], None
    if case.withheld:
        left_out["heatwaves"] = "Only withheld observations are known, and a heatwave needs days without a gap."
        return [], None
    whole = _whole(case)
    if whole is None:
        left_out["heatwaves"] = _too_short(0.0)
        return [], None
    if whole.step_numbers is None or not 1 <= whole.step_days <= SHORTEST_DAYS:
        left_out["heatwaves"] = (
            f"A heatwave is counted in days or in regular steps of up to {SHORTEST_DAYS} days, but the truth has steps"
            f" of {whole.spacing_days:.3g} days; average those of hours over days."
        )
        return [], None
    if whole.frequency == "day" and whole.step_days > 1:
        left_out["heatwaves"] = "The truth is of single days, and those between them are not known."
        return [], None
    inside = match_times(whole, case.field, names=("truth", "reconstruction"))
    others = np.ones(whole.dates.size, bool)
    others[inside] = False
    baseline = whole[others]
    years = len(baseline.dates) * whole.step_days / DAYS_OF_YEAR
    if years < FEWEST_BASELINE_YEARS:
        left_out["heatwaves"] = _too_short(years)
        return [], None
    calendar = metrics.heatwave_threshold(baseline.values[:, 0], baseline.calendar_day)
    near = _steps_near(whole.days, whole.days[inside], AROUND_DAYS + 2 * whole.step_days)
    threshold = calendar[whole.calendar_day[near]]
    # A day that is not known would end a heatwave that may have gone on.
    threshold = np.where(np.isfinite(daily.truth).all(axis=0), threshold, np.float32(np.nan))
    around = metrics.Surroundings(
        whole.values[near, 0], whole.step_numbers[near], whole.step_days, np.searchsorted(near, inside)
    )
    rows, share = metrics.score_heatwaves(daily, threshold, around)
    if not share:
        left_out["heatwaves"] = "No point that counts is a heatwave day in the truth."
        return [], None
    first, last = baseline.dates[[0, -1]]
    return rows, {"baseline": f"{first:%Y-%m-%d}/{last:%Y-%m-%d}", "share": share}


def _too_short(years: float) -> str:
    return (
        f"The truth has {years:.1f} years outside of the reconstruction, fewer than {FEWEST_BASELINE_YEARS} for the"
        " threshold."
    )


def _whole(case: Case) -> Field | None:
    """The truth on all its days; None where it has no others than those that were reconstructed."""
    source = case.truth_source
    if source is None or source.cube.shape[0] <= case.field.dates.size:
        return None
    return source.whole(case.field)


def _steps_near(
    days: Float[np.ndarray, " time"], wanted: Float[np.ndarray, " wanted"], distance: float
) -> Int[np.ndarray, " near"]:
    """Indices of the times that are no further than this from one of those wanted; both are sorted."""
    after = np.searchsorted(wanted, days)
    before, after = wanted[np.maximum(after - 1, 0)], wanted[np.minimum(after, wanted.size - 1)]
    return np.flatnonzero(np.minimum(np.abs(days - before), np.abs(days - after)) <= distance)
