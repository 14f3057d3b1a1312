"""Baselines on series with a known answer."""

import numpy as np
import pytest

from esmlearn.baselines import BASELINES, climatology, observed_mean_of_month, time_interpolation
from esmlearn.data.field import Field
from esmlearn.data.scaling import Climatology
from tests.fields import make_cube


@pytest.fixture
def case():
    """January 2001 at 10 degC plus one for each day, seen on days 3, 5 and 9; February not seen; climatology 7 degC."""
    values = np.full((59, 4, 5), np.nan)
    for day in (3, 5, 9):
        values[day] = 10 + day
    land = np.zeros((4, 5), bool)
    land[0, 0] = True
    field = Field.from_cube(make_cube(values), land=land)
    coefficients = np.zeros((5, 4, 5), np.float32)
    coefficients[0] = 7.0
    return field, Climatology(coefficients, field.lat, field.lon)


def test_climatology_knows_only_the_season(case):
    result = climatology(*case)
    days = result.daily[:, 2, 2]
    assert days == pytest.approx(7.0)
    assert result.monthly[1, 2, 2] == pytest.approx(7.0)


def test_mean_of_observed_days(case):
    result = observed_mean_of_month(*case)
    mean = (13 + 15 + 19) / 3
    assert result.monthly[:, 2, 2] == pytest.approx([mean, 7.0])
    assert result.daily[[0, 3, 58], 2, 2] == pytest.approx([mean, mean, 7.0])


def test_interpolation_in_time(case):
    result = time_interpolation(*case)
    assert result.daily[[0, 4, 7, 58], 2, 2] == pytest.approx([13, 14, 17, 19])
    assert result.monthly[0, 2, 2] == pytest.approx(result.daily[:31, 2, 2].mean())


@pytest.mark.parametrize("name", BASELINES)
def test_land_is_nan_and_ocean_is_complete(case, name):
    field, _ = case
    result = BASELINES[name](*case)
    for part in (result.daily, result.monthly):
        assert np.isnan(part[:, field.land]).all()
        assert np.isfinite(part[:, ~field.land]).all()
    assert result.daily_std is None
