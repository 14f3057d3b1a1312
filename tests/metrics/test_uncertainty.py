"""Intervals that hold what they promise, on errors whose size and memory are known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from esmlearn import metrics
from tests.comparisons import compare, values_of


def red_noise(n_series, n_days, memory, *, seed=0):
    """Make series of variance one, each day of which keeps a share of the last (AR(1)); shape (series, time)."""
    noise = np.random.default_rng(seed).standard_normal((n_series, n_days + 200))
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], noise, axis=1)[:, 200:]


def coverage(block, errors, score, *, right):
    """Share of the intervals of a score that hold the right value, over many series of errors."""
    bootstrap, weights = metrics.BlockBootstrap.of(errors.shape[1], block), np.ones((errors.shape[1], 1))
    held = 0
    for series_ in errors:
        low, high = bootstrap.interval(score(bootstrap, series_[:, None], weights)[:, 0], weights[:, 0])
        held += low <= right <= high
    return held / len(errors)


def mean(bootstrap, errors, weights):
    return bootstrap.mean(errors, weights)


def rmse(bootstrap, errors, weights):
    return np.sqrt(bootstrap.mean(errors**2, weights))


def test_intervals_from_blocks_hold_the_truth_and_those_from_days_do_not():
    errors = red_noise(300, 1000, 0.85)
    assert coverage(30, errors, rmse, right=1) == pytest.approx(0.95, abs=0.04)
    assert coverage(1, errors, rmse, right=1) < 0.75


def test_errors_without_memory_need_no_blocks():
    assert coverage(1, red_noise(300, 400, 0.0), mean, right=0) == pytest.approx(0.95, abs=0.03)


def test_intervals_from_few_blocks_are_wide_enough():
    """Plain percentiles hold only 88 % of such means of six blocks."""
    assert coverage(10, red_noise(600, 60, 0.0), mean, right=0) == pytest.approx(0.95, abs=0.025)


def series(**methods):
    """Compare methods, given by their error on each day, with a truth of zero."""
    made = [
        metrics.Method(name, "model" if name == "model" else "baseline", error.astype(np.float32)[:, None, None])
        for name, error in methods.items()
    ]
    n_days = len(made[0].values)
    return compare(np.zeros((n_days, 1, 1)), np.ones((n_days, 1, 1)), *made, block=30)


def row_of(rows, method, metric):
    (found,) = [row for row in rows if (row["method"], row["metric"]) == (method, metric)]
    return found


def test_a_small_steady_lead_is_significant_though_the_intervals_overlap():
    """Errors of both methods rise and fall together with the weather; only the paired difference shows the lead."""
    error = red_noise(1, 720, 0.95, seed=3)[0]
    other = 0.2 * red_noise(1, 720, 0.5, seed=4)[0]
    rows = metrics.score(series(baseline=error + other, model=0.97 * error - 0.97 * other))
    model, baseline = (row_of(rows, name, "rmse") for name in ("model", "baseline"))
    assert model["low"] < baseline["low"] < model["value"] < baseline["value"] < model["high"]
    skill = row_of(rows, "model", "skill")
    assert skill["significant"] is True
    assert 0 < skill["low"] < skill["value"] < skill["high"] < 0.15


def test_a_lead_by_chance_is_not_significant():
    errors = red_noise(2, 720, 0.9, seed=1)
    skill = row_of(metrics.score(series(baseline=errors[0], model=errors[1])), "model", "skill")
    assert skill["significant"] is False
    assert skill["low"] < 0 < skill["high"]


def test_every_score_has_an_interval_around_it():
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((300, 3, 4))
    values = (0.8 * truth + 0.5 * rng.standard_normal(truth.shape)).astype(np.float32)
    method = metrics.Method("m", "model", values, np.full(truth.shape, 0.5, np.float32))
    rows = metrics.score(compare(truth, np.ones(truth.shape), method, block=10))
    assert all(row["low"] < row["value"] < row["high"] for row in rows if row["metric"] != "sharpness")


def test_no_interval_is_told_from_too_few_blocks():
    """Neither from a short period, nor for a bin with few of a long one."""
    errors = red_noise(2, 720, 0.5)
    comparison = series(baseline=errors[0], model=errors[1])
    rows = metrics.score(series(baseline=errors[0][:140], model=errors[1][:140]))
    assert {(row["low"], row["high"]) for row in rows} == {(None, None)}
    assert row_of(rows, "model", "skill")["significant"] is None
    days = np.where(np.arange(720) < 600, 1.0, 2.0)[:, None, None]
    parts = [row for row in metrics.break_down(comparison, metrics.by_days(days)) if row["method"] == "model"]
    assert {(row["bin"]["from"], row["low"] is None) for row in parts} == {(1, False), (2, True)}


def test_scores_without_blocks_have_no_intervals():
    ones = np.ones((300, 1, 1), np.float32)
    rows = metrics.score(compare(ones, ones, metrics.Method("m", "model", 2 * ones)))
    assert values_of(rows, "m", low=None, high=None)["rmse"] == 1.0


def test_resamples_are_whole_blocks_and_the_same_each_time():
    counts = metrics.BlockBootstrap.of(100, 30, n_resamples=200, seed=5).counts
    assert (counts[0] == 1).all()
    assert (counts.sum(axis=1) == 100).all()
    # Four blocks, of which the last is cut off: their eight ends are the only places where a count changes.
    assert (np.diff(counts, axis=1, append=counts[:, :1]) != 0).sum(axis=1).max() <= 8
    # Circular: the ends of the series are taken as often as its middle.
    assert counts[1:].mean(axis=0) == pytest.approx(1, abs=0.25)
    np.testing.assert_array_equal(counts, metrics.BlockBootstrap.of(100, 30, n_resamples=200, seed=5).counts)
    assert (counts != metrics.BlockBootstrap.of(100, 30, n_resamples=200, seed=6).counts).any()


def test_resamples_without_a_score_leave_the_interval_finite():
    """Some of them divide by zero: infinite, or not a number."""
    bootstrap = metrics.BlockBootstrap.of(100, 5)
    scores = bootstrap.counts @ np.arange(100.0)
    scores[1:20:2], scores[2:20:2] = np.inf, np.nan
    low, high = bootstrap.interval(scores, np.ones(100))
    assert np.isfinite([low, high]).all()
