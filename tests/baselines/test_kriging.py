"""Kriging: dense solutions by numpy, limits, waters that land keeps apart, and fields whose covariance is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from esmlearn import baselines
from esmlearn.baselines.covariance import CORRELATIONS
from esmlearn.baselines.kriging import Kriging, learn, system, windows
from esmlearn.baselines.kriging.coordinates import Coordinates
from esmlearn.baselines.kriging.covariance import Component, SpaceTimeCovariance, matern, positions
from esmlearn.baselines.kriging.members import sample_prior
from esmlearn.baselines.kriging.precondition import approximate_inverse
from esmlearn.baselines.kriging.space import CellCorrelations
from esmlearn.baselines.kriging.system import Places, System, solve
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.gaps.simulate import travelling_clouds
from esmlearn.settings import BaselineSettings
from tests.baselines.test_optimal_interpolation import gaussian_ocean, no_cycle, one_observation
from tests.made_fields import make_cube

TWO_SCALES = SpaceTimeCovariance(
    (Component(0.8, 150.0, 4.0), Component(0.6, 400.0, 10.0, "matern_32")), noise_share=0.1, sigma=2.0
)


def method_of(field: Field, covariance: SpaceTimeCovariance = TWO_SCALES) -> Kriging:
    return Kriging(no_cycle(field), field.land, field.units, covariance)


def scattered(
    start: float = 176.0, *, n_days: int = 12, factor: float = 1.0, error: bool = False, land: np.ndarray | None = None
) -> Field:
    """A hundred observations at random, a tenth of all, on days that are not at equal distances."""
    rng = np.random.default_rng(0)
    values = np.full((n_days + 5, 9, 9), np.nan)
    values.flat[rng.choice(values.size, values.size // 10, replace=False)] = rng.standard_normal(values.size // 10)
    lat, lon = np.linspace(30, 34, 9), start + np.linspace(0, 5, 9)
    cube = make_cube(factor * values, lat=lat, lon=lon)
    cube.long_name = "Sea Surface Temperature Anomaly"
    kept = np.delete(np.arange(n_days + 5), [2, 3, 5])
    field = Field.from_cube(cube[kept], land=np.zeros((9, 9), bool) if land is None else land)
    if not error:
        return field
    errors = np.where(field.observed, rng.uniform(0.05, 3, field.values.shape), np.nan).astype(np.float32)
    return replace(field, error=errors)


def dense(field: Field, covariance: SpaceTimeCovariance) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates at all places, covariances of their errors, and where there are observations, as flat arrays."""
    day, lat, lon = np.meshgrid(field.days, field.lat, field.lon, indexing="ij")
    places = positions(lat.ravel(), lon.ravel())
    km = np.linalg.norm(places[:, None] - places, axis=-1)
    lag = np.abs(day.ravel()[:, None] - day.ravel())
    matrix = np.zeros_like(km)
    for part in covariance.components:
        in_time = (
            CORRELATIONS["matern_12"](lag / part.time_days) + CORRELATIONS["matern_32"](lag / part.time_days)
        ) / 2
        matrix += (covariance.sigma * part.share) ** 2 * CORRELATIONS[part.kernel](km / part.length_km) * in_time
    known = field.observed[:, 0].ravel()
    noise = covariance.noise**2 + field.deviation[:, 0].ravel()[known] ** 2
    gain = np.linalg.solve(matrix[np.ix_(known, known)] + np.diag(noise), matrix[known]).T
    return gain @ field.values[:, 0].ravel()[known], matrix - gain @ matrix[known], known


@pytest.mark.parametrize("kernel", CORRELATIONS)
def test_correlations_are_those_of_optimal_interpolation(kernel):
    distance = np.linspace(0, 6, 50)
    np.testing.assert_allclose(matern(kernel, torch.from_numpy(distance)).numpy(), CORRELATIONS[kernel](distance))


