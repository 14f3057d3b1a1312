"""What is written as CF must come back the same, with its uncertainty and flags."""

import iris
import numpy as np
import pytest

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
    """Of the members 0, 1, ... 10 around a field, the quantiles of a tenth and of a half are 1 and 5."""
    field, result = case
    members = result.daily + np.arange(11, dtype=np.float32)[:, None, None, None]
    ensemble = Reconstruction.of_members(members, field)
    days, months = ensemble.quantile_cubes(field, (0.5, 0.1))
    for cube, plain in ((days, result.daily), (months, result.monthly)):
        coord = cube.coord("quantile", dim_coords=True)
        assert coord.points.tolist() == [0.1, 0.5]
        assert str(coord.units) == "1"
        assert cube.coord_dims(coord) == (0,)
        offset = 273.15 if str(cube.units) == "K" else 0.0
        found = np.ma.filled(cube.data, np.nan)[:, :, ::-1] - offset  # the rows of the cube run southward
        np.testing.assert_allclose(found, np.stack([plain + 1, plain + 5]), atol=1e-3)
    with pytest.raises(DataError, match="no ensemble"):
        result.quantile_cubes(field, (0.5,))
