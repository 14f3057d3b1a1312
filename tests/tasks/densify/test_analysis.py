"""The analysis that the network departs from is optimal interpolation: checked against the dense system."""

import numpy as np
import pytest
import torch

from esmlearn.baselines.covariance import Covariance
from esmlearn.grids.regridding import EARTH_RADIUS_KM
from esmlearn.tasks.densify.analysis import POINTS, NearProfiles, analyse, analyse_domain, fit_covariance
from tests.tasks.densify.test_densify import make_levels, sparse

COVARIANCE = Covariance("matern_32", length_km=300.0, time_days=10.0, noise_share=0.1, sigma=1.0)


def some_profiles(n_points: int, *, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Profiles on both sides of the date line, at times around; the lower level is sometimes missing."""
    rng = np.random.default_rng(seed)
    position = np.stack([rng.uniform(-5, 5, n_points), rng.uniform(176, 184, n_points)], axis=1)
    observed = np.stack([np.ones(n_points, bool), rng.random(n_points) < 0.6], axis=1)
    days = 5.0 * rng.integers(-4, 5, n_points)
    return rng.standard_normal((n_points, 2)).astype(np.float32), observed, position, days


def window() -> torch.Tensor:
    lat, lon = np.meshgrid(np.arange(-4.5, 5), np.arange(177.5, 183), indexing="ij")
    return torch.from_numpy(np.stack([lat, (lon + 180) % 360 - 180]).astype(np.float32))


def dense(values, position, days, target) -> np.ndarray:
    """Kriging with zero mean, in double precision, by haversines."""

    def correlation(one, other, lag):
        (lat, lon), (north, east) = np.radians(one).T[:, :, None], np.radians(other).T[:, None]
        half = np.sin((lat - north) / 2) ** 2 + np.cos(lat) * np.cos(north) * np.sin((lon - east) / 2) ** 2
        km = 2 * EARTH_RADIUS_KM * np.sqrt(half)
        scaled = np.sqrt(3) * np.hypot(km / COVARIANCE.length_km, lag / COVARIANCE.time_days)
        return (1 + scaled) * np.exp(-scaled)

    system = correlation(position, position, days[:, None] - days) + COVARIANCE.noise_share**2 * np.eye(len(days))
    return correlation(target, position, days[None]) @ np.linalg.solve(system, values)


@pytest.mark.parametrize("n_points", [1, 40, POINTS])
def test_the_analysis_is_the_solution_of_the_dense_system(n_points):
    values, observed, position, days = some_profiles(n_points)
    where = window()
    near = NearProfiles.stack([NearProfiles.of(values, observed, position, days, np.zeros_like(values))])
    analysis, weight = analyse(near, where[None], COVARIANCE)
    target = where.reshape(2, -1).numpy().T
    for level in range(2):
        seen = observed[:, level]
        for found, given in ((analysis, values[seen, level]), (weight, np.ones(seen.sum()))):
            right = dense(given, position[seen], days[seen], target).reshape(where.shape[1:])
            np.testing.assert_allclose(found[0, level].numpy(), right, atol=1e-3)


def test_without_profiles_it_is_the_climatology():
    none = np.zeros((0, 2), np.float32)
    nothing = NearProfiles.of(none, np.zeros((0, 2), bool), np.zeros((0, 2)), np.zeros(0), none)
    analysis, weight = analyse(NearProfiles.stack([nothing]), window()[None], COVARIANCE)
    assert not analysis.any() and not weight.any()


def test_a_domain_in_windows_is_the_same_as_at_once():
    """With fewer profiles than a window takes, the windows leave no trace."""
    levels, _ = make_levels()
    field = sparse(levels)[slice(0, 2)]
    anomalies = np.where(field.observed, field.values - 14, 0).astype(np.float32)
    exact = np.zeros_like(anomalies)
    whole, parts = (analyse_domain(field, anomalies, COVARIANCE, window, exact) for window in ((12, 16), (4, 8)))
    for one, other in zip(whole, parts, strict=True):
        ocean = ~levels.land
        np.testing.assert_allclose(one.numpy()[..., ocean], other.numpy()[..., ocean], atol=1e-4)
    assert whole[1].numpy()[..., ~levels.land].max() > 0.9


def test_all_levels_share_a_covariance_of_the_scales_of_the_data():
    """Blocks of 4 x 4 cells of one degree, new every five days."""
    levels, _ = make_levels()
    field = sparse(levels)[slice(0, 73)]
    means = levels.values.mean(axis=(0, 2, 3), where=levels.observed, keepdims=True)
    anomalies = np.where(field.observed, field.values - means, 0).astype(np.float32)
    found = fit_covariance(field, anomalies, seed=0)
    assert (found.kernel, found.sigma) == ("matern_32", 1.0)
    assert 50 < found.length_km < 1000
    assert found.time_days < 20
