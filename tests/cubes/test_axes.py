"""Any order, direction, convention and name of the axes gives the same values at the same places."""

from pathlib import Path

import dask.array as da
import iris
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iris.coords import AuxCoord, CellMeasure, DimCoord
from iris.cube import Cube

from esmlearn.cubes.axes import order_axes
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.grids.grid import RectilinearGrid
from tests.made_fields import make_cube

DATA = Path(__file__).parents[3] / "shared" / "data"
NAMES = {
    "latitude": [("latitude", "lat", "degrees"), (None, "nav_lat", "degrees_north"), (None, "y", None)],
    "longitude": [("longitude", "lon", "degrees_east"), (None, "lon", None), (None, "x", "degrees")],
    "time": [("time", "time", "days since 2001-01-01"), (None, "time_counter", "days since 2001-01-01")],
}


def numbered(n_time=2, n_lat=3, n_lon=5):
    return np.arange(n_time * n_lat * n_lon, dtype=np.float32).reshape(n_time, n_lat, n_lon)


def loose(values, lon, lat, time, *, order=(0, 1, 2), names=(0, 0, 0)):
    """A cube as other tools leave it: any order of dimensions, any names, coordinates that need not be monotonic."""
    cube = Cube(da.from_array(values.transpose(order)), standard_name="sea_surface_temperature", units="degC")
    for number, (name, points) in enumerate(zip(("time", "latitude", "longitude"), (time, lat, lon), strict=True)):
        standard, short, units = NAMES[name][names[number]]
        coord = AuxCoord(points, standard_name=standard, var_name=short, units=units)
        dim = order.index(number)
        cube.add_aux_coord(coord, dim)
        if np.all(np.diff(points) > 0) or np.all(np.diff(points) < 0):
            iris.util.promote_aux_coord_to_dim_coord(cube, coord)
    return cube


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_form_of_axes_gives_the_same_values_at_the_same_places(data):
    ring = data.draw(st.booleans(), label="all around the globe")
    n_lon = data.draw(st.integers(3, 8), label="columns")
    step = 360 / n_lon if ring else data.draw(st.sampled_from([0.25, 5.0]))
    west = data.draw(st.sampled_from([-180.0, -170.5, -2.0, 0.0, 20.0, 178.0, 359.0]), label="west")
    lat, time = np.array([30.0, 31.0, 33.0]), np.array([0.5, 1.5])
    values, lon = numbered(n_lon=n_lon), west + step * np.arange(n_lon)
    wanted = {
        (float(t), float(y), round(float(x) % 360 % 360, 3)): values[k, j, i]
        for k, t in enumerate(time)
        for j, y in enumerate(lat)
        for i, x in enumerate(lon)
    }
    rows = data.draw(st.permutations(range(3)), label="rows")
    columns = data.draw(
        st.one_of(
            st.permutations(range(n_lon)),
            st.integers(0, n_lon - 1).map(lambda shift: list(np.roll(range(n_lon), shift))),
            st.just(list(range(n_lon))[::-1]),
        ),
        label="columns",
    )
    convention = data.draw(st.sampled_from([0.0, -180.0, None]), label="convention")
    turned = lon if convention is None else (lon - convention) % 360 + convention
    cube = loose(
        values[:, rows][..., columns],
        turned[columns],
        lat[rows],
        time,
        order=tuple(data.draw(st.permutations(range(3)), label="order")),
        names=tuple(data.draw(st.integers(0, len(NAMES[name]) - 1)) for name in ("time", "latitude", "longitude")),
    )
    ordered = order_axes(cube)
    assert ordered.has_lazy_data()
    assert [coord.standard_name for coord in ordered.coords(dim_coords=True)] == ["time", "latitude", "longitude"]
    assert order_axes(ordered) is ordered
    field = Field.from_cube(cube)
    assert (np.diff(field.lon) > 0).all() and np.ptp(field.lon) < 360
    if not ring:
        np.testing.assert_allclose(np.diff(field.lon), step, atol=1e-9)
    found = {
        (float(t), float(y), round(float(x) % 360 % 360, 3)): field.values[k, 0, j, i]
        for k, t in enumerate(time)
        for j, y in enumerate(field.lat)
        for i, x in enumerate(field.lon)
    }
    assert found == wanted
    assert RectilinearGrid.of(field.like[0]).same_as(field.grid)


