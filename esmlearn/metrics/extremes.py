"""Marine heatwave days that a method finds or misses (Hobday et al. 2016, doi:10.1016/j.pocean.2015.12.014).

A heatwave has at least five successive days above the 90th percentile of the calendar day; two heatwaves with a break
of two days or less are one. The percentile is that of all days within five days of the calendar day in a baseline
period, then smoothed over 31 days.
"""

from collections.abc import Sequence

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

# A year of any calendar is divided into this number of calendar days.
CALENDAR_DAYS = 365


def calendar_day(year_fraction: Float[np.ndarray, " time"]) -> Int[np.ndarray, " time"]:
    """Give the calendar day of dates, from 0 to 364 for any length of the year; a date is a fraction of its year."""
    # A small number is added, as rounding errors would put midnight into the day before.
    return np.floor(CALENDAR_DAYS * year_fraction + 1e-6).astype(int) % CALENDAR_DAYS


def heatwave_threshold(
    baseline: Float[np.ndarray, "time lat lon"], day: Int[np.ndarray, " time"]
) -> Float[np.ndarray, "calendar lat lon"]:
    """Calculate the threshold of each calendar day at each cell; NaN at cells where the baseline has a gap.

    Parameters
    ----------
    baseline
        Daily values of some years.
    day
        Their calendar days.
    """
    complete = np.isfinite(baseline).all(axis=0)
    # The days of a cell are contiguous in memory: that makes sorting faster.
    series = np.ascontiguousarray(baseline[:, complete].T)
    found = np.empty((CALENDAR_DAYS, len(series)), np.float32)
    for centre in range(CALENDAR_DAYS):
        away = (day - centre + CALENDAR_DAYS // 2) % CALENDAR_DAYS - CALENDAR_DAYS // 2
        found[centre] = np.percentile(series[:, np.abs(away) <= WINDOW_DAYS // 2], PERCENTILE, axis=1)
    threshold = np.full((CALENDAR_DAYS, *complete.shape), np.nan, np.float32)
    threshold[:, complete] = ndimage.uniform_filter1d(found, SMOOTHING_DAYS, axis=0, mode="wrap")
    return threshold


def heatwave_days(
    values: Float[np.ndarray, "time lat lon"], threshold: Float[np.ndarray, "time lat lon"]
) -> Bool[np.ndarray, "time lat lon"]:
    """Find the days of heatwaves, with the threshold of each date."""
    warm = values > threshold
    heatwave = warm & (run_lengths(warm) >= SHORTEST_DAYS)
    started = np.logical_or.accumulate(heatwave, axis=0)
    goes_on = np.logical_or.accumulate(heatwave[::-1], axis=0)[::-1]
    return heatwave | (started & goes_on & (run_lengths(~heatwave) <= LONGEST_BREAK_DAYS))


def run_lengths(mask: Bool[np.ndarray, "time lat lon"]) -> Int[np.ndarray, "time lat lon"]:
    """Give for each value the number of successive True values in time that it belongs to; 0 where it is False."""
    n_time = len(mask)
    step = np.arange(n_time, dtype=np.int32)[:, None, None]
    before = np.maximum.accumulate(np.where(mask, np.int32(-1), step), axis=0)
    after = np.minimum.accumulate(np.where(mask, np.int32(n_time), step)[::-1], axis=0)[::-1]
    return np.where(mask, after - before - 1, np.int32(0))


def score_heatwaves(comparison: Comparison, threshold: Float[np.ndarray, "time lat lon"]) -> tuple[list[Row], float]:
    """Compare the heatwave days of each method with those of the truth, on the hidden points.

    Parameters
    ----------
    comparison
        Methods and truth, daily and complete: a gap ends a heatwave.
    threshold
        Threshold on each date; points where it is NaN do not count.

    Returns
    -------
    list of Row
        Hit rate, false-alarm ratio and critical success index. A score that would divide by zero has no row, such as
        the false-alarm ratio of a method without any heatwave.
    float
        Share of the points that are heatwave days in the truth.
    """
    points = comparison.points & np.isfinite(threshold)
    areas = np.where(points, comparison.weights.astype(float), 0.0)
    weights = areas.sum(axis=(1, 2))
    truth = heatwave_days(comparison.truth, threshold)
    rows = []
    for method in comparison.methods:
        table = contingency(comparison.bootstrap, truth, [heatwave_days(method.values, threshold)], areas)
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
