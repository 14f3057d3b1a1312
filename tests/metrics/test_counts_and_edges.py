"""What lies on an edge, and what counts: cases where one sign or one comparison decides a score."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager
from esmlearn.metrics.calibration import calibration_at_points
from esmlearn.metrics.climate_models import AnnualCycles, ModelComparison
from esmlearn.metrics.exceedances import exceedance_rows
from esmlearn.metrics.extremes import contingency
from esmlearn.metrics.uncertainty import BlockBootstrap
from tests.comparisons import compare, values_of


def test_a_value_without_error_and_deviation_is_within_every_interval():
    zero, one = np.zeros(1), np.ones(1)
    found = calibration_at_points(one, zero, one)
    assert (found["coverage_50"], found["coverage_90"]) == (1, 1)
    assert calibration_at_points(one, zero, zero)["coverage_90"] == 0


def test_weather_of_both_is_taken_from_the_error_of_a_climate_model():
    """The difference of two means of n years has the sum of both variances over n."""
    rng = np.random.default_rng(4)
    area = np.ones((1, 500))
    cycles = []
    for spread in (0.3, 0.6):
        noise = np.repeat(rng.normal(0, spread, (20, 1, 500)), 12, axis=0)
        cycles.append(AnnualCycles.of(15 + noise, None, np.repeat(np.arange(20), 12), np.tile(np.arange(1, 13), 20)))
    comparison = ModelComparison(*cycles, area)
    found = {row["metric"]: row["value"] for row in comparison.rows("M", "degC")}
    variance = sum(part.values.mean(axis=1).var(axis=0, ddof=1) / 20 for part in cycles).mean()
    beyond = max(0.0, found["rmse"] ** 2 - variance)
    assert found["rmse_beyond_error"] == pytest.approx(np.sqrt(beyond), abs=1e-6)
    assert found["rmse"] == pytest.approx(np.sqrt((0.3**2 + 0.6**2) / 20), rel=0.1)


def test_sea_and_land_are_a_bin_each():
    land = np.array([[True, False, False]])
    assert [(low, where[0].tolist()) for low, _, where in metrics.by_surface(land)] == [
        (0, [False, True, True]),
        (1, [True, False, False]),
    ]


def test_days_without_a_coarse_value_do_not_count_as_consistent():
    fine = RectilinearGrid(0.125 + 0.25 * np.arange(8), 140.125 + 0.25 * np.arange(8))
    coarse = RectilinearGrid(0.5 + np.arange(2.0), 140.5 + np.arange(2.0))
    average, truth = averager(fine, coarse), np.ones((10, *fine.shape), np.float32)
    of_coarse = average(truth)
    of_coarse[:4] = np.nan
    comparison = compare(truth, np.ones_like(truth), metrics.Method("warm", "baseline", truth + np.float32(0.5)))
    (row,) = metrics.consistency_rows(comparison, of_coarse, average)
    assert (row["value"], row["n"]) == (pytest.approx(0.5), 6)


def test_anomalies_are_those_from_climatology_and_without_it_from_the_mean_of_the_truth():
    truth = np.random.default_rng(1).normal(size=(4, 2, 3)).astype(np.float32)
    truth[0, 0, 0] = np.nan
    hidden = np.ones_like(truth)
    climatology = metrics.Method("climatology", "baseline", truth * 0 + 5)
    other = metrics.Method("other", "baseline", np.zeros_like(truth))
    reference = compare(truth, hidden, other, climatology).reference
    np.testing.assert_array_equal(reference, climatology.values)
    without = compare(truth, hidden, other).reference
    np.testing.assert_allclose(without[0], np.nanmean(truth, axis=0), rtol=1e-6)
    assert without.shape == truth.shape


def test_a_point_counts_where_every_method_has_a_value_and_a_deviation():
    truth = np.zeros((1, 1, 5), np.float32)
    values, std, bare = (np.zeros((1, 1, 5), np.float32) for _ in range(3))
    truth[..., 0], values[..., 1], std[..., 2], bare[..., 3] = (np.nan,) * 4
    methods = metrics.Method("model", "model", values, std), metrics.Method("bare", "baseline", bare)
    comparison = compare(truth, np.ones_like(truth), *methods)
    assert comparison.points[0, 0].tolist() == [False, False, False, False, True]
    assert values_of(metrics.score(comparison), "bare")["rmse"] == 0


def half_hidden(seed=2):
    """A truth with values everywhere, of which half was hidden, and a method that errs wildly where nothing was."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(40, 3, 4)).astype(np.float32)
    hidden = rng.random(truth.shape) < 0.5
    return truth, hidden, np.where(hidden, truth + np.float32(0.25), truth + np.float32(100))


def test_maps_and_exceedances_look_at_hidden_points_alone():
    truth, hidden, values = half_hidden()
    comparison = compare(truth, hidden, metrics.Method("m", "model", values), weights=[[1, 2, 3, 4]] * 3)
    np.testing.assert_allclose(metrics.mean_error_map(comparison)["m"], 0.25, rtol=1e-5)
    found = values_of(exceedance_rows(comparison), "m")
    limit = np.quantile(truth[hidden], 0.95, method="inverted_cdf", weights=comparison.areas)
    areas = comparison.areas
    above = areas[values[hidden] > limit].sum() / areas[truth[hidden] > limit].sum()
    assert found["frequency_bias_95"] == pytest.approx(above, rel=0.35)
    assert found["frequency_bias_95"] < 4  # with the points that were not hidden it is near 20


@pytest.mark.parametrize("n_members", [2, 5])
def test_tenths_of_a_right_ensemble_of_any_size_are_flat(n_members):
    rng = np.random.default_rng(5)
    truth, *members = rng.normal(size=(n_members + 1, 30, 40, 50)).astype(np.float32)
    members = np.stack(members)
    comparison = compare(
        truth, np.ones_like(truth), metrics.Method("m", "model", members.mean(0), members.std(0), members)
    )
    (record,) = metrics.reliability(comparison)
    assert record["pit"] == pytest.approx([0.1] * 10, abs=0.004)


def test_the_contingency_table_has_all_four_areas():
    truth = np.array([[[True, True, False, False, True]]])
    found = np.array([[[True, False, True, False, True]]])
    areas = np.array([[[1.0, 2.0, 4.0, 8.0, 0.0]]])
    counts = contingency(BlockBootstrap.of(1, None), truth, [found, ~found], areas).get_counts()
    assert {name: counts[name].item() for name in counts} == {
        "tp_count": 3, "fn_count": 3, "fp_count": 12, "tn_count": 12, "total_count": 30,
    }  # fmt: skip
    counts = contingency(BlockBootstrap.of(1, None), truth, [found], areas).get_counts()
    assert {name: counts[name].item() for name in counts} == {
        "tp_count": 1, "fn_count": 2, "fp_count": 4, "tn_count": 8, "total_count": 15,
    }  # fmt: skip


def test_scores_in_the_units_of_the_data_say_so_and_others_do_not():
    truth = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    method = metrics.Method("m", "model", truth + np.float32(0.5), np.full_like(truth, 0.5))
    units = {row["metric"]: row["units"] for row in metrics.score(compare(truth, np.ones_like(truth), method))}
    of_data = {"rmse", "mae", "bias", "crps", "sharpness"}
    assert of_data < units.keys()
    assert all(unit == ("degC" if metric in of_data else "1") for metric, unit in units.items())