@pytest.mark.parametrize(
    ("lon", "wanted"),
    [
        ([0, 1, 2, 358, 359], [-2, -1, 0, 1, 2]),  # monotonic, but in two pieces
        ([178, 179, -180, -179, -178], [178, 179, 180, 181, 182]),
        ([-178, -177, 177, 178, 179], [177, 178, 179, 182, 183]),
        ([12, 11, 10, 9, 8], [8, 9, 10, 11, 12]),
        ([180, 270, 0, 90], [0, 90, 180, 270]),
        ([0, 90, -180, -90], [-180, -90, 0, 90]),
        ([0, 90, 180, 270, 360], [0, 90, 180, 270]),
        ([-180, -90, 0, 90, 180], [-180, -90, 0, 90]),
        ([0, 90, 180, -180, -90], [-180, -90, 0, 90]),
    ],
)
def test_longitudes_run_from_west_to_east_in_one_piece(lon, wanted):
    values = np.broadcast_to(np.array(lon, np.float32) % 360, (2, 3, len(lon)))
    ordered = order_axes(loose(values, np.array(lon, float), np.arange(3.0), np.arange(2.0)))
    np.testing.assert_array_equal(ordered.coord("longitude").points, wanted)
    np.testing.assert_array_equal(ordered.data[0, 0], np.array(wanted) % 360)


@pytest.mark.parametrize("lon", [[0, 90, 180, 270], [-180, -90, 0, 90], [350, 355, 360, 365], [5, 6, 8, 13]])
def test_a_cube_in_order_is_the_same_object(lon):
    cube = make_cube(numbered(n_lon=4), lon=np.array(lon, float))
    assert order_axes(cube) is cube
    north_first = make_cube(numbered(), lat=np.array([3.0, 2.0, 1.0]))
    assert order_axes(north_first) is north_first


def test_bounds_and_all_that_lies_on_the_columns_follow():
    lon = np.array([358.0, 359.0, 0.0, 1.0, 2.0])[[2, 3, 4, 0, 1]]
    cube = make_cube(numbered())
    cube.remove_coord("longitude")
    bounds = np.stack([lon - 0.5, (lon + 0.5) % 360], axis=1)
    cube.add_dim_coord(DimCoord(lon, "longitude", units="degrees"), 2)
    cube.coord("longitude").bounds = None
    cube.remove_coord("longitude")
    cube.add_aux_coord(AuxCoord(lon, "longitude", units="degrees", bounds=bounds), 2)
    cube.add_aux_coord(AuxCoord(lon, long_name="as it was"), 2)
    cube.add_cell_measure(CellMeasure(np.tile(lon, (3, 1)), "cell_area", units="m2"), (1, 2))
    ordered = order_axes(cube)
    np.testing.assert_array_equal(ordered.coord("longitude").points, [-2, -1, 0, 1, 2])
    np.testing.assert_array_equal(ordered.coord("longitude").bounds[0], [-2.5, -1.5])
    np.testing.assert_array_equal(ordered.coord("longitude").bounds[3], [0.5, 1.5])
    np.testing.assert_array_equal(ordered.coord("as it was").points, [358, 359, 0, 1, 2])
    np.testing.assert_array_equal(ordered.cell_measure("cell_area").data[1], [358, 359, 0, 1, 2])
    np.testing.assert_array_equal(ordered.data, cube.data[..., [3, 4, 0, 1, 2]])


def test_a_single_depth_is_kept_as_a_scalar():
    cube = iris.util.new_axis(make_cube(numbered()))
    cube.add_dim_coord(DimCoord([0.0], var_name="zlev", units="m"), 0)
    ordered = order_axes(cube)
    assert ordered.shape == (2, 3, 5)
    assert ordered.coord_dims("depth") == () and ordered.coord("depth").points == [0]


def test_a_single_time_becomes_an_axis_of_the_errors_too():
    cube = make_cube(numbered())
    cube.add_ancillary_variable(iris.coords.AncillaryVariable(numbered(), long_name="error", units="K"), (0, 1, 2))
    one = cube[0]
    ordered = order_axes(one)
    assert ordered.shape == (1, 3, 5)
    assert ordered.ancillary_variable("error").shape == (1, 3, 5)


@pytest.mark.parametrize("turned", [False, True])
def test_a_regular_grid_with_two_dimensional_positions_gets_axes(turned):
    lon, lat = np.meshgrid([359.0, 0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0])
    cube = Cube(numbered().transpose(0, 2, 1) if turned else numbered(), "sea_surface_temperature", units="degC")
    cube.add_dim_coord(DimCoord([0.5, 1.5], "time", units="days since 2001-01-01"), 0)
    cube.add_dim_coord(DimCoord(np.arange(3), long_name="y"), 2 if turned else 1)
    for name, points in (("nav_lat", lat), ("nav_lon", lon)):
        cube.add_aux_coord(AuxCoord(points.T if turned else points, var_name=name, units="degrees"), (1, 2))
    ordered = order_axes(cube)
    np.testing.assert_array_equal(ordered.coord("longitude").points, [-1, 0, 1, 2, 3])
    np.testing.assert_array_equal(ordered.coord("latitude").points, [3, 2, 1])
    np.testing.assert_array_equal(ordered.data, numbered())


