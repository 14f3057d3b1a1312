"""PSNR and SSIM against closed forms and their definition."""

import numpy as np
import pytest

from esmlearn.metrics.images import psnr, ssim, ssim_map

ONES = np.ones((16, 20))


def maps(seed=0, days=2):
    """Make a truth from 0 to 1, and the same with noise."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 1, (days, 16, 20))
    return truth + 0.2 * rng.standard_normal(truth.shape), truth


def test_an_error_of_a_tenth_of_the_range_is_20_db():
    truth = np.zeros((2, 16, 20))
    truth[1] = np.nan
    where = np.isfinite(truth)
    found = psnr(truth + 1.0, truth, where, ONES, width=10.0)
    assert found[0] == pytest.approx(20.0)
    assert np.isnan(found[1])


def test_psnr_counts_points_by_area():
    truth = np.zeros((1, 16, 20))
    values = truth.copy()
    values[:, :8] = 1.0
    where = np.ones(truth.shape, bool)
    weights = np.where(np.arange(16) < 8, 0.1, 0.9)[:, None] * ONES
    assert psnr(values, truth, where, weights, width=1.0) == pytest.approx([10.0])
    assert psnr(truth, truth, where, weights, width=1.0) == pytest.approx([np.inf])


def test_a_map_is_like_itself():
    _, truth = maps()
    assert ssim(truth, truth, np.ones(truth.shape, bool), ONES, low=0.0, high=1.0) == pytest.approx([1.0, 1.0])


def test_flat_maps_differ_by_their_level_alone():
    """With no variance, (2ab + C1) / (a^2 + b^2 + C1)."""
    a, b = np.full((1, 16, 20), 0.3), np.full((1, 16, 20), 0.6)
    expected = (2 * 0.3 * 0.6 + 1e-4) / (0.3**2 + 0.6**2 + 1e-4)
    assert ssim_map(a, b, low=0.0, high=1.0) == pytest.approx(np.full(a.shape, expected))


def by_definition(x, y, row, column):
    """SSIM at one point, with an explicit window over what is known."""
    rows, columns = np.mgrid[: x.shape[0], : x.shape[1]]
    near = (abs(rows - row) <= 5) & (abs(columns - column) <= 5) & np.isfinite(x) & np.isfinite(y)
    weights = np.exp(-((rows - row) ** 2 + (columns - column) ** 2)[near] / (2 * 1.5**2))
    x, y, weights = x[near], y[near], weights / weights.sum()
    mean_x, mean_y = weights @ x, weights @ y
    covariance = weights @ ((x - mean_x) * (y - mean_y))
    variances = weights @ (x - mean_x) ** 2 + weights @ (y - mean_y) ** 2
    return ((2 * mean_x * mean_y + 0.01**2) * (2 * covariance + 0.03**2)) / (
        (mean_x**2 + mean_y**2 + 0.01**2) * (variances + 0.03**2)
    )


@pytest.mark.parametrize(("row", "column"), [(8, 10), (0, 0), (15, 7), (5, 13)])
def test_ssim_agrees_with_its_definition_at_edges_and_coasts(row, column):
    values, truth = maps()
    truth[:, 6:10, 11:14] = np.nan
    values[:, 3, 3] = np.nan
    found = ssim_map(values, truth, low=0.0, high=1.0)
    assert found[1, row, column] == pytest.approx(by_definition(values[1], truth[1], row, column))
    assert np.isnan(found[:, 3, 3]).all() and np.isnan(found[:, 7, 12]).all()


def test_ssim_does_not_change_with_the_units():
    values, truth = maps()
    where = np.random.default_rng(1).random(truth.shape) < 0.5
    usual = ssim(values, truth, where, ONES, low=0.0, high=1.0)
    scaled = ssim(280 + 30 * values, 280 + 30 * truth, where, ONES, low=280.0, high=310.0)
    assert scaled == pytest.approx(usual)
    assert ((usual > 0.2) & (usual < 0.95)).all()


def test_a_map_upside_down_in_value_is_unlike():
    _, truth = maps()
    assert (ssim(1 - truth, truth, np.ones(truth.shape, bool), ONES, low=0.0, high=1.0) < -0.7).all()


def test_only_points_that_count_are_averaged():
    values, truth = maps()
    where = np.zeros(truth.shape, bool)
    where[0, 4, 5] = where[0, 12, 9] = True
    weights = ONES.copy()
    weights[4] = 3.0
    local = ssim_map(values, truth, low=0.0, high=1.0)[0]
    found = ssim(values, truth, where, weights, low=0.0, high=1.0)
    assert found[0] == pytest.approx((3 * local[4, 5] + local[12, 9]) / 4)
    assert np.isnan(found[1])


def test_maps_without_a_range_have_no_ssim():
    """A constant truth: zero over zero is no similarity, and no warning."""
    maps = np.zeros((2, 8, 8), np.float32)
    where, areas = np.ones(maps.shape, bool), np.ones(maps.shape[1:], np.float32)
    assert np.isnan(ssim(maps, maps, where, areas, low=0.0, high=0.0)).all()
