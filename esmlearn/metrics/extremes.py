"""Marine heatwave days that a method finds or misses (Hobday et al. 2016, doi:10.1016/j.pocean.2015.12.014).

A heatwave has at least five successive days above the 90th percentile of the calendar day; two heatwaves with a break
of two days or less are one. The percentile is that of all days within five days of the calendar day in a baseline
period, then smoothed over 31 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int
from scipy import ndimage
from scores.categorical import BasicContingencyManager

from esmlearn.metrics.comparison import Comparison, Row, score_rows
from esmlearn.metrics.uncertainty import BlockBootstrap

PERCENTILE = 90
WINDOW_DAYS = 11
SMOOTHING_DAYS = 31
SHORTEST_DAYS = 5
LONGEST_BREAK_DAYS = 2

# Least number of values in the window of a calendar day, as a share of the most that one has: a season that few years
# know has the percentile of their weather.
FEWEST_SHARE = 0.5

# Calendar days of a year, as `Field.calendar_day` numbers them.
CALENDAR_DAYS = 365


def heatwave_threshold(
    baseline: Float[np.ndarray, "time lat lon"], day: Int[np.ndarray, " time"]
) -> Float[np.ndarray, "calendar lat lon"]:
    """Calculate the threshold of each calendar day at each cell; NaN at cells where the baseline has a gap.

    NaN, too, on calendar days of seasons that the baseline has in few years or none: `FEWEST_SHARE`.

    Parameters
    ----------
    baseline
        Values of days, or of steps of a few days, of some years.
    day
        Their calendar days, from 0 to 364.
    """
    complete = np.isfinite(baseline).all(axis=0)
    # The days of a cell are contiguous in memory: that makes sorting faster.
    series = np.ascontiguousarray(baseline[:, complete].T)
    calendar = np.arange(CALENDAR_DAYS)
    away = (day - calendar[:, None] + CALENDAR_DAYS // 2) % CALENDAR_DAYS - CALENDAR_DAYS // 2
    within = np.abs(away) <= WINDOW_DAYS // 2
    count = within.sum(axis=1)
    known = count >= max(FEWEST_SHARE * count.max(), 1)
    found = np.zeros((CALENDAR_DAYS, len(series)), np.float32)
    for centre in calendar[known]:
        found[centre] = np.percentile(series[:, within[centre]], PERCENTILE, axis=1)
    threshold = np.full((CALENDAR_DAYS, *complete.shape), np.nan, np.float32)
    # Days without a percentile take no part in the running mean.
    parts = found, known.astype(np.float32)
    total, share = (ndimage.uniform_filter1d(part, SMOOTHING_DAYS, axis=0, mode="wrap") for part in parts)
    threshold[:, complete] = np.where(known[:, None], total / np.where(known, share, 1)[:, None], np.nan)
    return threshold


@dataclass(frozen=True)
class Surroundings:
    """The truth on the scored times and around them: a heatwave may begin before the first one or end after the last.

    Attributes
    ----------
    truth
        Shape (time, lat, lon); NaN where it is not known, which is never warm.
    step
        Number of the step of each time; steps that are missing are never warm.
    step_days
        Days that a step stands for.
    scored
        Which steps are the scored ones.
    """

    truth: Float[np.ndarray, "time lat lon"]
    step: Int[np.ndarray, " time"]
    step_days: float
    scored: Int[np.ndarray, " scored"]

    def heatwaves(
        self, values: Float[np.ndarray, "scored lat lon"], threshold: Float[np.ndarray, "time lat lon"]
    ) -> Bool[np.ndarray, "scored lat lon"]:
        """Find the scored times that belong to a heatwave: of a method within them, and of the truth around them."""
        series = self.truth.copy()
        series[self.scored] = values
        return heatwave_days(series, threshold, step=self.step, step_days=self.step_days)[self.scored]


def heatwave_days(
    values: Float[np.ndarray, "time lat lon"],
    threshold: Float[np.ndarray, "time lat lon"],
    *,
    step: Int[np.ndarray, " time"] | None = None,
    step_days: float = 1.0,
) -> Bool[np.ndarray, "time lat lon"]:
    """Find the days of heatwaves, with the threshold of each date.

    Parameters
    ----------
    values, threshold
        Of each time; where one is NaN, it is not warm.
    step
        Number of the step of each time, rising; by default one follows the other. Missing steps are not warm.
    step_days
        Days that a step stands for: four warm steps of five days are a heatwave of 20 days.
    """
    number = np.arange(len(values)) if step is None else step - step[0]
    warm = np.zeros((number[-1] + 1, *values.shape[1:]), bool)
    warm[number] = values > threshold
    heatwave = warm & (run_lengths(warm) * step_days >= SHORTEST_DAYS)
    started = np.logical_or.accumulate(heatwave, axis=0)
    goes_on = np.logical_or.accumulate(heatwave[::-1], axis=0)[::-1]
    return (heatwave | (started & goes_on & (run_lengths(~heatwave) * step_days <= LONGEST_BREAK_DAYS)))[number]


def run_lengths(mask: Bool[np.ndarray, "time lat lon"]) -> Int[np.ndarray, "time lat lon"]:
    """Give for each value the number of successive True values in time that it belongs to; 0 where it is False."""
    n_time = len(mask)
    step = np.arange(n_time, dtype=np.int32)[:, None, None]
    before = np.maximum.accumulate(np.where(mask, np.int32(-1), step), axis=0)
    after = np.minimum.accumulate(np.where(mask, np.int32(n_time), step)[::-1], axis=0)[::-1]
    return np.where(mask, after - before - 1, np.int32(0))


def score_heatwaves(
    comparison: Comparison, threshold: Float[np.ndarray, "time lat lon"], around: Surroundings
) -> tuple[list[Row], float]:
    """Compare the heatwave days of each method with those of the truth, on the hidden points.

    Parameters
    ----------
    comparison
        Methods and truth, complete: a gap ends a heatwave.
    threshold
        Threshold on each date of the surroundings; points where it is NaN do not count.
    around
        The truth on these times and around them, which is the same for all methods.

    Returns
    -------
    list of Row
        Hit rate, false-alarm ratio and critical success index. A score that would divide by zero has no row, such as
        the false-alarm ratio of a method without any heatwave.
    float
        Share of the points that are heatwave days in the truth.
    """
    points = comparison.points & np.isfinite(threshold[around.scored])
    areas = np.where(points, comparison.weights.astype(float), 0.0)
    weights = areas.sum(axis=(1, 2))
    truth = around.heatwaves(comparison.truth, threshold)
    rows = []
    for method in comparison.methods:
        table = contingency(comparison.bootstrap, truth, [around.heatwaves(method.values, threshold)], areas)
        scores = {
            "heatwave_hit_rate": table.hit_rate().values,
            "heatwave_false_alarm_ratio": table.false_alarm_ratio().values,
            "heatwave_critical_success_index": table.critical_success_index().values,
        }
        rows += score_rows(comparison, method, scores, weights, int(points.sum()))
    share = np.where(truth, areas, 0.0).sum() / weights.sum() if weights.any() else 0.0
    return rows, float(share)


def contingency(
    bootstrap: BlockBootstrap,
    truth: Bool[np.ndarray, "time lat lon"],
    found: Sequence[Bool[np.ndarray, "time lat lon"]],
    areas: Float[np.ndarray, "time lat lon"],
) -> BasicContingencyManager:
    """Sum the areas of hits, misses and false alarms in all resamples; `scores` has no weights for areas.

    `truth` is True where the event is, `found` where a method has it, or each of its members, which are counted
    together. The area of points that do not count is zero.
    """
    counts = {}
    for name, right, claimed in (("tp", True, True), ("tn", False, False), ("fp", False, True), ("fn", True, False)):
        sums = sum(np.where((truth == right) & (each == claimed), areas, 0.0).sum(axis=(1, 2)) for each in found)
        counts[f"{name}_count"] = xr.DataArray(bootstrap.counts @ sums, dims="resample")
    return BasicContingencyManager(counts | {"total_count": sum(counts.values())})
