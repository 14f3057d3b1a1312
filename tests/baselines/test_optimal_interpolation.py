"""Optimal interpolation: single observations, a dense solution by numpy, and fields whose covariance is known."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import iris
import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.baselines.covariance import CORRELATIONS, Covariance, Points, analyse
from esmlearn.baselines.estimation import PRIOR
from esmlearn.baselines.optimal_interpolation import OptimalInterpolation
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.gaps.simulate import travelling_clouds
from esmlearn.settings import BaselineSettings
from tests.made_fields import make_cube

REAL = Path(__file__).parents[3] / "shared" / "data" / "oisst_tasman_1982_2009.nc"
KNOWN = Covariance("matern_32", length_km=150.0, time_days=6.0, noise_share=0.1, sigma=2.0)


def no_cycle(field: Field) -> Climatology:
    """Climatology of zero."""
    return Climatology(np.zeros((5, *field.land.shape), np.float32), field.lat, field.lon)


def method_of(field: Field, covariance: Covariance = KNOWN, neighbours: int = 40) -> OptimalInterpolation:
    """Optimal interpolation with a covariance that is set."""
    return OptimalInterpolation(no_cycle(field), field.land, field.units, covariance, neighbours)


@cache
def gaussian_ocean() -> tuple[Field, np.ndarray]:
    """Observations under clouds and with noise of a field that has the known covariance, and that field itself.

    It is sampled by its spectrum on a ring of days, rows and columns, of which a part is taken. At the equator, cells
    are nearly squares of 27.7 km.
    """
    ring, part = (300, 64, 64), np.s_[:250, :24, :24]
    days, rows, columns = np.meshgrid(*(np.minimum(np.arange(n), n - np.arange(n)) for n in ring), indexing="ij")
    spectrum = np.fft.fftn(KNOWN.correlation(27.7 * np.hypot(rows, columns), 1.0 * days)).real.clip(min=0)
    rng = np.random.default_rng(0)
    truth = KNOWN.sigma * np.fft.ifftn(np.sqrt(spectrum) * np.fft.fftn(rng.standard_normal(ring))).real[part]
    seen = truth + KNOWN.noise_share * KNOWN.sigma * rng.standard_normal(truth.shape)
    seen[travelling_clouds(*truth.shape, share=0.6, seed=1)] = np.nan
    land = np.zeros(truth.shape[1:], bool)
    return Field.from_cube(make_cube(seen, lat=-3 + 0.25 * np.arange(24)), land=land), truth


@pytest.fixture(scope="module")
def fitted() -> OptimalInterpolation:
    """Fitted to the first 150 days of the Gaussian ocean."""
    training = gaussian_ocean()[0][slice(0, 150)]
    return OptimalInterpolation.fit(training, no_cycle(training), BaselineSettings())


def one_observation(value: float = 3.0) -> Field:
    """Seen once, in the middle of five days and five cells from south to north."""
    values = np.full((5, 5, 1), np.nan)
    values[2, 2, 0] = value
    return Field.from_cube(make_cube(values, lon=np.array([140.0])), land=np.zeros((5, 1), bool))


@pytest.mark.parametrize("kernel", CORRELATIONS)
def test_one_observation_spreads_as_the_covariance_says(kernel):
    """Estimate: its value times the correlation, over 1 + noise²; error: what the correlation leaves of sigma²."""
    covariance = replace(KNOWN, kernel=kernel)
    field = one_observation()
    result = method_of(field, covariance).reconstruct_field(field)
    # At 30.5 degrees north a degree of latitude is 110.86 km long.
    days, rows = np.meshgrid(np.abs(np.arange(5) - 2.0), 0.25 * np.abs(np.arange(5) - 2), indexing="ij")
    correlation = covariance.correlation(110.86 * rows, days)
    hidden = ~field.observed[:, 0, :, 0]
    assert result.daily[..., 0][hidden] == pytest.approx(3 * correlation[hidden] / 1.01, rel=1e-3)
    assert result.daily_std[..., 0][hidden] == pytest.approx(2 * np.sqrt(1 - correlation[hidden] ** 2 / 1.01), rel=1e-3)
    assert result.daily[2, 2, 0] == 3.0
    assert result.daily_std[2, 2, 0] == 0.0


def test_a_handful_of_observations_agrees_with_a_dense_solution():
    """Distances are chords between points on the ellipsoid WGS84."""
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(178, 182, 12), rng.uniform(30, 33, 12), rng.uniform(0, 10, 12)])
    known = Points(places[:8], rng.standard_normal(8))
    found = analyse(known, places[8:], KNOWN, neighbours=8)

    lon, lat, days = np.deg2rad(places[:, 0]), np.deg2rad(places[:, 1]), places[:, 2]
    radius = 6378.137 / np.sqrt(1 - 0.00669438 * np.sin(lat) ** 2)
    chart = np.stack(
        [
            radius * np.cos(lat) * np.cos(lon),
            radius * np.cos(lat) * np.sin(lon),
            radius * (1 - 0.00669438) * np.sin(lat),
        ],
        axis=1,
    )
    km = np.linalg.norm(chart[:, None] - chart, axis=-1)
    covariance = 4 * KNOWN.correlation(km, np.abs(days[:, None] - days))
    weights = np.linalg.solve(covariance[:8, :8] + 0.04 * np.eye(8), covariance[:8, 8:])
    np.testing.assert_allclose(found.anomalies, weights.T @ known.anomalies, rtol=1e-5)
    np.testing.assert_allclose(found.std**2, 4 - (weights * covariance[:8, 8:]).sum(axis=0), rtol=1e-5)


def test_the_fit_finds_the_covariance_that_made_the_field(fitted):
    found = fitted.covariance
    assert found.kernel == KNOWN.kernel
    assert found.length_km == pytest.approx(KNOWN.length_km, rel=0.2)
    assert found.time_days == pytest.approx(KNOWN.time_days, rel=0.2)
    assert found.noise_share == pytest.approx(KNOWN.noise_share)
    assert found.sigma == pytest.approx(KNOWN.sigma, rel=0.2)


def test_it_beats_interpolation_in_time_and_knows_its_error(fitted):
    field, truth = gaussian_ocean()
    field, truth = field[slice(150, 250)], truth[150:]
    result = fitted.reconstruct_field(field)
    linear = baselines.fit("time_interpolation", field, climatology=no_cycle(field)).reconstruct_field(field)
    ideal = method_of(field).reconstruct_field(field)
    hidden = ~field.observed[:, 0]

    def rmse(daily: np.ndarray) -> float:
        return float(np.sqrt(((daily - truth)[hidden] ** 2).mean()))

    assert rmse(result.daily) < 0.6 * rmse(linear.daily)
    assert rmse(result.daily) < 1.03 * rmse(ideal.daily)
    score = np.abs(result.daily - truth)[hidden] / result.daily_std[hidden]
    assert np.sqrt((score**2).mean()) == pytest.approx(1, abs=0.1)
    assert (score < 1.645).mean() == pytest.approx(0.9, abs=0.03)


def scattered(start: float, *, n_days: int = 60) -> Field:
    """Thirty observations on days and places at random, so that no two are equally far from a third."""
    rng = np.random.default_rng(0)
    values = np.full((n_days, 10, 10), np.nan)
    values.flat[rng.choice(values.size, 30, replace=False)] = rng.standard_normal(30)
    lat, lon = np.sort(rng.uniform(-3, 3, 10)), start + np.sort(rng.uniform(0, 6, 10))
    return Field.from_cube(make_cube(values, lat=lat, lon=lon), land=np.zeros((10, 10), bool))


def test_pieces_in_time_do_not_show():
    """Each piece also uses the observations of the days around it."""
    field = scattered(10.0)
    method = method_of(field, neighbours=30)
    whole = method.reconstruct_field(field)
    pieces = method.reconstruct_field(field, at_once=7 * field.land.size)
    assert (pieces.daily != whole.daily).any()
    np.testing.assert_allclose(pieces.daily, whole.daily, atol=0.03)
    np.testing.assert_allclose(pieces.daily_std, whole.daily_std, atol=0.03)


def test_the_date_line_is_no_border():
    """The same field elsewhere gets the same answer."""
    answers = [method_of(field).reconstruct_field(field).daily for field in (scattered(10.0), scattered(177.0))]
    np.testing.assert_allclose(*answers, atol=1e-5)


def test_where_nothing_is_near_there_is_the_climatology():
    field = gaussian_ocean()[0][slice(0, 60)]
    blind = field.hide(np.broadcast_to(np.arange(60)[:, None, None] >= 10, (60, 24, 24)))
    result = method_of(field).reconstruct_field(blind)
    assert np.abs(result.daily[50:]).max() < 0.01
    assert result.daily_std[50:] == pytest.approx(2.0, rel=1e-3)
    nothing = field.hide(np.ones((60, 24, 24), bool))
    result = method_of(field).reconstruct_field(nothing)
    assert (result.daily == 0).all()
    assert (result.daily_std == 2.0).all()


def test_what_is_set_is_not_estimated():
    """With all parameters set, a training period without a single observation will do."""
    field = one_observation()
    own = {"kernel": "matern_12", "length_km": 80, "time_days": 4, "noise_share": 0.2, "sigma": 1.5, "neighbours": 7}
    settings = BaselineSettings.model_validate({"optimal_interpolation": own})
    assert OptimalInterpolation.fit(field, no_cycle(field), settings).parameters == own
    training = gaussian_ocean()[0][slice(0, 60)]
    settings = BaselineSettings.model_validate({"optimal_interpolation": {"length_km": 80, "kernel": "matern_12"}})
    found = OptimalInterpolation.fit(training, no_cycle(training), settings).parameters
    assert (found["length_km"], found["kernel"]) == (80, "matern_12")
    assert found["time_days"] != 5


def test_too_little_to_estimate_from_is_refused():
    field = one_observation()
    with pytest.raises(DataError, match="too few observations to estimate the covariance of optimal_int"):
        OptimalInterpolation.fit(field, no_cycle(field), BaselineSettings())


@pytest.mark.parametrize("n_days", [1, 4])
def test_few_days_keep_near_the_prior_scales(n_days, caplog):
    field = gaussian_ocean()[0][slice(0, n_days)]
    found = OptimalInterpolation.fit(field, no_cycle(field), BaselineSettings()).covariance
    assert (found.time_days == PRIOR.time_days) == (n_days == 1)
    assert 0.5 < found.length_km / KNOWN.length_km < 2
    assert 0.5 < found.sigma / KNOWN.sigma < 2
    assert "too few to cross-validate" in caplog.text


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the extract of OISST is not there")
def test_on_the_real_tasman_sea():
    """Far better than linear interpolation in time, with an error estimate to rely on, on years after the training."""
    cube = iris.load_cube(REAL)
    truth = Field.from_cube(cube)
    clouds = travelling_clouds(len(truth.dates), *truth.land.shape, share=0.67, seed=0)
    field = truth.hide(clouds)
    training, test = field[slice(0, 3 * 365)], slice(3 * 365, 4 * 365)
    climatology = Climatology.fit(training)
    hidden = clouds[test] & ~truth.land
    right = truth.values[test, 0][hidden]
    error = {}
    for name in ("time_interpolation", "optimal_interpolation"):
        result = baselines.fit(name, training, climatology=climatology).reconstruct_field(field[test])
        error[name] = np.sqrt(((result.daily[hidden] - right) ** 2).mean())
    assert error["optimal_interpolation"] < 0.6 * error["time_interpolation"]
    score = np.abs(result.daily[hidden] - right) / result.daily_std[hidden]
    assert (score < 1.645).mean() == pytest.approx(0.9, abs=0.03)