@pytest.mark.parametrize("error", [False, True], ids=["noise", "errors of each"])
def test_values_and_errors_agree_with_a_dense_solution(error, monkeypatch):
    """Times are at unequal distances, and the date line is in the middle."""
    monkeypatch.setattr(system, "TOLERANCE", 1e-6)
    field = scattered(error=error)
    values, errors, known = dense(field, TWO_SCALES)
    result = method_of(field).reconstruct_field(field)
    np.testing.assert_allclose(result.daily.ravel()[~known], values[~known], atol=1e-4)
    np.testing.assert_allclose(result.daily_std.ravel()[~known], np.sqrt(errors.diagonal()[~known]), atol=1e-4)
    np.testing.assert_array_equal(result.daily.ravel()[known], field.values.ravel()[known])
    smooth = method_of(field).smooth_field(field)
    np.testing.assert_allclose(smooth.daily.ravel(), values, atol=1e-4)
    np.testing.assert_allclose(smooth.daily_std.ravel(), np.sqrt(errors.diagonal()), atol=1e-4)


def test_members_have_the_mean_and_the_covariance_of_a_dense_solution():
    """In standard errors of so many members: of the mean, and of all covariances of a day and the next one."""
    field, members = scattered(n_days=1, error=True), 800
    values, errors, known = dense(field, TWO_SCALES)
    found = method_of(field).sample(field, members, seed=1).reshape(members, -1)
    std = np.sqrt(errors.diagonal())
    assert np.abs((found.mean(axis=0) - values) / std)[~known].max() < 5 / np.sqrt(members)
    near = np.flatnonzero(~known)[:140]
    correlation = errors[np.ix_(near, near)] / np.outer(std[near], std[near])
    sampled = np.cov((found[:, near] / std[near]).T)
    assert np.abs(sampled - correlation).max() < 6 / np.sqrt(members)
    assert (correlation - np.eye(len(near))).max() > 0.5
    np.testing.assert_array_equal(found[:, known], np.tile(field.values.ravel()[known], (members, 1)))


