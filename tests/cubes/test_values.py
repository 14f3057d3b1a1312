"""Values that can't be right are found and counted; what nature does is let through."""

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmlearn.cubes.values import check_values
from esmlearn.errors import DataError
from esmlearn.settings.values import ValueSettings
from tests.made_fields import make_cube, wavy_ocean

MASK = ValueSettings(out_of_range="mask")


def with_number(value: float, cells: int, *, n_time: int = 20, **options):
    """Wavy ocean of 3,600 values with one number at the first cells of all days but the first."""
    values = wavy_ocean(n_time)
    values.reshape(n_time, -1)[1:, 100 : 100 + cells] = value
    return make_cube(values, **options)


def test_good_data_come_back_as_they_are():
    cube = make_cube(wavy_ocean(20))
    assert check_values(cube) == (cube, [])
    assert check_values(cube)[0] is cube


def test_numbers_out_of_range_are_counted_and_dated():
    cube = with_number(99.0, 1)
    with pytest.raises(
        DataError, match=r"19 of 3,600 values \(0.528 %\).* -3 to 45 degC \(all 99\), the first 2001-01-02"
    ):
        check_values(cube)
    masked, sentences = check_values(cube, MASK)
    assert len(sentences) == 1
    assert masked.data.mask.sum() - cube.data.mask.sum() == 19
    assert masked.data.max() < 45
    assert not (cube.data == 99).mask.all()  # what came in is untouched


@pytest.mark.parametrize("chunks", [(20, 12, 16), (3, 5, 16), (1, 12, 4)])
def test_lazy_data_stay_lazy_and_give_the_same(chunks):
    cube = with_number(-999.0, 30)
    lazy = cube.copy(data=da.from_array(cube.data, chunks=chunks))
    masked, sentences = check_values(lazy, MASK)
    assert masked.has_lazy_data()
    same, alike = check_values(cube, MASK)
    assert sentences == alike
    np.testing.assert_array_equal(masked.data.mask, same.data.mask)


def test_kelvin_called_celsius_is_a_wrong_unit_even_if_values_may_be_masked():
    with pytest.raises(DataError, match="units of the file are probably wrong; they would fit as K"):
        check_values(make_cube(wavy_ocean(20) + 273.15), MASK)
    with pytest.raises(DataError, match="would fit as degC"):
        check_values(make_cube(wavy_ocean(20), units="K"))


@pytest.mark.parametrize(("value", "units", "offset"), [(0.0, "degC", 0), (273.15, "K", 273.15), (0.0, "K", 273.15)])
def test_zero_in_place_of_missing_values_is_found(value, units, offset):
    values = wavy_ocean(20) + offset
    values[:, 5:8, 5:10] = value
    cube = make_cube(values, units=units)
    with pytest.raises(DataError, match=r"exactly (0|273)|\(all 0\)"):
        check_values(cube)
    masked, _ = check_values(cube, MASK)
    assert masked.data.mask[:, 5:8, 5:10].all()
    assert masked.data.mask.sum() == cube.data.mask.sum() + 20 * 15


@pytest.mark.parametrize(("units", "offset"), [("degC", 0.0), ("K", 273.15)])
def test_the_freezing_sea_is_real(units, offset):
    cube = make_cube(np.maximum(wavy_ocean(20) - 13.5, -1.8) + offset, units=units)
    assert np.mean(cube.data.compressed() == cube.data.min()) > 0.05
    assert check_values(cube)[1] == []


def test_days_without_rain_are_real():
    rain = np.maximum(wavy_ocean(20) - 12, 0) * 1e-5
    cube = make_cube(rain, units="kg m-2 s-1")
    cube.standard_name, cube.long_name, cube.var_name = "precipitation_flux", "Precipitation", "pr"
    assert np.mean(cube.data.compressed() == 0) > 0.05
    assert check_values(cube)[1] == []


def test_a_number_far_from_the_rest_is_found_in_any_quantity_and_a_near_one_is_not():
    for value, found in ((500.0, True), (12.0, False)):
        cube = with_number(value, 20)
        cube.standard_name = None
        assert bool(check_values(cube, MASK)[1]) is found


def test_values_at_the_limit_of_a_packing():
    values = np.minimum(wavy_ocean(20), 14.5)
    with pytest.raises(DataError, match=r"exactly 14\.5 degC, the limit of what the file can hold"):
        check_values(make_cube(values))
    assert check_values(make_cube(values), ValueSettings(stuck=False))[1] == []


def test_a_hidden_year_is_said_and_not_refused():
    values = wavy_ocean(900)
    values[200:565] = np.nan
    cube = make_cube(values)
    (sentence,) = check_values(cube)[1]
    assert "no value at all after 2001-07-19 until 2002-07-20 (365 times)" in sentence
    values[300] = 10
    assert "265 times" not in str(check_values(make_cube(values[:, :, :]))[1][0])


def test_a_range_of_ones_own_counts_and_anomalies_have_none():
    cube = make_cube(wavy_ocean(20))
    with pytest.raises(DataError, match="outside of 0 to 15 degC"):
        check_values(cube, ValueSettings(range=(0, 15)))
    cube = make_cube(wavy_ocean(20) - 40)
    cube.long_name = "SST anomaly"
    assert check_values(cube)[1] == []
    with pytest.raises(ValueError, match="smaller number first"):
        ValueSettings(range=(15, 0))


@given(
    bad=st.lists(st.tuples(st.integers(0, 19), st.integers(4, 11), st.integers(0, 15)), max_size=30, unique=True),
    value=st.sampled_from([-999.0, 1e20, 46.0, -3.5, np.inf, -32768.0]),
)
def test_exactly_what_is_out_of_range_is_masked(bad, value):
    values = wavy_ocean(20)
    for place in bad:
        values[place] = value
    cube = make_cube(values)
    cube.data = np.ma.masked_where(np.isnan(values), values)
    masked, sentences = check_values(cube, MASK)
    assert masked.data.mask.sum() == np.isnan(values).sum() + len(bad)
    assert len(sentences) == bool(bad)
    assert check_values(masked)[1] == []
