"""Scores against numbers worked out by hand, and cases that must not leak."""

import csv
import io
from dataclasses import replace

import cftime
import numpy as np
import pytest
import xarray as xr
from scores import continuous

from esmlearn import metrics
from esmlearn.errors import DataError
from tests.comparisons import compare, values_of


def test_numbers_by_hand():
    """Errors 1, -1, 3 on hidden points; the value at the observed point does not count."""
    truth = [[[10.0, 10.0], [10.0, 10.0]]]
    estimate = np.array([[[11.0, 9.0], [13.0, 99.0]]], np.float32)
    hidden = [[[True, True], [True, False]]]
    rows = metrics.score(compare(truth, hidden, metrics.Method("m", "model", estimate)))
    found = values_of(rows, "m")
    assert found["rmse"] == pytest.approx(np.sqrt(11 / 3))
    assert found["mae"] == pytest.approx(5 / 3)
    assert found["bias"] == pytest.approx(1.0)
    assert {row["n"] for row in rows} == {3}


def test_what_a_method_leaves_open_is_counted_and_counts_for_none():
    truth = np.zeros((1, 2, 3))
    truth[0, 1, 2] = np.nan
    hidden = np.ones((1, 2, 3), bool)
    hidden[0, 0, 0] = False
    values = np.ones((1, 2, 3), np.float32)
    gappy = values.copy()
    gappy[0, 0] = np.nan  # of which one point was observed
    comparison = compare(
        truth, hidden, metrics.Method("whole", "model", values), metrics.Method("gappy", "baseline", gappy)
    )
    assert comparison.left_open == {"gappy": 2}
    assert {row["n"] for row in metrics.score(comparison)} == {2}


def test_rows_keep_the_contract():
    truth = np.random.default_rng(0).standard_normal((4, 3, 3))
    hidden = np.ones((4, 3, 3), bool)
    method = metrics.Method("m", "model", truth.astype(np.float32) + 1, np.ones((4, 3, 3), np.float32))
    rows = metrics.score(compare(truth, hidden, method))
    keys = {"dataset", "method", "role", "frequency", "split", "region", "metric", "value", "units", "n"}
    assert all(keys | {"low", "high"} <= set(row) for row in rows)
    assert {row["region"] for row in rows} == {"all"}
    assert {row["metric"] for row in rows} == {
        "rmse", "mae", "bias", "correlation", "coverage_50", "coverage_90", "crps", "spread_skill_ratio", "sharpness"
    }  # fmt: skip
    assert all(type(row["value"]) is float and type(row["n"]) is int for row in rows)


def test_large_cells_count_more():
    truth = np.zeros((1, 2, 1))
    estimate = np.array([[[1.0], [3.0]]], np.float32)
    rows = metrics.score(
        compare(truth, np.ones_like(truth), metrics.Method("m", "model", estimate), weights=[[0.75], [0.25]])
    )
    found = values_of(rows, "m")
    assert found["rmse"] == pytest.approx(np.sqrt(0.75 * 1 + 0.25 * 9))
    assert found["mae"] == pytest.approx(1.5)
    assert found["bias"] == pytest.approx(1.5)


def test_all_methods_have_the_same_points():
    """What one method leaves open counts for none; land and unknown truth count for nobody."""
    truth = np.zeros((1, 2, 3))
    truth[0, 0, 0] = np.nan
    open_ = np.ones((1, 2, 3), np.float32)
    open_[0, 1, 1] = np.nan
    first = metrics.Method("first", "baseline", open_)
    second = metrics.Method("second", "model", np.full((1, 2, 3), 2.0, np.float32))
    rows = metrics.score(compare(truth, np.ones_like(truth), first, second))
    assert {row["n"] for row in rows} == {4}


@pytest.mark.parametrize("hidden", [False, True])
def test_nothing_to_score_is_one_sentence(hidden):
    truth = np.full((1, 2, 2), np.nan if hidden else 1.0)
    method = metrics.Method("m", "model", np.zeros((1, 2, 2), np.float32))
    with pytest.raises(DataError, match="Made up can't be scored") as error:
        metrics.score(compare(truth, np.full(truth.shape, hidden), method))
    assert str(error.value).count(".") == 1


def test_correlation_is_that_of_departures_from_climatology():
    """A field that is only the climatology has no skill, however well it correlates with the truth."""
    rng = np.random.default_rng(1)
    climate = np.broadcast_to(np.linspace(0, 30, 20)[:, None], (50, 20, 20)).astype(np.float32)
    anomaly = rng.standard_normal(climate.shape).astype(np.float32)
    noise = rng.standard_normal(climate.shape).astype(np.float32)
    rows = metrics.score(
        compare(
            climate + anomaly,
            np.ones(climate.shape),
            metrics.Method("climatology", "baseline", climate),
            metrics.Method("noise", "model", climate + noise),
            metrics.Method("half", "model", climate + anomaly + noise),
        )
    )
    assert "correlation" not in values_of(rows, "climatology")
    assert values_of(rows, "noise")["correlation"] == pytest.approx(0, abs=0.03)
    assert values_of(rows, "half")["correlation"] == pytest.approx(np.sqrt(0.5), abs=0.03)


