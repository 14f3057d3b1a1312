"""Marine heatwaves put into series by hand."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.metrics.extremes import run_lengths
from tests.comparisons import compare, values_of


def days_of(*spans, n_days=40):
    """Make one cell that is warm (1) in spans of days, and cold (-1) otherwise; shape (time, 1, 1)."""
    values = np.full((n_days, 1, 1), -1.0, np.float32)
    for start, stop in spans:
        values[start:stop] = 1.0
    return values


def found(*spans):
    values = days_of(*spans)
    return np.flatnonzero(metrics.heatwave_days(values, np.zeros_like(values))[:, 0, 0]).tolist()


def test_run_lengths_by_hand():
    mask = np.array([1, 1, 0, 1, 0, 0, 1, 1, 1], bool)[:, None, None]
    assert run_lengths(mask)[:, 0, 0].tolist() == [2, 2, 0, 1, 0, 0, 3, 3, 3]


def test_five_days_are_a_heatwave_and_four_are_not():
    assert found((3, 8), (20, 24)) == [3, 4, 5, 6, 7]


def test_a_break_of_two_days_joins_and_one_of_three_does_not():
    assert found((0, 5), (7, 12)) == list(range(12))
    assert found((0, 5), (8, 13)) == [*range(5), *range(8, 13)]


def test_no_break_is_filled_beside_what_is_no_heatwave():
    """Neither towards a shorter spell, nor at the ends of the series."""
    assert found((10, 15), (16, 19)) == list(range(10, 15))
    assert found((2, 7), (33, 38)) == [*range(2, 7), *range(33, 38)]


@pytest.mark.parametrize(
    ("step_days", "spans", "warm"),
    [
        (5.0, [(3, 7)], [3, 4, 5, 6]),  # 20 days
        (5.0, [(3, 4), (5, 6)], [3, 5]),  # a break of five days does not join
        (2.0, [(3, 5)], []),  # four days
        (2.0, [(3, 6), (7, 10)], list(range(3, 10))),
        (0.5, [(3, 12)], []),
        (0.5, [(0, 10), (14, 24)], list(range(24))),
    ],
)
def test_steps_of_any_length_count_as_time(step_days, spans, warm):
    values = days_of(*spans)
    found = metrics.heatwave_days(values, np.zeros_like(values), step_days=step_days)
    assert np.flatnonzero(found[:, 0, 0]).tolist() == warm


def test_missing_steps_end_a_heatwave():
    """Three days, a month without data, three days: no heatwave; with five days on each side there are two."""
    for length, expected in ((3, 0), (5, 10)):
        step = np.r_[0:length, 35 : 35 + length]
        values = np.ones((2 * length, 1, 1), np.float32)
        assert metrics.heatwave_days(values, np.zeros_like(values), step=step).sum() == expected


@pytest.mark.parametrize("scored", [slice(4, 24), slice(0, 4), slice(6, 20)])
def test_a_heatwave_counts_where_a_part_of_it_is_scored(scored):
    """Eight warm days, of which some are scored: a method that is right there finds them all."""
    truth, step = days_of((0, 8)), np.arange(40)
    part = truth[scored]
    comparison = compare(part, np.ones_like(part), metrics.Method("m", "model", part))
    around = metrics.Surroundings(truth, step, 1.0, step[scored])
    rows, share = metrics.score_heatwaves(comparison, np.zeros_like(truth), around)
    assert values_of(rows, "m")["heatwave_hit_rate"] == 1
    assert share == pytest.approx((part > 0).mean())


def test_the_threshold_is_the_percentile_of_its_calendar_days():
    """Ten years, each as warm as its number, with one warm season: 8.1 out of it, and 108.1 in its midst."""
    day = np.tile(np.arange(365), 10)
    year = np.repeat(np.arange(10.0), 365)
    values = (year + np.where(np.abs(day - 200) < 40, 100, 0)).astype(np.float32)[:, None, None]
    threshold = metrics.heatwave_threshold(values, day)
    assert threshold.shape == (365, 1, 1)
    assert threshold[[0, 100, 300, 364], 0, 0] == pytest.approx(8.1)
    assert threshold[200, 0, 0] == pytest.approx(108.1)
    # Smoothed over 31 days: the step has become a slope.
    slope = threshold[130:200, 0, 0]
    assert (np.diff(slope) >= 0).all()
    assert 25 < ((slope > 9) & (slope < 108)).sum() < 40


def test_a_window_of_eleven_days_goes_round_the_turn_of_the_year():
    """The first week of the year is warm: it is felt as long before it as after it, and nowhere else."""
    day = np.tile(np.arange(365), 4)
    values = np.where(day < 7, 10.0, 0.0).astype(np.float32)[:, None, None]
    threshold = metrics.heatwave_threshold(values, day)[:, 0, 0]
    assert threshold[3] > 4
    assert threshold[3 + 15] == pytest.approx(threshold[365 + 3 - 15])
    assert threshold[100] == 0
    # It is above the percentile in the windows of fifteen days, and smoothing loses none of it.
    assert threshold.sum() == pytest.approx(15 * 10, rel=1e-3)


def test_a_cell_with_a_gap_in_its_baseline_has_no_threshold():
    values = np.zeros((730, 1, 2), np.float32)
    values[5, 0, 1] = np.nan
    threshold = metrics.heatwave_threshold(values, np.tile(np.arange(365), 2))
    assert np.isfinite(threshold[:, 0, 0]).all()
    assert np.isnan(threshold[:, 0, 1]).all()


@pytest.mark.parametrize("years_with_summer", [0, 1, 3])
def test_a_season_that_few_years_have_has_no_threshold(years_with_summer):
    """Of eight years; all other seasons have theirs, which is as without the gap."""
    day, year = np.tile(np.arange(365), 8), np.repeat(np.arange(8), 365)
    there = (year < years_with_summer) | (day < 150) | (day >= 240)
    values = year[there].astype(np.float32)[:, None, None]
    threshold = metrics.heatwave_threshold(values, day[there])[:, 0, 0]
    assert np.isnan(threshold[160:230]).all()
    assert threshold[np.r_[:140, 250:365]] == pytest.approx(7.0, abs=0.31)


def score_days(truth, estimate, hidden=None, weights=None, **options):
    hidden = np.ones_like(truth) if hidden is None else hidden
    comparison = compare(truth, hidden, metrics.Method("m", "model", estimate), weights=weights, **options)
    step = np.arange(len(truth))
    return metrics.score_heatwaves(comparison, np.zeros_like(truth), metrics.Surroundings(truth, step, 1.0, step))


def test_scores_of_heatwave_days_by_hand():
    """Of ten days eight are found, and four more are false alarms: heatwaves last on days without score, too."""
    rows, share = score_days(days_of((10, 20)), days_of((12, 24)))
    assert values_of(rows, "m") == pytest.approx(
        {
            "heatwave_hit_rate": 8 / 10,
            "heatwave_false_alarm_ratio": 4 / 12,
            "heatwave_critical_success_index": 8 / 14,
        }
    )
    assert share == 10 / 40
    even = np.zeros((40, 1, 1))
    even[::2] = 1
    rows, _ = score_days(days_of((10, 20)), days_of((12, 24)), hidden=even)
    assert values_of(rows, "m")["heatwave_hit_rate"] == 4 / 5
    assert {row["n"] for row in rows} == {20}


def test_large_cells_count_more_in_heatwaves():
    truth = np.concatenate([days_of((10, 20)), days_of((10, 20))], axis=2)
    estimate = np.concatenate([days_of((10, 20)), days_of()], axis=2)
    rows, _ = score_days(truth, estimate, weights=[[0.75, 0.25]])
    assert values_of(rows, "m")["heatwave_hit_rate"] == pytest.approx(0.75)


def test_a_method_that_never_says_heatwave_has_no_false_alarm_ratio():
    rows, _ = score_days(days_of((10, 20)), days_of())
    assert values_of(rows, "m") == {"heatwave_hit_rate": 0.0, "heatwave_critical_success_index": 0.0}


def test_heatwave_scores_have_intervals():
    """The method is blind in the second half: what share is found depends on the days of a resample."""
    truth = np.concatenate([days_of((10, 20), n_days=30)] * 10)
    estimate = np.concatenate([days_of((10, 20), n_days=30)] * 5 + [days_of(n_days=30)] * 5)
    (row,) = [row for row in score_days(truth, estimate, block=30)[0] if row["metric"] == "heatwave_hit_rate"]
    assert row["low"] < 0.4 < row["value"] == 0.5 < 0.6 < row["high"]
