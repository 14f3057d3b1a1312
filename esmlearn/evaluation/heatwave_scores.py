"""Marine heatwave days of the truth that methods find, against a threshold from the years that were not filled."""

from typing import Any

import numpy as np

from esmlearn import metrics
from esmlearn.evaluation.case import Case
from esmlearn.fields.field import Field
from esmlearn.fields.times import match_times
from esmlearn.words import frequency_words

# A percentile of fewer years is none of the climate (Hobday et al. 2016 ask for 30, and take what there is).
FEWEST_BASELINE_YEARS = 5

DAYS_OF_YEAR = 365.25


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
    if case.frequency not in ("day", *(f"{hours}hr" for hours in range(1, 24))):
        left_out["heatwaves"] = f"A heatwave is counted in days, but the data are {frequency_words(case.frequency)}."
        return [], None
    baseline = _baseline(case)
    years = 0.0 if baseline is None else len(baseline.dates) / DAYS_OF_YEAR
    if baseline is None or years < FEWEST_BASELINE_YEARS:
        left_out["heatwaves"] = (
            f"The truth has {years:.1f} years outside of the reconstruction, fewer than {FEWEST_BASELINE_YEARS} for the"
            " threshold."
        )
        return [], None
    calendar = metrics.heatwave_threshold(baseline.values[:, 0], metrics.calendar_day(baseline.year_fraction))
    threshold = calendar[metrics.calendar_day(case.field.year_fraction)]
    # A day that is not known would end a heatwave that may have gone on.
    threshold = np.where(np.isfinite(daily.truth).all(axis=0), threshold, np.float32(np.nan))
    rows, share = metrics.score_heatwaves(daily, threshold)
    if not share:
        left_out["heatwaves"] = "No point that counts is a heatwave day in the truth."
        return [], None
    first, last = baseline.dates[[0, -1]]
    return rows, {"baseline": f"{first:%Y-%m-%d}/{last:%Y-%m-%d}", "share": share}


def _baseline(case: Case) -> Field | None:
    """The truth on the days that were not reconstructed; None where there are none."""
    source = case.truth_source
    if source is None or source.cube.shape[0] <= case.field.dates.size:
        return None
    field = source.whole(case.field)
    others = np.ones(field.dates.size, bool)
    others[match_times(field, case.field, names=("truth", "reconstruction"))] = False
    return field[others]