@pytest.mark.parametrize("departure", [0.1, 0.3, 0.7, 1.1, 2.3])
def test_a_constant_departure_has_no_correlation(departure):
    """Nor has its rounding."""
    climate = np.zeros((20, 5, 5), np.float32)
    noise = np.random.default_rng(9).standard_normal(climate.shape).astype(np.float32)
    warm = metrics.Method("warm", "model", climate + np.float32(departure))
    weights = np.linspace(0.3, 1, 25).reshape(5, 5)
    methods = metrics.Method("climatology", "baseline", climate), warm
    assert "correlation" not in values_of(
        metrics.score(compare(noise, np.ones(noise.shape), *methods, weights=weights)), "warm"
    )


def test_correlation_without_climatology_departs_from_the_mean_of_the_place():
    truth = np.array([[[0.0, 100.0]], [[2.0, 102.0]]])
    estimate = np.array([[[2.0, 102.0]], [[0.0, 100.0]]], np.float32)
    rows = metrics.score(compare(truth, np.ones(truth.shape), metrics.Method("m", "model", estimate)))
    assert values_of(rows, "m")["correlation"] == pytest.approx(-1.0)


def test_skill_is_one_minus_the_ratio_of_errors():
    truth = np.zeros((1, 1, 4))
    rows = metrics.score(
        compare(
            truth,
            np.ones(truth.shape),
            metrics.Method("climatology", "baseline", np.full(truth.shape, 2.0, np.float32)),
            metrics.Method("m", "model", np.full(truth.shape, 0.5, np.float32)),
        )
    )
    (skill,) = [row for row in rows if row["metric"] == "skill"]
    assert (skill["method"], skill["against"], skill["value"]) == ("m", "climatology", pytest.approx(0.75))


def test_breakdown_has_every_point_once():
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((6, 5, 5))
    method = metrics.Method("m", "model", np.zeros(truth.shape, np.float32))
    comparison = compare(truth, rng.random(truth.shape) < 0.7, method)
    shares = np.linspace(0, 1, 6)[:, None, None]  # both ends, and all limits between
    rows = metrics.break_down(comparison, metrics.by_share_hidden(shares), fewest=1)
    rmse = [row for row in rows if row["metric"] == "rmse"]
    assert sum(row["n"] for row in rmse) == comparison.points.sum()
    whole = values_of(metrics.score(comparison), "m")["rmse"]
    assert np.sqrt(
        np.average([row["value"] ** 2 for row in rmse], weights=[row["n"] for row in rmse])
    ) == pytest.approx(whole)
    assert metrics.break_down(comparison, metrics.by_share_hidden(shares), fewest=10_000) == []


def test_months_of_a_360_day_calendar():
    dates = np.array(
        [cftime.datetime(2000, 2, 30, calendar="360_day"), cftime.datetime(2000, 3, 1, calendar="360_day")]
    )
    truth = np.array([[[1.0]], [[2.0]]])
    comparison = compare(truth, np.ones(truth.shape), metrics.Method("m", "model", np.zeros((2, 1, 1), np.float32)))
    rows = metrics.break_down(comparison, metrics.by_month(dates), fewest=1)
    assert {row["bin"]["from"]: row["value"] for row in rows if row["metric"] == "mae"} == {2: 1.0, 3: 2.0}


def test_a_month_is_known_only_if_all_its_days_are():
    truth = np.array([[[1.0, 1.0]], [[3.0, np.nan]], [[5.0, 5.0]]])
    months = [slice(0, 2), slice(2, 3)]
    np.testing.assert_array_equal(metrics.monthly_truth(truth, months), [[[2.0, np.nan]], [[5.0, 5.0]]])
    hidden = np.array([[[True, False]], [[False, False]], [[True, False]]])
    np.testing.assert_array_equal(metrics.hidden_share_of_month(hidden, months), [[[0.5, 0.0]], [[1.0, 0.0]]])


def test_table_has_one_line_for_each_row():
    truth = np.zeros((1, 1, 4))
    comparison = compare(truth, np.ones(truth.shape), metrics.Method("m", "model", np.ones(truth.shape, np.float32)))
    rows = metrics.score(comparison) + metrics.break_down(
        comparison, metrics.by_days(np.full(truth.shape, np.inf)), fewest=1
    )
    table = list(csv.DictReader(io.StringIO(metrics.as_csv(rows))))
    assert len(table) == len(rows)
    assert table[-1]["bin_from"] == "17"
    assert table[-1]["bin_to"] == ""


