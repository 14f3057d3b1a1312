"""Scores against numbers worked out by hand, closed forms, and cases that must not leak."""

import csv
import io
from dataclasses import replace

import cftime
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from esmlearn import scores
from esmlearn.errors import DataError


def compare(truth, hidden, *methods, weights=None, **options):
    truth = np.asarray(truth, np.float32)
    weights = np.ones(truth.shape[1:], np.float32) if weights is None else np.asarray(weights, np.float32)
    return scores.Comparison(
        dataset="Made up",
        frequency="day",
        units="degC",
        truth=truth,
        hidden=np.asarray(hidden, bool),
        weights=weights,
        methods=methods,
        **options,
    )


def values_of(rows, method, **keys):
    return {
        row["metric"]: row["value"]
        for row in rows
        if row["method"] == method and all(row.get(key) == value for key, value in keys.items())
    }


def flat(values):
    return xr.DataArray(np.asarray(values, float), dims="point")


def test_numbers_by_hand():
    """Errors 1, -1, 3 on hidden points; what the method says of the observed one is not counted."""
    truth = [[[10.0, 10.0], [10.0, 10.0]]]
    said = np.array([[[11.0, 9.0], [13.0, 99.0]]], np.float32)
    hidden = [[[True, True], [True, False]]]
    rows = scores.score(compare(truth, hidden, scores.Method("m", "model", said)))
    found = values_of(rows, "m")
    assert found["rmse"] == pytest.approx(np.sqrt(11 / 3))
    assert found["mae"] == pytest.approx(5 / 3)
    assert found["bias"] == pytest.approx(1.0)
    assert {row["n"] for row in rows} == {3}


def test_rows_keep_the_contract():
    truth = np.random.default_rng(0).standard_normal((4, 3, 3))
    hidden = np.ones((4, 3, 3), bool)
    method = scores.Method("m", "model", truth.astype(np.float32) + 1, np.ones((4, 3, 3), np.float32))
    rows = scores.score(compare(truth, hidden, method))
    keys = {"dataset", "method", "role", "frequency", "split", "region", "metric", "value", "units", "n"}
    assert all(keys <= set(row) for row in rows)
    assert {row["region"] for row in rows} == {"all"}
    assert {row["metric"] for row in rows} == {
        "rmse", "mae", "bias", "correlation", "coverage_50", "coverage_90", "crps", "spread_skill_ratio"
    }  # fmt: skip
    assert all(type(row["value"]) is float and type(row["n"]) is int for row in rows)


