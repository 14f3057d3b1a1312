"""How hard points are, on grids where the answer is known."""

import cftime
import numpy as np
import pytest

from esmlearn import metrics


def test_distance_follows_the_sphere_across_the_date_line():
    lat = np.array([0.0, 60.0])
    lon = np.array([179.0, -179.0])
    observed = np.zeros((2, 2, 2), bool)
    observed[0, :, 0] = True
    distance = metrics.distance_to_observation(observed, lat, lon)
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
    days = metrics.days_to_observation(observed, np.array([0, 1, 2, 3, 10]))
    assert days[:, 0, 0].tolist() == [0, 1, 2, 3, 0]
    assert np.isinf(days[:, 0, 1]).all()


def test_share_hidden_leaves_land_out():
    hidden = np.array([[[True, True], [False, False]]])
    ocean = np.array([[True, False], [True, False]])
    assert metrics.share_hidden(hidden, ocean).item() == 0.5


def test_distance_to_coast_goes_the_short_way_round():
    """One land cell at the date line: two cells beside it, on either side, are as far away."""
    lat, lon = np.array([0.0, 60.0]), np.array([178.0, 180.0, -178.0])
    land = np.zeros((2, 3), bool)
    land[0, 1] = True
    distance = metrics.distance_to_coast(land, lat, lon)
    two_degrees = np.deg2rad(2.0) * 6371.0
    assert distance[0] == pytest.approx([two_degrees, 0, two_degrees], rel=1e-4)
    assert distance[1, 1] == pytest.approx(30 * two_degrees, rel=1e-4)
    assert np.isinf(metrics.distance_to_coast(np.zeros((2, 3), bool), lat, lon)).all()


def test_seasons_begin_with_december():
    dates = np.array([cftime.datetime(2001, month, 1) for month in range(1, 13)])
    inside = {low: np.flatnonzero(where[:, 0, 0]) + 1 for low, _, where in metrics.by_season(dates)}
    assert {season: months.tolist() for season, months in inside.items()} == {
        1: [1, 2, 12],
        2: [3, 4, 5],
        3: [6, 7, 8],
        4: [9, 10, 11],
    }