def test_table_has_intervals_and_significance():
    zeros = np.zeros((300, 1, 1), np.float32)
    noise = np.random.default_rng(8).standard_normal(zeros.shape).astype(np.float32)
    methods = metrics.Method("b", "baseline", zeros + 2), metrics.Method("m", "model", noise)
    rows = metrics.score(compare(zeros, np.ones(zeros.shape), *methods, block=5))
    line = list(csv.DictReader(io.StringIO(metrics.as_csv(rows))))[-1]
    assert (line["metric"], line["against"], line["significant"]) == ("skill", "b", "True")
    assert float(line["low"]) < float(line["value"]) < float(line["high"])


def test_scores_are_those_of_the_library_with_weights():
    """Sums of each day and group give what `scores` gives for all points at once."""
    rng = np.random.default_rng(6)
    truth, estimate = rng.standard_normal((2, 8, 5, 6)).astype(np.float32)
    hidden, areas = rng.random(truth.shape) < 0.6, rng.random((5, 6))
    comparison = compare(truth, hidden, metrics.Method("m", "model", estimate), weights=areas)
    weights = np.broadcast_to(areas.astype(np.float32), truth.shape)[hidden].astype(float)
    points = [xr.DataArray(values[hidden].astype(float), dims="point") for values in (estimate, truth)]
    weights = xr.DataArray(weights, dims="point")
    found = values_of(metrics.score(comparison), "m")
    assert found["rmse"] == pytest.approx(float(continuous.rmse(*points, weights=weights)))
    assert found["mae"] == pytest.approx(float(continuous.mae(*points, weights=weights)))
    assert found["bias"] == pytest.approx(float(continuous.additive_bias(*points, weights=weights)))
    departures = [point - xr.DataArray(comparison.reference[hidden], dims="point") for point in points]
    assert found["correlation"] == pytest.approx(float(xr.corr(*departures, weights=weights)))


def test_a_perfect_method_is_no_reason_to_divide_by_zero():
    truth = np.random.default_rng(7).standard_normal((200, 2, 2)).astype(np.float32)
    perfect = metrics.Method("perfect", "baseline", truth, np.zeros_like(truth))
    rows = metrics.score(
        compare(truth, np.ones(truth.shape), perfect, metrics.Method("m", "model", truth + 1), block=5)
    )
    assert values_of(rows, "perfect")["rmse"] == 0
    assert "spread_skill_ratio" not in values_of(rows, "perfect")
    assert "skill" not in values_of(rows, "m")
    assert all(np.isfinite([row["value"], row["low"], row["high"]]).all() for row in rows)


def test_a_region_has_its_own_points_under_its_own_name():
    truth = np.zeros((3, 1, 2))
    estimate = np.broadcast_to(np.array([1.0, 5.0], np.float32), truth.shape)
    comparison = compare(truth, np.ones(truth.shape), metrics.Method("m", "model", estimate))
    rows = metrics.score(comparison.within("west", np.array([[True, False]])))
    assert {(row["region"], row["n"]) for row in rows} == {("west", 3)}
    assert values_of(rows, "m")["rmse"] == 1.0


def test_breakdown_has_skill_of_its_own_points():
    truth = np.zeros((2, 1, 1))
    model = metrics.Method("m", "model", np.array([1.0, 3.0], np.float32)[:, None, None])
    baseline = metrics.Method("b", "baseline", np.array([2.0, 2.0], np.float32)[:, None, None])
    days = metrics.by_days(np.array([1.0, 2.0])[:, None, None])
    rows = metrics.break_down(compare(truth, np.ones(truth.shape), model, baseline), days, fewest=1)
    assert {row["bin"]["from"]: row["value"] for row in rows if row.get("against") == "b"} == {1: 0.5, 2: -0.5}


def test_map_of_mean_errors():
    """Errors of 1 and 3 where both days are hidden, and nothing where only one is."""
    truth = np.zeros((2, 1, 2))
    estimate = np.array([[[1.0, 1.0]], [[3.0, 3.0]]], np.float32)
    hidden = np.array([[[True, True]], [[True, False]]])
    maps = metrics.mean_error_map(compare(truth, hidden, metrics.Method("m", "model", estimate)), fewest=2)
    np.testing.assert_array_equal(maps["m"], [[2.0, np.nan]])


def test_order_of_methods_changes_nothing():
    rng = np.random.default_rng(5)
    truth = rng.standard_normal((3, 4, 4))
    methods = [metrics.Method(name, "baseline", rng.standard_normal(truth.shape)) for name in "abc"]
    comparison = compare(truth, np.ones(truth.shape), *methods)
    other = replace(comparison, methods=comparison.methods[::-1])
    assert all(values_of(metrics.score(comparison), name) == values_of(metrics.score(other), name) for name in "abc")