def test_large_cells_count_more():
    truth = np.zeros((1, 2, 1))
    said = np.array([[[1.0], [3.0]]], np.float32)
    rows = scores.score(
        compare(truth, np.ones_like(truth), scores.Method("m", "model", said), weights=[[0.75], [0.25]])
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
    first = scores.Method("first", "baseline", open_)
    second = scores.Method("second", "model", np.full((1, 2, 3), 2.0, np.float32))
    rows = scores.score(compare(truth, np.ones_like(truth), first, second))
    assert {row["n"] for row in rows} == {4}


@pytest.mark.parametrize("hidden", [False, True])
def test_nothing_to_score_is_one_sentence(hidden):
    truth = np.full((1, 2, 2), np.nan if hidden else 1.0)
    method = scores.Method("m", "model", np.zeros((1, 2, 2), np.float32))
    with pytest.raises(DataError, match="Made up can't be scored") as error:
        scores.score(compare(truth, np.full(truth.shape, hidden), method))
    assert str(error.value).count(".") == 1


def test_correlation_is_that_of_departures_from_climatology():
    """A field that is only the climate must not look skilful, however well it correlates with the truth."""
    rng = np.random.default_rng(1)
    climate = np.broadcast_to(np.linspace(0, 30, 20)[:, None], (50, 20, 20)).astype(np.float32)
    anomaly = rng.standard_normal(climate.shape).astype(np.float32)
    noise = rng.standard_normal(climate.shape).astype(np.float32)
    rows = scores.score(
        compare(
            climate + anomaly,
            np.ones(climate.shape),
            scores.Method("climatology", "baseline", climate),
            scores.Method("noise", "model", climate + noise),
            scores.Method("half", "model", climate + anomaly + noise),
        )
    )
    assert "correlation" not in values_of(rows, "climatology")
    assert values_of(rows, "noise")["correlation"] == pytest.approx(0, abs=0.03)
    assert values_of(rows, "half")["correlation"] == pytest.approx(np.sqrt(0.5), abs=0.03)


def test_correlation_without_climatology_departs_from_the_mean_of_the_place():
    truth = np.array([[[0.0, 100.0]], [[2.0, 102.0]]])
    said = np.array([[[2.0, 102.0]], [[0.0, 100.0]]], np.float32)
    rows = scores.score(compare(truth, np.ones(truth.shape), scores.Method("m", "model", said)))
    assert values_of(rows, "m")["correlation"] == pytest.approx(-1.0)


def test_an_honest_gaussian_is_found_honest():
    rng = np.random.default_rng(2)
    std = rng.uniform(0.2, 2.0, 200_000)
    error = std * rng.standard_normal(std.size)
    found = scores.calibration(flat(error), flat(std), flat(np.zeros(std.size)), flat(np.ones(std.size)))
    assert found["coverage_50"] == pytest.approx(0.5, abs=0.005)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.005)
    assert found["spread_skill_ratio"] == pytest.approx(1.0, abs=0.01)
    # The expected CRPS of an honest Gaussian is its deviation over the root of pi.
    assert found["crps"] == pytest.approx(std.mean() / np.sqrt(np.pi), rel=0.01)


def test_an_overconfident_gaussian_is_found_out():
    rng = np.random.default_rng(3)
    error = rng.standard_normal(100_000)
    ones = flat(np.ones(error.size))
    found = scores.calibration(flat(error), 0.5 * ones, 0 * ones, ones)
    assert found["spread_skill_ratio"] == pytest.approx(0.5, abs=0.01)
    assert found["coverage_90"] == pytest.approx(2 * stats.norm.cdf(0.5 * 1.6449) - 1, abs=0.01)


def test_crps_agrees_with_its_integral():
    """The closed form against the definition, the integral of (F - H)^2."""
    x = np.linspace(-30, 30, 200_001)
    for mean, std, truth in [(0.0, 1.0, 0.0), (1.0, 0.5, 3.0), (-2.0, 3.0, 1.5)]:
        squared = (stats.norm.cdf(x, mean, std) - (x >= truth)) ** 2
        integral = np.sum(squared) * (x[1] - x[0])
        assert float(scores.gaussian_crps(flat([mean]), flat([std]), flat([truth]))[0]) == pytest.approx(
            integral, abs=1e-3
        )


def test_crps_without_spread_is_the_absolute_error():
    assert float(scores.gaussian_crps(flat([1.0]), flat([0.0]), flat([3.5]))[0]) == pytest.approx(2.5)


def test_skill_is_one_minus_the_ratio_of_errors():
    truth = np.zeros((1, 1, 4))
    rows = scores.score(
        compare(
            truth,
            np.ones(truth.shape),
            scores.Method("climatology", "baseline", np.full(truth.shape, 2.0, np.float32)),
            scores.Method("m", "model", np.full(truth.shape, 0.5, np.float32)),
        )
    )
    (skill,) = [row for row in rows if row["metric"] == "skill"]
    assert (skill["method"], skill["against"], skill["value"]) == ("m", "climatology", pytest.approx(0.75))


def test_breakdown_has_every_point_once():
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((6, 5, 5))
    method = scores.Method("m", "model", np.zeros(truth.shape, np.float32))
    comparison = compare(truth, rng.random(truth.shape) < 0.7, method)
    shares = np.linspace(0, 1, 6)[:, None, None]  # both ends, and all limits between
    rows = scores.break_down(comparison, scores.by_share_hidden(shares), fewest=1)
    rmse = [row for row in rows if row["metric"] == "rmse"]
    assert sum(row["n"] for row in rmse) == comparison.points.sum()
    whole = values_of(scores.score(comparison), "m")["rmse"]
    assert np.sqrt(
        np.average([row["value"] ** 2 for row in rmse], weights=[row["n"] for row in rmse])
    ) == pytest.approx(whole)
    assert scores.break_down(comparison, scores.by_share_hidden(shares), fewest=10_000) == []


