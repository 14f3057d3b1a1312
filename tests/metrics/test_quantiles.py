"""Distributions and extremes whose answers are known."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.metrics.quantiles import resampled_quantiles
from tests.comparisons import compare, values_of

SHAPE = (400, 5, 6)


def noise(seed=0, scale=1.0, members=None):
    shape = SHAPE if members is None else (members, *SHAPE)
    return scale * np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def against(truth, *methods, **options):
    return compare(truth, np.ones_like(truth), *methods, **options)


def test_quantiles_are_those_of_numpy():
    truth = noise()
    found = resampled_quantiles(against(truth), [truth], (0.01, 0.5, 0.99))
    assert found[0] == pytest.approx(np.quantile(truth, (0.01, 0.5, 0.99)), abs=0.01)


def test_quantiles_weigh_areas():
    """Half of the cells have values of 0, half of 1; the first are three times as large."""
    truth = np.zeros(SHAPE, np.float32)
    truth[:, :, 3:] = 1 + noise(scale=1e-3)[:, :, 3:]
    weights = np.ones(SHAPE[1:])
    weights[:, :3] = 3
    comparison = against(truth, weights=weights)
    low, high = resampled_quantiles(comparison, [truth], (0.70, 0.80))[0]
    assert (low, high) == (0.0, pytest.approx(1, abs=0.01))


def test_a_method_with_twice_the_range_has_its_ends_too_far_out():
    truth = noise()
    comparison = against(truth, metrics.Method("m", "model", 2 * truth), block=10)
    rows = metrics.quantile_rows(comparison)
    expected = dict(zip(("01", "05", "50", "95", "99"), np.quantile(truth, (0.01, 0.05, 0.5, 0.95, 0.99)), strict=True))
    assert values_of(rows, "m") == pytest.approx(
        {f"quantile_bias_{level}": bias for level, bias in expected.items()}, abs=0.02
    )
    assert all(row["low"] <= row["value"] <= row["high"] and row["units"] == "degC" for row in rows)


def test_the_truth_has_no_bias_in_any_quantile_nor_does_rain_that_mostly_does_not_fall():
    rain = np.maximum(noise() - 1, 0)
    rows = metrics.quantile_rows(against(rain, metrics.Method("m", "model", rain)))
    assert [row["value"] for row in rows] == [0.0] * 5


def test_members_count_together_and_their_mean_does_not():
    """The mean of four independent members has half of their deviation."""
    truth, members = noise(), noise(1, members=4)
    method = metrics.Method("net", "model", members.mean(axis=0), members.std(axis=0), members)
    found = values_of(metrics.quantile_rows(against(truth, method)), "net")
    assert all(abs(bias) < 0.1 for bias in found.values())
    truth_record, record = metrics.quantile_records(against(truth, method))
    assert truth_record["method"] == "truth"
    assert record["quantile"][0] == pytest.approx(-3.09, abs=0.15)
    assert np.all(np.diff(record["quantile"]) > 0)


def test_extremes_at_the_right_times_and_as_often():
    truth = noise()
    rows = metrics.exceedance_rows(against(truth, metrics.Method("m", "model", truth), block=10))
    # At all of the right times and no other: logarithms of zero, which give no row.
    assert values_of(rows, "m") == {
        "frequency_bias_95": 1.0,
        "brier_95": 0.0,
        "frequency_bias_99": 1.0,
        "brier_99": 0.0,
    }
    assert {row["n"] for row in rows} == {truth.size}


def test_extremes_at_random_have_no_skill():
    rows = metrics.exceedance_rows(against(noise(), metrics.Method("m", "model", noise(1))))
    found = values_of(rows, "m")
    assert found["sedi_95"] == pytest.approx(0, abs=0.1)
    assert found["frequency_bias_95"] == pytest.approx(1, abs=0.1)
    assert found["brier_95"] == pytest.approx(0.05 + 0.05 - 2 * 0.05**2, abs=0.01)


def test_a_smooth_method_is_seldom_extreme_and_members_are_as_often():
    """Truth and members share a half of their variance; the mean of many is that half alone."""
    shared = noise() / 2**0.5
    truth, members = shared + noise(1) / 2**0.5, shared + noise(2, members=10) / 2**0.5
    smooth = metrics.Method("smooth", "baseline", shared)
    ensemble = metrics.Method("net", "model", members.mean(axis=0), members.std(axis=0), members)
    rows = metrics.exceedance_rows(against(truth, smooth, ensemble))
    found, mean = values_of(rows, "net"), values_of(rows, "smooth")
    assert found["frequency_bias_95"] == pytest.approx(1, abs=0.05)
    # 1.64 deviations of the truth are 2.33 of the smooth field: 1 % above, and not 5.
    assert mean["frequency_bias_95"] == pytest.approx(0.2, abs=0.05)
    assert found["brier_95"] < mean["brier_95"]
