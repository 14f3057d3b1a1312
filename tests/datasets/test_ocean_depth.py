"""Below the surface the season is later and weaker, and the past has more effect than the day."""

import numpy as np
import pytest

from esmlearn.datasets.ocean_depth import DEPTHS, mixed_layer, simulate_depths
from esmlearn.datasets.ocean_simulation import LAT, LON, day_of_year

DATES = np.arange("2003-01-01", "2004-03-01", dtype="datetime64[D]")
SUMMER, WINTER = (6, 7, 8), (0, 1, 2)  # months, from 0


@pytest.fixture(scope="module")
def column(ocean):
    """Every fifth day, ``(time, depth, lat, lon)``, and its months."""
    water, kept = simulate_depths(ocean[: len(DATES)], DATES, seed=2001, every=5)
    return water, kept.astype("datetime64[M]").astype(int) % 12


def of_sea(water):
    """Values at sea, ``(time, depth, place)``."""
    return water.data[:, :, ~water.mask[0, 0]]


def correlation(water, months, level, season):
    """Correlation with the surface of the same day, of what departs from the mean of that day's parallel."""
    values = water[np.isin(months, season)]
    departure = values - values.mean(axis=-1, keepdims=True)
    return np.ma.corrcoef(departure[:, level].ravel(), departure[:, 0].ravel())[0, 1]


def test_first_level_is_the_surface(ocean, column):
    np.testing.assert_array_equal(column[0][:, 0].filled(-99), ocean[: len(DATES) : 5].filled(-99))
    assert (column[0].mask == column[0].mask[0, 0]).all()
    assert column[0].dtype == np.float32


def test_season_comes_later_and_weaker_with_depth(column):
    """At 100 m it has lost half of its amplitude, and comes more than a month later."""
    water = of_sea(column[0])[:73].mean(axis=-1)
    amplitude = np.ptp(water, axis=0) / 2
    peak = 5 * water.argmax(axis=0)
    assert all(np.diff(amplitude) < 0) and amplitude[-1] < 0.7 * amplitude[0]
    assert all(np.diff(peak) >= 0) and peak[3] - peak[0] > 14 and peak[4] - peak[0] > 40


def test_water_is_mixed_in_winter_and_layered_in_summer(column):
    """In February 50 m is as warm as the surface, in August several degrees colder; hardly ever is it warmer."""
    drop = np.array([(water[0] - water[3]).mean() for water in of_sea(column[0])])
    assert abs(drop[column[1] == 1].mean()) < 0.2
    assert 3.0 < drop[column[1] == 7].mean() < 9.0
    assert (np.diff(of_sea(column[0]), axis=1) > 0.3).mean() < 0.03
    assert of_sea(column[0]).min() > -2.0


def test_depth_is_no_function_of_the_surface_of_the_day(column):
    """A level correlates with the surface in winter; in summer ever less with depth."""
    water, months = column
    assert correlation(water, months, 3, WINTER) > 0.85
    summer = [correlation(water, months, level, SUMMER) for level in range(1, 5)]
    assert all(np.diff(summer) < 0) and summer[0] > 0.95
    assert summer[3] < 0.8


def test_the_past_comes_back(ocean):
    """A surface that is a degree warmer in March and April leaves 100 m warmer in July; 5 m has forgotten."""
    dates = DATES[:200]
    warm = ocean[:200].copy()
    warm[60:125] += 1.0
    cold = simulate_depths(ocean[:200], dates, seed=2001, every=199)[0]
    left = of_sea(simulate_depths(warm, dates, seed=2001, every=199)[0] - cold)[-1].mean(axis=-1)
    assert abs(left[1]) < 0.01 and left[4] > left[3] > 0.03 and left[4] > 0.15


def test_mixed_layer_has_a_season():
    """Deepest in February, shallow from June to August, and faster up than down."""
    dates = np.arange("2001-01-01", "2005-01-01", dtype="datetime64[D]")
    depth = mixed_layer(day_of_year(dates), np.random.default_rng(1)).mean(axis=(1, 2))
    months = dates.astype("datetime64[M]").astype(int) % 12
    mean = np.array([depth[months == month].mean() for month in range(12)])
    assert mean.argmax() in (0, 1, 2) and mean.argmin() in (5, 6, 7)
    assert 90 < mean.max() < 180 and 8 < mean.min() < 25
    assert mean[4] < 0.6 * mean[10]  # May and November


def test_eddies_fade_with_depth(column):
    """What is finer than five cells is weaker at each level."""
    water = column[0][:, :, 2:30, 64:]  # sea alone
    rough = [np.std(np.diff(water[:, level], n=2, axis=-1)) for level in range(len(DEPTHS))]
    assert all(np.diff(rough[:4]) < 0) and rough[4] < rough[2]


def test_same_seed_same_depths(ocean):
    dates = DATES[:20]
    first, again, other = (simulate_depths(ocean[:20], dates, seed=seed)[0] for seed in (2001, 2001, 7))
    np.testing.assert_array_equal(first, again)
    assert (first[:, 4] != other[:, 4]).any()
    assert first.shape == (20, len(DEPTHS), len(LAT), len(LON))