def test_members_are_the_same_for_the_same_seed():
    field = scattered(n_days=4)
    first, again, other = (method_of(field).sample(field, 2, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other)[:, ~field.observed[:, 0]].min() > 0


@pytest.mark.parametrize("factor", [1.8, 1e-3])
def test_units_do_not_matter(factor):
    one, other = scattered(error=True), scattered(factor=factor, error=True)
    other = replace(other, error=one.error * np.float32(factor))
    results = [
        method_of(field, replace(TWO_SCALES, sigma=2.0 * size)).reconstruct_field(field)
        for field, size in ((one, 1.0), (other, factor))
    ]
    np.testing.assert_allclose(results[1].daily, factor * results[0].daily, rtol=1e-4, atol=1e-5 * factor)
    np.testing.assert_allclose(results[1].daily_std, factor * results[0].daily_std, rtol=1e-4)


def test_without_observations_there_is_the_climatology():
    field = scattered()
    blind = field.hide(np.ones(field.observed[:, 0].shape, bool))
    result = method_of(field).reconstruct_field(blind)
    assert (result.daily == 0).all()
    assert result.daily_std == pytest.approx(2.0)
    far = replace(TWO_SCALES, components=(Component(1.0, 1.0, 0.1),))
    result = method_of(field, far).reconstruct_field(field)
    hidden = ~field.observed[:, 0]
    assert np.abs(result.daily[hidden]).max() < 0.01
    assert result.daily_std[hidden] == pytest.approx(2.0, rel=1e-3)


def test_nothing_is_carried_across_land():
    """Observations of one basin only: the other one, as near as a cell, keeps the climatology and its deviation."""
    land = np.zeros((9, 9), bool)
    land[:, 4] = True
    field = scattered(land=land)
    field = field.hide(np.broadcast_to(np.arange(9) > 4, field.observed[:, 0].shape))
    method = method_of(field)
    result = method.reconstruct_field(field)
    assert (result.daily[..., 5:] == 0).all()
    assert result.daily_std[..., 5:] == pytest.approx(2.0)
    assert np.abs(result.daily[..., 3]).max() > 0.1
    assert np.isnan(result.daily[..., 4]).all()
    members = method.sample(field, 400)
    correlation = [np.corrcoef(members[:, 3, 4, 3], members[:, 3, 4, column])[0, 1] for column in (2, 5)]
    assert correlation[0] > 0.5
    assert abs(correlation[1]) < 0.2


def test_the_circle_of_longitudes_has_no_border():
    """The same ocean cut at another longitude gives the same values."""
    rng = np.random.default_rng(0)
    values = np.full((4, 5, 72), np.nan)
    values.flat[rng.choice(values.size, 150, replace=False)] = rng.standard_normal(150)
    wide = replace(TWO_SCALES, components=(Component(1.0, 900.0, 3.0),))
    results = []
    for shift in (0, 36):
        cube = make_cube(
            np.roll(values, -shift, axis=-1), lat=5.0 * np.arange(5), lon=2.5 + 5.0 * (np.arange(72) + shift)
        )
        cube.long_name = "Sea Surface Temperature Anomaly"
        field = Field.from_cube(cube, land=np.zeros((5, 72), bool))
        assert field.closes
        result = method_of(field, wide).reconstruct_field(field)
        results.append([np.roll(part, shift, axis=-1) for part in (result.daily, result.daily_std)])
    np.testing.assert_allclose(results[0][0], results[1][0], atol=0.1)
    np.testing.assert_allclose(results[0][1], results[1][1], atol=0.1)


def test_windows_and_stretches_hardly_show(monkeypatch):
    field = gaussian_ocean()[0][slice(0, 24)].region(slice(0, 18), slice(0, 18))
    covariance = SpaceTimeCovariance((Component(1.0, 80.0, 2.0),), noise_share=0.1, sigma=2.0)
    whole = method_of(field, covariance).reconstruct_field(field)
    monkeypatch.setattr(windows, "STEPS", 8)
    monkeypatch.setattr(windows, "MOST_HALO", 6)
    monkeypatch.setattr(windows, "ROWS", 12)
    monkeypatch.setattr(windows, "COLUMNS", 12)
    pieces = method_of(field, covariance).reconstruct_field(field)
    hidden = ~field.observed[:, 0]
    assert (pieces.daily != whole.daily).any()
    difference = (pieces.daily - whole.daily)[hidden]
    assert np.sqrt((difference**2).mean()) < 0.05 * np.sqrt((whole.daily_std[hidden] ** 2).mean())
    assert np.abs(pieces.daily_std[hidden] / whole.daily_std[hidden] - 1).mean() < 0.02


def test_few_steps_are_enough():
    """Thousands of observations with little noise: without the preconditioner, hundreds of steps are not enough."""
    rng = np.random.default_rng(0)
    days, lat, lon = np.arange(20.0), -2.5 + 0.225 * np.arange(24), 0.225 * np.arange(24)
    covariance = SpaceTimeCovariance((Component(1.0, 90.0, 5.0, "matern_32"),), noise_share=0.02, sigma=1.0)
    observed = Places.where(rng.random((20, 24, 24)) < 0.4)
    noise = torch.full((len(observed),), 0.02**2, dtype=torch.float64)
    cells = CellCorrelations.of(covariance, lat, 0.225, 24)
    equations = System(covariance.in_time(days), cells, observed, noise)
    right = torch.from_numpy(rng.standard_normal((len(observed), 2)))
    coordinates = Coordinates(days, lat, lon, 5.0, 90.0)
    weights, steps = solve(equations, approximate_inverse(equations, coordinates), right, tolerance=1e-3)
    assert steps <= 60
    assert float((equations.multiply(weights) - right).norm() / right.norm()) <= 1e-3
    _, many = solve(equations, lambda columns: columns, right, tolerance=1e-3)
    assert many > 5 * steps


def test_what_is_set_is_not_learned():
    field = one_observation()
    own = {"components": [{"length_km": 80, "time_days": 4, "kernel": "matern_12"}], "noise_share": 0.2, "sigma": 1.5}
    settings = BaselineSettings.model_validate({"kriging": own})
    found = Kriging.fit(field, no_cycle(field), settings).parameters
    part = {"share": 1.0, "length_km": 80, "time_days": 4, "kernel": "matern_12"}
    assert found == {"components": (part,), "noise_share": 0.2, "sigma": 1.5}


def test_a_short_record_has_scales_near_the_prior():
    field = gaussian_ocean()[0][slice(0, 4)]
    found = Kriging.fit(field, no_cycle(field), BaselineSettings()).covariance
    assert len(found.components) == 2
    assert 0.3 < found.sigma / 2.0 < 3


@pytest.mark.slow
def test_learned_scales_are_as_good_as_the_known_ones(monkeypatch):
    """Of a field with this covariance, sampled on a grid, under clouds and with noise."""
    monkeypatch.setattr(learn, "TRIALS", 40)
    monkeypatch.setattr(learn, "STEPS", 25)
    known = SpaceTimeCovariance((Component(1.0, 110.0, 5.0, "matern_32"),), noise_share=0.05, sigma=2.0)
    days, cells = 50, 16
    whole = Field.from_cube(make_cube(np.zeros((days, cells, cells)), lat=-2 + 0.25 * np.arange(cells)))
    rng = np.random.default_rng(0)
    truth = sample_prior(whole, known, 1, rng)[0]
    seen = truth + known.noise * rng.standard_normal(truth.shape)
    seen[travelling_clouds(*truth.shape, share=0.6, seed=1)] = np.nan
    field = Field.from_cube(make_cube(seen, lat=whole.lat), land=np.zeros((cells, cells), bool))
    hidden = ~field.observed[:, 0]
    method = baselines.fit("kriging", field, climatology=no_cycle(field))
    result, ideal = method.reconstruct_field(field), method_of(field, known).reconstruct_field(field)
    errors = [(one.daily - truth)[hidden] for one in (result, ideal)]
    rmse = [float(np.sqrt((error**2).mean())) for error in errors]
    assert rmse[0] < 1.05 * rmse[1]
    assert rmse[1] < 0.5 * truth[hidden].std()
    assert np.sqrt(((errors[0] / result.daily_std[hidden]) ** 2).mean()) == pytest.approx(1, abs=0.15)
    assert np.sqrt(((errors[1] / ideal.daily_std[hidden]) ** 2).mean()) == pytest.approx(1, abs=0.1)


def test_products_are_those_of_the_whole_matrix():
    """Rows from south to north, columns over the date line, two components: as all pairs of places give it."""
    rng = np.random.default_rng(0)
    days, lat, lon = np.array([0.0, 1.0, 4.0]), np.array([50.0, 52.0, 53.0]), (178.0 + np.arange(5)) % 360
    observed = Places.where(rng.random((3, 3, 5)) < 0.7)
    cells = CellCorrelations.of(TWO_SCALES, lat, 1.0, 5)
    equations = System(TWO_SCALES.in_time(days), cells, observed, torch.full((len(observed),), 0.3).double())
    place = positions(lat[observed.row], lon[observed.column])
    km = np.linalg.norm(place[:, None] - place, axis=-1)
    lag = TWO_SCALES.in_time(days)[:, observed.time[:, None], observed.time]
    matrix = (lag * TWO_SCALES.in_space(km)).sum(dim=0)
    weights = torch.from_numpy(rng.standard_normal((len(observed), 2)))
    whole = Places(*(part[None] for part in (observed.time, observed.row, observed.column)))
    np.testing.assert_allclose(equations.covariances(whole, whole)[0], matrix, rtol=1e-12)
    np.testing.assert_allclose(equations.multiply(weights), matrix @ weights + 0.3 * weights, rtol=1e-6)


def test_waters_meet_on_the_ring_of_longitudes():
    """One water that is cut by the first column, and one that nothing joins to it."""
    land = np.ones((5, 72), bool)
    land[1, :4] = land[0, 70:] = False
    land[3, 20:30] = False
    field = Field.from_cube(
        make_cube(np.zeros((1, 5, 72)), lat=5.0 * np.arange(5), lon=2.5 + 5.0 * np.arange(72)), land=land
    )
    assert sorted(int(window.water.sum()) for window in windows.windows(field)) == [6, 10]


def test_longitudes_at_uneven_distances_are_refused():
    cube = make_cube(
        np.array([[[1.0, np.nan, np.nan, 2.0]] * 2]), lat=np.array([0.0, 1.0]), lon=np.array([0.0, 1.0, 2.0, 4.0])
    )
    field = Field.from_cube(cube, land=np.zeros((2, 4), bool))
    with pytest.raises(DataError, match="evenly spaced longitudes"):
        method_of(field).reconstruct_field(field)
