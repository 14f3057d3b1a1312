"""Optimal interpolation with errors of observations: dense solutions by numpy, limits, smoothing, and outliers."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.baselines.covariance import Points, analyse
from esmlearn.baselines.estimation import error_ratio
from esmlearn.baselines.variogram import fit_scales, measure_variogram
from esmlearn.fields.field import Field
from tests.baselines.test_optimal_interpolation import KNOWN, gaussian_ocean, method_of
from tests.made_fields import make_cube

E2 = 0.00669438
"""Square of the eccentricity of the ellipsoid WGS84."""


def covariance_between(places: np.ndarray) -> np.ndarray:
    """Covariances between places, by chords of the ellipsoid."""
    lon, lat, days = np.deg2rad(places[:, 0]), np.deg2rad(places[:, 1]), places[:, 2]
    radius = 6378.137 / np.sqrt(1 - E2 * np.sin(lat) ** 2)
    axes = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), (1 - E2) * np.sin(lat)
    chart = radius[:, None] * np.stack(axes, axis=1)
    km = np.linalg.norm(chart[:, None] - chart, axis=-1)
    return KNOWN.sigma**2 * KNOWN.correlation(km, np.abs(days[:, None] - days))


def some_points(errors=True) -> tuple[np.ndarray, Points]:
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(178, 182, 16), rng.uniform(30, 33, 16), rng.uniform(0, 10, 16)])
    return places, Points(places[:12], rng.standard_normal(12), rng.uniform(0.05, 3, 12) if errors else None)


def test_errors_of_each_observation_agree_with_a_dense_solution():
    """All are neighbours, so that the estimate is simple kriging with a diagonal of noise and errors in quadrature."""
    places, known = some_points()
    found = analyse(known, places[12:], KNOWN, neighbours=12)
    covariance = covariance_between(places)
    noise = np.diag(KNOWN.noise**2 + known.errors**2)
    weights = np.linalg.solve(covariance[:12, :12] + noise, covariance[:12, 12:])
    np.testing.assert_allclose(found.anomalies, weights.T @ known.anomalies, atol=1e-6)
    np.testing.assert_allclose(found.std**2, KNOWN.sigma**2 - (weights * covariance[:12, 12:]).sum(axis=0), atol=1e-6)


def test_an_observation_with_a_very_large_error_is_as_good_as_none():
    places, known = some_points()
    worthless = known.errors.copy()
    worthless[5:] = 1e7
    found = analyse(known._replace(errors=worthless), places[12:], KNOWN, neighbours=12)
    first = Points(known.places[:5], known.anomalies[:5], known.errors[:5])
    np.testing.assert_allclose(found, analyse(first, places[12:], KNOWN, neighbours=5), atol=1e-6)


def test_errors_of_zero_are_the_noise_alone():
    places, known = some_points()
    with_zero = analyse(known._replace(errors=np.zeros(12)), places[12:], KNOWN, neighbours=12)
    np.testing.assert_array_equal(with_zero, analyse(known._replace(errors=None), places[12:], KNOWN, neighbours=12))


def one_observation(error: float) -> Field:
    values = np.full((5, 5, 1), np.nan)
    values[2, 2, 0] = 3.0
    return Field.from_cube(make_cube(values, lon=np.array([140.0])), land=np.zeros((5, 1), bool)).with_error(error)


def test_smoothing_trusts_an_observation_as_far_as_its_error_allows():
    """With a sigma of 2, noise 0.2, error 1: the gain is 4 / (4 + 0.04 + 1), the variance 4 (1 - gain)."""
    field = one_observation(1.0)
    method = method_of(field)
    smooth, kept = method.smooth_field(field), method.reconstruct_field(field)
    gain = 4 / 5.04
    assert smooth.daily[2, 2, 0] == pytest.approx(3 * gain, rel=1e-5)
    assert smooth.daily_std[2, 2, 0] == pytest.approx(2 * np.sqrt(1 - gain), rel=1e-5)
    assert (kept.daily[2, 2, 0], kept.daily_std[2, 2, 0]) == (3.0, 1.0)
    hidden = ~field.observed[:, 0]
    np.testing.assert_allclose(smooth.daily[hidden], kept.daily[hidden], rtol=1e-6)
    np.testing.assert_allclose(smooth.daily_std[hidden], kept.daily_std[hidden], rtol=1e-6)


def test_smoothing_brings_noisy_observations_nearer_to_the_truth():
    """Half of the values have errors of 1.5, which is known: the analysis errs less than both, and knows how much."""
    field, truth = gaussian_ocean()
    field, truth = field[slice(0, 40)], truth[:40]
    rng = np.random.default_rng(1)
    error = np.where(rng.random(truth.shape) < 0.5, 1.5, 0.1).astype(np.float32)
    noisy = replace(field, values=(field.values + (error * rng.standard_normal(truth.shape))[:, None]).astype("f4"))
    noisy = replace(noisy, error=np.where(noisy.observed, error[:, None], np.float32(np.nan)))
    method, observed = method_of(field), field.observed[:, 0]
    smooth, blind = method.smooth_field(noisy), method.smooth_field(noisy.with_error(0.0))
    errors = [np.sqrt(np.mean((each.daily - truth)[observed] ** 2)) for each in (smooth, blind)]
    assert errors[0] < 0.6 * errors[1] < 0.6 * np.sqrt(np.mean((noisy.values[:, 0] - truth)[observed] ** 2))
    assert np.mean(((smooth.daily - truth) / smooth.daily_std)[observed] ** 2) == pytest.approx(1, abs=0.15)


def test_known_errors_are_no_part_of_the_variability():
    """The variogram of noisy values is that of clean ones plus the error variance: sigma stays what it was."""
    field, _ = gaussian_ocean()
    rng = np.random.default_rng(2)
    noisy = (field.values + 1.0 * rng.standard_normal(field.values.shape)).astype(np.float32)
    noisy = replace(field, values=noisy).with_error(1.0)
    fits = [
        fit_scales(measure_variogram(each, each.values[:, 0]), KNOWN, ("length_km", "time_days"))
        for each in (field, noisy, noisy.with_error(0.0))
    ]
    assert fits[1].sigma == pytest.approx(fits[0].sigma, rel=0.03)
    assert fits[1].length_km == pytest.approx(fits[0].length_km, rel=0.05)
    assert fits[2].length_km != pytest.approx(fits[0].length_km, rel=0.05)


def test_the_factor_on_expected_errors_leaves_known_ones_as_they_are():
    """Errors of variance 4 · 1 + 9 are explained by a factor of 2 on expected errors of 1, beside known ones of 3."""
    found = np.sqrt(13.0) * np.array([1.0, -1.0])
    ones = np.ones(2)
    assert error_ratio(found, ones, 3 * ones) == pytest.approx(2)
    assert error_ratio(found, ones, None) == pytest.approx(np.sqrt(13))
    assert error_ratio(found, ones, 10 * ones) == 0.1


@pytest.fixture(scope="module")
def spoiled() -> tuple[Field, np.ndarray]:
    """The Gaussian ocean with its known noise, where one value in 250 is wrong by 5 sigma."""
    field = gaussian_ocean()[0][slice(0, 60)]
    rng = np.random.default_rng(3)
    wrong = field.observed[:, 0] & (rng.random(field.observed[:, 0].shape) < 0.004)
    values = field.values.copy()
    values[:, 0][wrong] += 5 * KNOWN.sigma * rng.choice([-1, 1], wrong.sum())
    return replace(field, values=values), wrong


def test_planted_outliers_are_found_and_good_values_are_not(spoiled):
    """Beyond four deviations lie 0.006 % of normal errors."""
    field, wrong = spoiled
    found = baselines.find_outliers(field, method_of(field))
    assert wrong.sum() > 20
    assert (found & wrong).sum() >= 0.98 * wrong.sum()
    good = field.observed[:, 0] & ~wrong
    assert (found & good).sum() <= 2e-4 * good.sum()


def test_values_with_errors_that_explain_them_are_no_outliers(spoiled):
    field, wrong = spoiled
    error = np.where(wrong, 5 * KNOWN.sigma, 0.0)[:, None]
    explained = replace(field, error=np.where(field.observed, error, np.nan).astype(np.float32))
    assert not (baselines.find_outliers(explained, method_of(field)) & wrong).any()
