"""What all baselines have in common, and the simple ones on series with a known answer."""

from typing import get_args

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.baselines import BASELINES
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.settings import Baseline
from tests.made_fields import make_cube
from tests.small import small_ocean

SEASON_ONLY = ("climatology", "calendar_day_climatology", "observed_mean")


def at_seven_degrees(field: Field, swing: float = 0.0) -> Climatology:
    """Climatology of 7 degC in the mean, warmer on 1 January by a swing."""
    coefficients = np.zeros((5, *field.land.shape), np.float32)
    coefficients[0], coefficients[1] = 7.0, swing
    return Climatology(coefficients, field.lat, field.lon)


@pytest.fixture
def field():
    """January 2001 at 10 degC plus one for each day, observed on days 3, 5 and 9; nothing observed in February."""
    values = np.full((59, 4, 5), np.nan)
    for day in (3, 5, 9):
        values[day] = 10 + day
    land = np.zeros((4, 5), bool)
    land[0, 0] = True
    return Field.from_cube(make_cube(values), land=land)


@pytest.fixture(scope="module")
def fitted():
    """All baselines, fitted to a year of the small ocean."""
    field, _ = small_ocean()
    return {name: baselines.fit(name, field[slice(0, 400)]) for name in BASELINES}


def test_climatology_knows_only_the_season(field):
    result = baselines.fit("climatology", field, climatology=at_seven_degrees(field)).reconstruct_field(field)
    assert result.daily[:, 2, 2] == pytest.approx(7.0)
    assert result.monthly[1, 2, 2] == pytest.approx(7.0)


def test_mean_of_observed_days(field):
    result = baselines.fit("observed_mean", field, climatology=at_seven_degrees(field)).reconstruct_field(field)
    mean = (13 + 15 + 19) / 3
    assert result.monthly[:, 2, 2] == pytest.approx([mean, 7.0])
    assert result.daily[[0, 3, 58], 2, 2] == pytest.approx([mean, mean, 7.0])


def test_interpolation_in_time(field):
    result = baselines.fit("time_interpolation", field, climatology=at_seven_degrees(field)).reconstruct_field(field)
    assert result.daily[[0, 4, 7, 58], 2, 2] == pytest.approx([13, 14, 17, 19])
    assert result.monthly[0, 2, 2] == pytest.approx(result.daily[:31, 2, 2].mean())


def test_anomalies_persist_until_the_next_observation(field):
    climatology = at_seven_degrees(field, swing=3.0)
    result = baselines.fit("persistence", field, climatology=climatology).reconstruct_field(field)
    cycle = climatology.at(field.year_fraction)[:, 2, 2]
    anomaly = np.zeros(59)
    anomaly[3:5], anomaly[5:9], anomaly[9:] = 13 - cycle[3], 15 - cycle[5], 19 - cycle[9]
    assert result.daily[:, 2, 2] == pytest.approx(cycle + anomaly, abs=1e-5)


@pytest.mark.parametrize("name", BASELINES)
def test_land_is_nan_ocean_is_complete_and_observations_stay(fitted, name):
    field = small_ocean()[0][slice(400, 500)]
    result = fitted[name].reconstruct_field(field)
    for part in (result.daily, result.monthly):
        assert np.isnan(part[:, field.land]).all()
        assert np.isfinite(part[:, ~field.land]).all()
    if name not in SEASON_ONLY:
        seen = field.observed[:, 0]
        np.testing.assert_array_equal(result.daily[seen], field.values[:, 0][seen])
        assert result.monthly[0] == pytest.approx(result.daily[field.months[2002, 2]].mean(axis=0), nan_ok=True)


@pytest.mark.parametrize("name", BASELINES)
def test_no_baseline_looks_at_what_is_hidden(fitted, name):
    """The hidden truth may be anything: the answer is the same."""
    field = small_ocean()[0][slice(400, 460)]
    result = fitted[name].reconstruct_field(field)
    wild = Field(np.where(field.observed, field.values, 99.0), field.observed, field.land, field.units, field.like)
    np.testing.assert_array_equal(result.daily, fitted[name].reconstruct_field(wild).daily)


def test_a_cube_comes_back_in_its_units(fitted):
    cube = small_ocean()[0][slice(400, 459)].to_cubes()[0]
    cube.convert_units("K")
    method = fitted["time_interpolation"]
    daily, monthly = method.reconstruct(cube), method.reconstruct(cube, frequency="mon")
    assert daily.units == monthly.units == "K"
    assert daily.shape == cube.shape
    assert monthly.shape[0] == 3
    expected = method.reconstruct_field(small_ocean()[0][slice(400, 459)]).daily + 273.15
    np.testing.assert_allclose(daily.data.filled(np.nan), expected, rtol=1e-5)
    with pytest.raises(DataError, match="'week'"):
        method.reconstruct(cube, frequency="week")


def test_another_grid_is_refused(fitted):
    elsewhere = Field.from_cube(make_cube(np.ones((5, 12, 16)), lon=20 + 0.25 * np.arange(16)))
    for method in fitted.values():
        with pytest.raises(DataError, match="another grid than the 12 x 16 cells"):
            method.reconstruct_field(elsewhere)
    with pytest.raises(DataError, match="another grid"):
        fitted["climatology"].reconstruct(elsewhere.to_cubes()[0])
    with pytest.raises(DataError, match="climatology is on another grid"):
        baselines.fit("persistence", elsewhere, climatology=fitted["climatology"].climatology)


def test_settings_and_methods_have_the_same_names():
    assert tuple(BASELINES) == get_args(Baseline)
    with pytest.raises(SettingsError, match="no baseline 'splines'; choose one of climatology, "):
        baselines.fit("splines", small_ocean()[0])
