"""Chlorophyll by its logarithm: positive values come back, with the deviation of a lognormal distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmlearn import baselines
from esmlearn.baselines import BASELINES
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.logarithm import lognormal
from esmlearn.fields.reconstruction import Reconstruction, read_values
from esmlearn.settings import DataSettings
from tests.made_fields import make_cube, wavy_ocean
from tests.small import QUICK_BASELINES, SPLIT, small_ocean

LOG = "ln(re 1 mg m-3)"


def chlorophyll(n_time: int, units: str = "mg m-3"):
    """Chlorophyll of 0.01 to 100 mg m-3."""
    cube = make_cube(np.exp(wavy_ocean(n_time) / 3 - 5), units="mg m-3")
    cube.standard_name = "mass_concentration_of_chlorophyll_a_in_sea_water"
    cube.long_name, cube.var_name = "Chlorophyll", "chl"
    cube.convert_units(units)
    return cube


@pytest.mark.parametrize("units", ["mg m-3", "kg m-3"])
def test_the_field_is_the_logarithm_and_the_cube_is_not(units):
    cube = chlorophyll(5, units)
    field = Field.from_cube(cube, units=LOG)
    np.testing.assert_allclose(field.values[:, 0], wavy_ocean(5) / 3 - 5, atol=1e-5)
    back = field.to_cubes()[0]
    assert back.units == units
    np.testing.assert_allclose(back.data.compressed(), cube.data.compressed(), rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, -0.1])
def test_what_has_no_logarithm_is_refused_with_its_count(value):
    cube = chlorophyll(5)
    cube.data[0, 6, 6:9] = value
    with pytest.raises(DataError, match="3 values that are zero or negative"):
        Field.from_cube(cube, units=LOG)


def test_mean_and_deviation_are_those_of_the_lognormal_distribution():
    """For a mean of 0 and a deviation of 1, the square root of e, and the square root of e (e - 1)."""
    found = lognormal(np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32))
    assert [part.item() for part in found] == pytest.approx([np.e**0.5, np.sqrt(np.e * (np.e - 1))])


def test_days_months_and_members_of_a_logarithm():
    field = Field.from_cube(chlorophyll(60), units=LOG)
    flat = np.where(field.land, np.nan, np.zeros((60, 12, 16))).astype(np.float32)
    daily, monthly = Reconstruction.of_days(flat, field, flat + 1).to_cubes(field)
    values, std = read_values(daily)
    assert np.nanmax(np.abs(values - np.e**0.5)) < 1e-5
    assert np.nanmax(np.abs(std - np.sqrt(np.e * (np.e - 1)))) < 1e-5
    assert monthly.data.mean() == pytest.approx(np.e**0.5)
    assert daily.ancillary_variables()[0].units == "mg m-3"
    assert read_values(Reconstruction.of_days(flat, field).to_cubes(field)[0])[0][0, 6, 6] == 1
    members = np.stack([flat, flat + 2])
    mean = Reconstruction.of_members(members, field)
    assert mean.to_cubes(field)[0].data[0, 6, 6] == pytest.approx((1 + np.e**2) / 2)
    assert mean.member_cubes(field)[0].data[1, 0, 6, 6] == pytest.approx(np.e**2)
    known = field.with_error(0.1)
    kept = np.stack([np.log(field.without_logarithm().values[:, 0])] * 2)
    std = read_values(Reconstruction.of_members(kept, known).to_cubes(known)[0])[1]
    np.testing.assert_allclose(std[0, 6, 6], 0.1 * field.without_logarithm().values[0, 0, 6, 6], rtol=1e-4)
    assert mean.quantile_cubes(field, [0.5])[0].data[0, 6, 6] == pytest.approx((1 + np.e**2) / 2)


@pytest.mark.parametrize("name", BASELINES)
def test_no_baseline_gives_negative_chlorophyll(name):
    cube = chlorophyll(460)
    hidden = ~small_ocean()[0].observed[:460, 0]
    gappy = cube.copy(data=np.ma.masked_where(hidden, cube.data))
    filled = baselines.fit(name, gappy[:400], transform="log", settings=QUICK_BASELINES).reconstruct(gappy[400:])
    assert filled.units == "mg m-3"
    assert filled.data.min() > 0
    assert filled.data.count() == cube[400:].data.count()
    error = np.ma.log(filled.data) - np.ma.log(cube[400:].data)
    assert np.sqrt((error**2).mean()) < 0.5


def test_settings_say_the_units_of_the_logarithm():
    settings = {"observations": "CHL", "split": SPLIT, "transform": "log"}
    assert DataSettings(**settings, units="mg m-3").field_units == LOG
    with pytest.raises(ValueError, match="set units, such as mg m-3"):
        DataSettings(**settings)
    assert DataSettings(observations="SST", split=SPLIT).field_units == "degC"


@given(mean=st.floats(-5, 5), std=st.floats(0, 2))
def test_the_lognormal_mean_is_above_the_median_and_both_are_positive(mean, std):
    value, deviation = lognormal(np.full((1, 1), mean, np.float32), np.full((1, 1), std, np.float32))
    assert value.item() >= np.float32(np.exp(mean)) * (1 - 1e-5)
    assert deviation.item() >= 0
