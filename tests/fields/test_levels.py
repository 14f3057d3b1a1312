"""A cube with depth becomes a field of levels, and the same cube again."""

import numpy as np
import pytest
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from tests.made_fields import make_cube, wavy_ocean

DEPTHS = np.array([5.0, 16.0, 50.0])


def make_column(
    n_time: int = 6, *, depths: np.ndarray = DEPTHS, lat: np.ndarray | None = None, **attributes: str
) -> Cube:
    """Levels that cool by a degree each, with a gap of their own; ``(time, depth, lat, lon)``."""
    surface = make_cube(wavy_ocean(n_time), lat=lat)
    data = np.ma.stack([surface.data - level for level in range(len(depths))], axis=1)
    for level in range(len(depths)):
        data[level, level, 7, 7] = np.ma.masked
    edges = np.stack([depths - 1, depths + 1], axis=1)
    lev = DimCoord(depths, bounds=edges, standard_name="depth", var_name="lev", units="m", attributes=attributes)
    dims = [(surface.coord("time"), 0), (lev, 1), (surface.coord("latitude"), 2), (surface.coord("longitude"), 3)]
    return Cube(
        data,
        standard_name="sea_water_potential_temperature",
        var_name="thetao",
        units="degC",
        attributes={"source": "made for a test"},
        dim_coords_and_dims=dims,
    )


@pytest.mark.parametrize("depths", [DEPTHS, DEPTHS[::-1]])
@pytest.mark.parametrize("descending", [False, True])
def test_column_to_field_to_column_is_lossless(depths, descending):
    lat = (30 + 0.25 * np.arange(12))[:: -1 if descending else 1]
    cube = make_column(depths=depths, lat=lat, positive="down")
    field = Field.from_cube(cube)
    np.testing.assert_array_equal(field.levels, depths)
    assert field.values.shape == (6, 3, 12, 16)
    (back,) = field.to_cubes()
    assert back == cube
    assert back.data.mask.sum() == cube.data.mask.sum()


def test_levels_keep_their_own_gaps():
    field = Field.from_cube(make_column())
    assert not field.observed[1, 1, 7, 7] and field.observed[1, [0, 2], 7, 7].all()
    hidden = np.zeros(field.values.shape, bool)
    hidden[0, 2, 5] = True
    gappy = field.hide(hidden)
    assert not gappy.observed[0, 2, 5].any() and gappy.observed[0, 1, 5].all()
    assert not field.hide(hidden[:, 2]).observed[0, :, 5].any()


def test_parts_keep_their_levels():
    field = Field.from_cube(make_column())[slice(1, 4)].region(slice(4, 9), slice(2, 12))
    np.testing.assert_array_equal(field.levels, DEPTHS)
    (cube,) = field.to_cubes()
    assert cube == make_column()[1:4, :, 4:9, 2:12]


def test_new_values_become_a_column():
    """What a model gives for all levels is dressed in the units of the cube, and masked on land alone."""
    cube = make_column()
    cube.convert_units("K")
    field = Field.from_cube(cube, units="degC")
    made = field.as_cube(np.broadcast_to(DEPTHS.astype(np.float32)[:, None, None], field.values.shape))
    assert made.shape == cube.shape and made.units == "K"
    np.testing.assert_allclose(made.data[2, :, 8, 8], DEPTHS + 273.15, rtol=1e-6)
    np.testing.assert_array_equal(made.data.mask, np.broadcast_to(field.land, cube.shape))


def test_one_level_alone():
    """It has its own climatology and scaling, and gives a cube with its depth as a scalar coordinate."""
    field = Field.from_cube(make_column(400))
    means = [Climatology.fit(field.level(index)).coefficients[0, 8, 8] for index in range(3)]
    np.testing.assert_allclose(np.diff(means), -1.0, atol=0.02)
    deep = field.level(2)
    assert deep.levels == [50.0] and deep.values.shape == (400, 1, 12, 16)
    assert Scaling.fit(deep, Climatology.fit(deep)).log_std.shape == (1,)
    (cube,) = deep.to_cubes()
    assert cube.shape == (400, 12, 16) and cube.coord("depth").points == [50.0]
    assert Field.from_cube(cube).levels == [50.0]


def test_a_surface_has_no_levels():
    field = Field.from_cube(make_cube(wavy_ocean(3)))
    assert field.levels is None and field.level(0).levels is None


def test_depth_in_other_units_comes_in_metres():
    cube = make_column()
    cube.coord("depth").convert_units("cm")
    np.testing.assert_allclose(Field.from_cube(cube).levels, DEPTHS)


def test_other_vertical_axes_are_refused():
    pressure = make_column()
    pressure.coord("depth").rename("air_pressure")
    pressure.coord("air_pressure").units = "Pa"
    with pytest.raises(DataError, match=r"air_pressure in Pa.*extract_levels"):
        Field.from_cube(pressure)
    with pytest.raises(DataError, match="positive down"):
        Field.from_cube(make_column(depths=-DEPTHS))
    with pytest.raises(DataError, match="positive down"):
        Field.from_cube(make_column(positive="up"))
    swapped = make_column()
    swapped.transpose([1, 0, 2, 3])
    np.testing.assert_array_equal(Field.from_cube(swapped).values, Field.from_cube(make_column()).values)