def with_positions(lat, lon, axes=True):
    cube = make_cube(numbered(), lat=np.array([50.0, 60.0, 70.0]), lon=np.arange(5.0))
    if not axes:
        cube.remove_coord("latitude")
        cube.remove_coord("longitude")
    cube.add_aux_coord(AuxCoord(lat, "latitude", units="degrees"), (1, 2))
    cube.add_aux_coord(AuxCoord(lon, "longitude", units="degrees"), (1, 2))
    return cube


def test_axes_beside_positions_count_where_both_are_the_same():
    lon, lat = np.meshgrid(np.arange(5.0) - 360, [50.0, 60.0, 70.0])
    ordered = order_axes(with_positions(lat, lon))
    np.testing.assert_array_equal(ordered.coord("longitude").points, np.arange(5.0))
    bent = lat.copy()
    bent[2, 3] = 69
    with pytest.raises(DataError, match=r"right at latitudes 50 to 60 only: .*scheme: linear.*extract_region"):
        order_axes(with_positions(bent, lon))
    with pytest.raises(DataError, match=r"curvilinear grid.*UnstructuredNearest"):
        order_axes(with_positions(bent, lon, axes=False))
    bent[0, 0] = np.nan
    with pytest.raises(DataError, match=r"1 of its latitudes are missing"):
        order_axes(with_positions(bent, lon, axes=False))


def test_other_grids_and_doubled_cells_are_refused_with_what_helps():
    rotated = make_cube(numbered())
    rotated.coord("latitude").rename("grid_latitude")
    rotated.coord("longitude").rename("grid_longitude")
    with pytest.raises(DataError, match=r"grid_latitude and grid_longitude.*two dimensions.*UnstructuredNearest"):
        order_axes(rotated)
    points = make_cube(numbered())[:, 0]
    points.remove_coord("latitude")
    points.add_aux_coord(AuxCoord(np.arange(5.0), "latitude", units="degrees"), 1)
    with pytest.raises(DataError, match=r"unstructured grid.*UnstructuredNearest"):
        order_axes(points)
    lon, lat, time = np.arange(5.0), np.arange(3.0), np.arange(2.0)
    with pytest.raises(DataError, match="longitude 3 twice"):
        order_axes(loose(numbered(), np.array([0.0, 1, 3, 3, 4]), lat, time))
    with pytest.raises(DataError, match="latitude twice"):
        order_axes(loose(numbered(), lon, np.array([0.0, 1, 1]), time))
    with pytest.raises(DataError, match="beyond the poles"):
        order_axes(loose(numbered(), lon, np.array([0.0, 91, 95]), time))
    with pytest.raises(DataError, match="needs one latitude and one longitude"):
        order_axes(Cube(np.zeros((3, 3)), long_name="nothing known"))


def test_times_that_are_doubled_stay_for_those_who_know_times():
    cube = loose(numbered(), np.arange(5.0), np.arange(3.0), np.array([1.5, 1.5]), order=(1, 2, 0))
    ordered = order_axes(cube)
    assert ordered.coord_dims("time") == (0,)
    assert not ordered.coords("time", dim_coords=True)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data are not here")
def test_real_grids_are_in_order_or_refused():
    for name in ("ersst_v5_2010_2019.nc", "sources/aviso_blacksea_l4_20160707.nc", "sources/mur_6days_aug2023.nc"):
        cube = next(iter(iris.load(DATA / name)))
        assert order_axes(cube) is cube and cube.has_lazy_data()
    tripolar = iris.load_cube(DATA / "sources/tos_Omon_BCC-CSM2-HR_hist-1950_r1i1p1f1_gn_198001.nc")
    with pytest.raises(DataError, match=r"right at latitudes -81\.875 to 64\.875"):
        order_axes(tripolar)
    assert order_axes(tripolar[..., 100:500, :]).shape == (1, 400, 1440)
    with pytest.raises(DataError, match="curvilinear"):
        order_axes(iris.load_cube(DATA / "nemo_1m_20150101-20150201_grid-T.nc", "sea_surface_temperature"))
