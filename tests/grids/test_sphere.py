"""Distances on the sphere, by the formula of haversines, and with the date line anywhere."""

import numpy as np
import pytest

from esmlearn.grids.sphere import angle_to_nearest, on_sphere


@pytest.mark.parametrize("shift", [0, 170, 300])
def test_the_nearest_cell_is_found_by_great_circles(shift):
    rng = np.random.default_rng(0)
    lat, lon = np.linspace(-85, 85, 12), 30.0 * np.arange(12)
    mask = rng.random((12, 12)) < 0.1
    found = angle_to_nearest(mask, on_sphere(lat, (lon + shift) % 360))
    phi, lam = (np.deg2rad(part).ravel() for part in np.meshgrid(lat, lon, indexing="ij"))
    half = (
        np.sin((phi[:, None] - phi) / 2) ** 2
        + np.cos(phi[:, None]) * np.cos(phi) * np.sin((lam[:, None] - lam) / 2) ** 2
    )
    angles = 2 * np.arcsin(np.sqrt(half))[:, mask.ravel()].min(axis=1)
    np.testing.assert_allclose(found.ravel(), angles, atol=1e-6)


def test_without_any_it_is_infinite():
    places = on_sphere(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert np.isinf(angle_to_nearest(np.zeros((2, 2), bool), places)).all()
