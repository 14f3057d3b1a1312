"""Cubes, arrays and datasets of xarray are the same data."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from iris.coords import AncillaryVariable

import esmlearn
from esmlearn import baselines
from esmlearn.cubes.convert import as_cube, like_input
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from tests.made_fields import make_cube, wavy_ocean

TIMES = np.datetime64("2001-01-01T12:00", "ns") + np.arange(6) * np.timedelta64(1, "D")


def alboran(**attributes) -> xr.DataArray:
    """Six days across Greenwich, as a file has them: longitudes from 0 on, an unlucky name of the units."""
    values = wavy_ocean(6, 4, 5).transpose(1, 2, 0)[:, [2, 3, 4, 0, 1]]
    return xr.DataArray(
        values,
        dims=("lat", "lon", "time"),
        coords={"lat": 35 + 0.25 * np.arange(4), "lon": [0.0, 0.25, 0.5, 359.5, 359.75], "time": TIMES},
        name="sst",
        attrs={"units": "degree Celsius", **attributes},
    )


def test_an_array_becomes_an_ordered_cube():
    array = alboran().chunk({"time": 2})
    cube = as_cube(array)
    assert cube.has_lazy_data()
    assert cube.units == "degC"
    assert [coord.name() for coord in cube.coords(dim_coords=True)] == ["time", "latitude", "longitude"]
    np.testing.assert_array_equal(cube.coord("longitude").points, [-0.5, -0.25, 0, 0.25, 0.5])
    np.testing.assert_array_equal(cube.data.filled(np.nan), wavy_ocean(6, 4, 5))
    assert Field.from_cube(cube).dates[0].strftime("%Y-%m-%d %H") == "2001-01-01 12"


def test_a_cube_in_order_is_the_same_object():
    cube = make_cube(wavy_ocean(2))
    assert as_cube(cube) is cube
    assert like_input(cube, cube) is cube


def test_a_packing_that_values_left_does_not_clip_them():
    array = alboran()
    array.encoding = {"dtype": "int16", "scale_factor": 0.001, "_FillValue": -32768}
    np.testing.assert_array_equal(as_cube(array + 100).data.max(), np.nanmax(array + 100))
    array.data += 100
    np.testing.assert_array_equal(as_cube(array).data.max(), np.nanmax(array))


def test_a_dataset_of_several_variables_needs_a_name():
    dataset = xr.Dataset({"sst": alboran(), "bias": alboran(), "crs": 1})
    with pytest.raises(DataError, match="variables bias, sst; name one by `variable`"):
        as_cube(dataset)
    assert as_cube(dataset, variable="sst").var_name == "sst"
    with pytest.raises(DataError, match="'tos' must be one of them"):
        as_cube(dataset, variable="tos")
    assert as_cube(xr.Dataset({"sst": alboran()})).var_name == "sst"


def test_results_come_back_as_what_was_given_with_their_errors():
    cube = make_cube(wavy_ocean(3))
    cube.data = da.ma.masked_invalid(da.from_array(cube.data.filled(np.nan)))
    error = AncillaryVariable(np.full(cube.shape, 0.5, np.float32), var_name="tos_standard_deviation", units="K")
    cube.add_ancillary_variable(error, (0, 1, 2))
    array = like_input(cube, alboran())
    assert isinstance(array, xr.DataArray) and array.dims == ("time", "lat", "lon")
    assert float(array["tos_standard_deviation"].max()) == 0.5
    assert set(like_input(cube, alboran().to_dataset()).data_vars) >= {"tos", "tos_standard_deviation"}
    again = as_cube(array)
    np.testing.assert_array_equal(again.data.filled(np.nan), cube.data.filled(np.nan))
    np.testing.assert_array_equal(again.ancillary_variable().data, error.data)


def test_a_baseline_gives_the_same_for_cube_and_array():
    cube = make_cube(wavy_ocean(400))
    cube.data[5:9, 6:, 7:] = np.ma.masked
    array = like_input(cube, alboran())
    shuffled = array.transpose("lon", "time", "lat").roll(lon=3, roll_coords=True)
    by_cube = baselines.fit("time_interpolation", cube).reconstruct(cube)
    by_array = baselines.fit("time_interpolation", shuffled).reconstruct(shuffled)
    assert isinstance(by_array, xr.DataArray)
    np.testing.assert_array_equal(by_array.values, by_cube.data.filled(np.nan))
    complete = make_cube(wavy_ocean(400))
    rows = [
        esmlearn.evaluate({"time_interpolation": result}, truth=truth).rows
        for result, truth in ((by_cube, complete), (by_array, like_input(complete, array)))
    ]
    assert [row["value"] for row in rows[0]] == [row["value"] for row in rows[1]]
