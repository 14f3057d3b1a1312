"""What is written as CF must come back the same, with its uncertainty and flags."""

import iris
import numpy as np
import pytest
from cf_units import Unit

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means, read_cube
from tests.made_fields import make_cube, wavy_ocean


@pytest.fixture(params=["degC", "K"])
def case(request):
    """A gappy field from a cube whose rows run north to south, worked on in degC."""
    values = wavy_ocean(90) + (273.15 if request.param == "K" else 0)
    cube = make_cube(values[:, ::-1], lat=(30 + 0.25 * np.arange(12))[::-1], units=request.param)
    field = Field.from_cube(cube, units="degC")
    gappy = field.hide(np.random.default_rng(0).random((90, 12, 16)) < 0.6)
    daily = np.where(field.land, np.nan, field.values[:, 0]).astype(np.float32)
    monthly = monthly_means(field, daily)
    return gappy, Reconstruction(daily, monthly, 0 * daily + 0.5, 0 * monthly + 0.25)


def test_files_come_back_as_they_were(case, tmp_path):
    field, result = case
    for name, cube in zip(("day", "mon"), result.to_cubes(field), strict=True):
        iris.save(cube, tmp_path / f"{name}.nc")
    loaded = [iris.load_cube(tmp_path / f"{name}.nc") for name in ("day", "mon")]
    units = str(loaded[0].units)
    back = Reconstruction.from_cubes(*loaded)
    offset = 273.15 if units == "K" else 0.0
    np.testing.assert_allclose(back.daily - offset, result.daily, atol=1e-4)
    np.testing.assert_allclose(back.monthly - offset, result.monthly, atol=1e-4)
    # A deviation is a difference: the offset between K and degC must not enter.
    np.testing.assert_allclose(back.daily_std, result.daily_std, atol=1e-6)
    np.testing.assert_array_equal(read_cube(loaded[0])[2], field.observed[:, 0])


@pytest.mark.parametrize("units", ["degC", "K", "degF", "mK", "degR"])
def test_deviations_are_read_in_the_units_of_the_values(units):
    """A deviation is written in K and values in any unit; what is read has the spread of its error in that unit."""
    cube = make_cube(wavy_ocean(20))
    cube.convert_units(units)
    field = Field.from_cube(cube)
    right = field.values[:, 0]
    error = 0.5 * np.random.default_rng(0).choice([-1, 1], right.shape) * (9 / 5 if units in ("degF", "degR") else 1)
    error = (error * (1000 if units == "mK" else 1)).astype(np.float32)
    made = Reconstruction.of_days(right + error, field, np.abs(error))
    values, std, _ = read_cube(made.to_cubes(field)[0])
    assert np.sqrt(np.nanmean(std**2) / np.nanmean((values - right) ** 2)) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("n_members", "inside"), [(16, 15 / 17), (19, 0.9), (39, 0.9)])
def test_the_truth_lies_between_quantiles_as_often_as_they_say(n_members, inside):
    """Of 16 members the outermost are the last that is known: 15 of 17 gaps lie between them."""
    cube = make_cube(np.full((30, 20, 20), 20.0))
    field = Field.from_cube(cube)
    drawn = 20 + np.random.default_rng(0).standard_normal((n_members + 1, 30, 20, 20)).astype(np.float32)
    low, high = Reconstruction.of_members(drawn[1:], field).quantile_cubes(field, (0.05, 0.95))[0].data
    assert ((drawn[0] >= low) & (drawn[0] <= high)).mean() == pytest.approx(inside, abs=0.01)


def test_months_have_the_bounds_of_their_days(case):
    field, result = case
    time = result.to_cubes(field)[1].coord("time")
    assert [cell.bound[0].strftime("%m-%d") for cell in time.cells()] == ["01-01", "02-01", "03-01"]
    assert time.cell(0).bound[1] == time.cell(1).bound[0]


@pytest.mark.parametrize("hour", [0, 6, 12, 23])
def test_days_are_their_dates_whatever_their_hour(hour):
    """Days without bounds from 20 January: the month goes from the 20th to the end of the 31st."""
    cube = make_cube(wavy_ocean(30), first_day=19)
    time = cube.coord("time")
    time.bounds = None
    time.points = np.floor(time.points) + hour / 24
    field = Field.from_cube(cube)
    _, monthly = Reconstruction.of_days(field.values[:, 0], field).to_cubes(field)
    cell = monthly.coord("time").cell(0)
    assert [str(bound)[:16] for bound in cell.bound] == ["2001-01-20 00:00", "2001-02-01 00:00"]


def test_metadata_say_what_is_what(case):
    field, result = case
    daily, monthly = result.to_cubes(field)
    assert daily.standard_name == "sea_surface_temperature"
    names = {variable.standard_name for variable in daily.ancillary_variables()}
    assert names == {"sea_surface_temperature standard_error", "sea_surface_temperature status_flag"}
    assert monthly.cell_methods[-1].method == "mean"


def test_other_files_are_refused():
    with pytest.raises(DataError, match="no flag `observed`"):
        read_cube(make_cube(wavy_ocean(3)))


def test_quantiles_have_a_dimension_of_their_own(case):
    """Of the members 0, 1, ... 10 around a field, the quantiles of a sixth and of a half are 1 and 5."""
    field, result = case
    members = result.daily + np.arange(11, dtype=np.float32)[:, None, None, None]
    ensemble = Reconstruction.of_members(members, field)
    days, months = ensemble.quantile_cubes(field, (0.5, 1 / 6))
    for cube, plain in ((days, result.daily), (months, result.monthly)):
        coord = cube.coord("quantile", dim_coords=True)
        assert coord.points.tolist() == [1 / 6, 0.5]
        assert str(coord.units) == "1"
        assert cube.coord_dims(coord) == (0,)
        offset = 273.15 if str(cube.units) == "K" else 0.0
        found = np.ma.filled(cube.data, np.nan)[:, :, ::-1] - offset  # the rows of the cube run southward
        np.testing.assert_allclose(found, np.stack([plain + 1, plain + 5]), atol=1e-3)
    with pytest.raises(DataError, match="no ensemble"):
        result.quantile_cubes(field, (0.5,))


@pytest.mark.parametrize("hour", [0, 6, 12, 18])
@pytest.mark.parametrize("calendar", ["standard", "360_day"])
@pytest.mark.parametrize("units", ["days since 1990-01-01 12:00", "hours since 2000-12-25 06:00"])
def test_a_month_from_its_20th_ends_with_it_at_midnight(hour, calendar, units):
    cube = make_cube(wavy_ocean(60), calendar=calendar, first_day=19)
    time = cube.coord("time")
    time.bounds = None
    time.points = time.points - 0.5 + hour / 24
    time.convert_units(Unit(units, calendar=calendar))
    field = Field.from_cube(cube)
    monthly = monthly_means(field, field.values[:, 0])
    january = Reconstruction(field.values[:, 0], monthly).to_cubes(field)[1].coord("time")[0]
    start, end = january.units.num2date(january.bounds[0])
    assert f"{start:%Y-%m-%d %H:%M}" == "2001-01-20 00:00"
    assert f"{end:%Y-%m-%d %H:%M}" == "2001-02-01 00:00"