def test_months_of_a_360_day_calendar():
    dates = np.array(
        [cftime.datetime(2000, 2, 30, calendar="360_day"), cftime.datetime(2000, 3, 1, calendar="360_day")]
    )
    truth = np.array([[[1.0]], [[2.0]]])
    comparison = compare(truth, np.ones(truth.shape), scores.Method("m", "model", np.zeros((2, 1, 1), np.float32)))
    rows = scores.break_down(comparison, scores.by_month(dates), fewest=1)
    assert {row["bin"]["from"]: row["value"] for row in rows if row["metric"] == "mae"} == {2: 1.0, 3: 2.0}


def test_distance_follows_the_sphere_across_the_date_line():
    lat = np.array([0.0, 60.0])
    lon = np.array([179.0, -179.0])
    observed = np.zeros((2, 2, 2), bool)
    observed[0, :, 0] = True
    distance = scores.distance_to_observation(observed, lat, lon)
    two_degrees = np.deg2rad(2.0) * 6371.0
    assert distance[0, :, 0].tolist() == [0, 0]
    assert distance[0, 0, 1] == pytest.approx(two_degrees, rel=1e-4)
    assert distance[0, 1, 1] == pytest.approx(
        two_degrees / 2, rel=1e-3
    )  # meridians are half as far apart at 60 degrees
    assert np.isinf(distance[1]).all()


def test_days_to_observation_look_both_ways():
    observed = np.zeros((5, 1, 2), bool)
    observed[[0, 4], 0, 0] = True
    days = scores.days_to_observation(observed, np.array([0, 1, 2, 3, 10]))
    assert days[:, 0, 0].tolist() == [0, 1, 2, 3, 0]
    assert np.isinf(days[:, 0, 1]).all()


def test_share_hidden_leaves_land_out():
    hidden = np.array([[[True, True], [False, False]]])
    ocean = np.array([[True, False], [True, False]])
    assert scores.share_hidden(hidden, ocean).item() == 0.5


def test_a_month_is_known_only_if_all_its_days_are():
    truth = np.array([[[1.0, 1.0]], [[3.0, np.nan]], [[5.0, 5.0]]])
    months = [slice(0, 2), slice(2, 3)]
    np.testing.assert_array_equal(scores.monthly_truth(truth, months), [[[2.0, np.nan]], [[5.0, 5.0]]])
    hidden = np.array([[[True, False]], [[False, False]], [[True, False]]])
    np.testing.assert_array_equal(scores.hidden_share_of_month(hidden, months), [[[0.5, 0.0]], [[1.0, 0.0]]])


def test_table_has_one_line_for_each_row():
    truth = np.zeros((1, 1, 4))
    comparison = compare(truth, np.ones(truth.shape), scores.Method("m", "model", np.ones(truth.shape, np.float32)))
    rows = scores.score(comparison) + scores.break_down(
        comparison, scores.by_days(np.full(truth.shape, np.inf)), fewest=1
    )
    table = list(csv.DictReader(io.StringIO(scores.as_csv(rows))))
    assert len(table) == len(rows)
    assert table[-1]["bin_from"] == "17"
    assert table[-1]["bin_to"] == ""


def test_order_of_methods_changes_nothing():
    rng = np.random.default_rng(5)
    truth = rng.standard_normal((3, 4, 4))
    methods = [scores.Method(name, "baseline", rng.standard_normal(truth.shape)) for name in "abc"]
    comparison = compare(truth, np.ones(truth.shape), *methods)
    other = replace(comparison, methods=comparison.methods[::-1])
    assert all(values_of(scores.score(comparison), name) == values_of(scores.score(other), name) for name in "abc")
