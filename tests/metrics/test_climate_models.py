"""Climate models are compared in the mean over years, with the uncertainty of the comparison."""

import numpy as np
import pytest

from esmlearn.metrics.climate_models import AnnualCycles, ModelComparison

YEARS = np.repeat(np.arange(2000, 2020), 12)
MONTHS = np.tile(np.arange(1, 13), 20)
AREA = np.array([[1.0, 2.0]])


def cycles(offset=0.0, *, std=None, spread=0.0, seed=0, years=20):
    """Make a cycle of 3 degC in both cells, with differences between years."""
    n = 12 * years
    noise = np.repeat(np.random.default_rng(seed).normal(0, spread, (years, 1, 2)), 12, axis=0)
    values = 15 + 3 * np.cos(2 * np.pi * MONTHS[:n] / 12)[:, None, None] + noise + offset
    error = None if std is None else np.full_like(values, std)
    found = AnnualCycles.of(values, error, YEARS[:n], MONTHS[:n])
    assert found is not None
    return found


def scores(model, reference):
    return {row["metric"]: row["value"] for row in ModelComparison(model, reference, AREA).rows("M", "degC")}


def test_only_whole_years_count():
    values = np.arange(30.0).reshape(30, 1, 1)
    years, months = np.repeat([1999, 2000, 2001], 12)[6:36], np.tile(np.arange(1, 13), 3)[6:36]
    found = AnnualCycles.of(values, None, years, months)
    assert found.values.shape == (2, 12, 1, 1)
    assert found.values[0, 0, 0, 0] == 6
    assert AnnualCycles.of(values[:6], None, years[:6], months[:6]) is None


def test_a_constant_offset_is_the_bias():
    found = scores(cycles(np.array([0.3, 0.9])), cycles())
    assert found["bias"] == pytest.approx((0.3 + 2 * 0.9) / 3)
    assert found["rmse"] == pytest.approx(np.sqrt((0.3**2 + 2 * 0.9**2) / 3))
    assert found["rmse_beyond_error"] == pytest.approx(found["rmse"])
    assert found["significant_share"] == 1


def test_errors_of_a_year_are_dependent_and_those_of_years_independent():
    reference = cycles(std=0.4)
    np.testing.assert_allclose(reference.error, 0.4 / np.sqrt(20))
    found = scores(cycles(0.1), reference)
    assert found["reference_error"] == pytest.approx(0.4 / np.sqrt(20))
    assert found["significant_share"] == 0  # 0.1 is less than 1.96 * 0.089
    assert found["rmse_beyond_error"] == pytest.approx(np.sqrt(0.1**2 - 0.16 / 20))


def test_the_interval_is_welchs():
    from scipy import stats

    model, reference = cycles(spread=1.0, seed=1), cycles(spread=0.5, seed=2, years=10)
    comparison = ModelComparison(model, reference, AREA)
    a, b = (part.values.mean(axis=1) for part in (model, reference))
    low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose(comparison.bias - comparison.uncertainty, low)
    np.testing.assert_allclose(comparison.bias + comparison.uncertainty, high)


def test_the_interval_of_the_bias_is_that_of_the_mean_over_the_area():
    from scipy import stats

    model, reference = cycles(spread=1.0, seed=1), cycles(spread=0.5, seed=2, years=10)
    row = ModelComparison(model, reference, AREA).rows("M", "degC")[0]
    a, b = (part.values.mean(axis=1)[:, 0] @ [1 / 3, 2 / 3] for part in (model, reference))
    low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    row = ModelComparison(cycles(0.1), cycles(std=0.4), AREA).rows("M", "degC")[0]
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.959964 * 0.4 / np.sqrt(20), rel=1e-5)


def test_of_equal_climates_one_in_twenty_is_called_different():
    rng = np.random.default_rng(3)
    shape = (10 * 12, 1, 4000)
    both = [np.repeat(rng.normal(0, 1, (10, 1, 4000)), 12, axis=0) + np.zeros(shape) for _ in range(2)]
    parts = [AnnualCycles.of(values, None, YEARS[:120], MONTHS[:120]) for values in both]
    found = ModelComparison(*parts, np.ones((1, 4000)))
    assert found.significant.mean() == pytest.approx(0.05, abs=0.015)


def test_a_single_year_has_no_variability_to_count():
    comparison = ModelComparison(cycles(0.5, years=1), cycles(std=0.1, years=1), AREA)
    np.testing.assert_allclose(comparison.uncertainty, 1.959964 * 0.1, rtol=1e-5)


def test_cells_that_one_of_both_lacks_do_not_count():
    model = cycles(np.array([np.nan, 0.4]))
    found = ModelComparison(model, cycles(), AREA).rows("M", "degC")
    assert found[0]["value"] == pytest.approx(0.4)
    assert found[0]["n"] == 1


def test_maps_of_the_same_pattern_are_correlated():
    pattern = np.array([0.0, 5.0])
    assert scores(cycles(pattern), cycles(2 * pattern))["correlation"] == pytest.approx(1)
    assert scores(cycles(pattern), cycles(-pattern))["correlation"] == pytest.approx(-1)
