"""Scores of a predicted standard deviation against closed forms."""

import numpy as np
import pytest
from scipy import stats

from esmlearn import metrics
from tests.comparisons import compare, values_of


def gaussian(std, *, claimed=None, seed=2, shape=(50, 40, 100)):
    """Compare a method with errors of one deviation, which may claim another one, with a truth of zero."""
    std = np.broadcast_to(np.asarray(std, np.float32), shape)
    error = (std * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)
    claimed = std if claimed is None else np.full(shape, claimed, np.float32)
    return compare(np.zeros(shape), np.ones(shape), metrics.Method("m", "model", error, claimed))


def test_an_honest_gaussian_is_found_honest():
    std = np.random.default_rng(1).uniform(0.2, 2.0, (50, 40, 100))
    found = values_of(metrics.score(gaussian(std)), "m")
    assert found["coverage_50"] == pytest.approx(0.5, abs=0.005)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.005)
    assert found["spread_skill_ratio"] == pytest.approx(1.0, abs=0.01)
    assert found["sharpness"] == pytest.approx(std.mean(), rel=1e-3)
    # The expected CRPS of a calibrated Gaussian is its deviation over the root of pi.
    assert found["crps"] == pytest.approx(std.mean() / np.sqrt(np.pi), rel=0.01)


def test_an_overconfident_gaussian_is_found_out():
    found = values_of(metrics.score(gaussian(1.0, claimed=0.5)), "m")
    assert found["spread_skill_ratio"] == pytest.approx(0.5, abs=0.01)
    assert found["coverage_90"] == pytest.approx(2 * stats.norm.cdf(0.5 * 1.6449) - 1, abs=0.01)


@pytest.mark.parametrize("claimed", [0.5, 1.0, 2.0])
def test_reliability_follows_the_closed_form(claimed):
    """Coverage of a Gaussian with a wrong standard deviation; with the right one, the tenths are flat too."""
    (record,) = metrics.reliability(gaussian(1.0, claimed=claimed))
    nominal = np.array(record["nominal"])
    expected = 2 * stats.norm.cdf(claimed * stats.norm.ppf((1 + nominal) / 2)) - 1
    assert record["observed"] == pytest.approx(expected, abs=0.01)
    edges = stats.norm.cdf(claimed * stats.norm.ppf(np.linspace(0, 1, 11)))
    assert record["pit"] == pytest.approx(np.diff(edges), abs=0.01)
    assert (record["method"], record["frequency"]) == ("m", "day")


def test_a_warm_bias_shows_at_the_cold_end_of_the_tenths():
    ones = np.ones((1, 2, 2), np.float32)
    (record,) = metrics.reliability(compare(0 * ones, ones, metrics.Method("m", "model", 5 * ones, ones)))
    assert record["pit"][0] == 1.0


def test_reliability_needs_a_deviation():
    ones = np.ones((1, 2, 2), np.float32)
    assert metrics.reliability(compare(ones, ones, metrics.Method("m", "model", ones))) == []


def test_large_cells_count_more_in_reliability():
    """The large cell is within every interval, the small one within none."""
    estimate = np.array([[[0.0, 100.0]]], np.float32)
    method = metrics.Method("m", "model", estimate, np.ones_like(estimate))
    (record,) = metrics.reliability(compare(0 * estimate, np.ones_like(estimate), method, weights=[[0.75, 0.25]]))
    assert record["observed"] == pytest.approx([0.75] * 10)


def test_crps_agrees_with_its_integral():
    """The closed form against the definition, the integral of (F - H)^2."""
    x = np.linspace(-30, 30, 200_001)
    for mean, std, truth in [(0.0, 1.0, 0.0), (1.0, 0.5, 3.0), (-2.0, 3.0, 1.5)]:
        squared = (stats.norm.cdf(x, mean, std) - (x >= truth)) ** 2
        integral = np.sum(squared) * (x[1] - x[0])
        (crps,) = metrics.gaussian_crps(*(np.array([value]) for value in (mean, std, truth)))
        assert crps == pytest.approx(integral, abs=1e-3)


def test_crps_without_spread_is_the_absolute_error():
    (crps,) = metrics.gaussian_crps(np.array([1.0]), np.array([0.0]), np.array([3.5]))
    assert crps == pytest.approx(2.5)
