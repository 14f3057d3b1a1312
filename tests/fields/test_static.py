"""Fields that never change are read as maps on the grid of the data, or refused."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.static import read_static
from esmlearn.grids.grid import RectilinearGrid
from tests.made_fields import make_cube

HEIGHTS = np.arange(12.0).reshape(3, 4)
HEIGHTS[0, 0] = np.nan
LAT, LON = 30 + 0.25 * np.arange(3), 140 + 0.25 * np.arange(4)


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("lon", [LON, LON - 360])
def test_a_map_comes_with_its_rows_northward_and_nan_where_it_is_masked(falls, lon):
    rows = slice(None, None, -1) if falls else slice(None)
    cube = make_cube(HEIGHTS[None, rows], lat=LAT[rows], lon=lon)
    for one in (cube, cube[0]):  # an axis of time of length one is none
        found = read_static(one, RectilinearGrid(LAT, LON), "orog")
        np.testing.assert_array_equal(found, HEIGHTS)
        assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("cube", "says"),
    [
        (make_cube(np.ones((2, 3, 4))), r"orog is a static field and must have latitude and longitude only.*time"),
        (make_cube(np.ones((1, 3, 4)), lat=LAT + 1), "orog is a static field, but not on the grid"),
    ],
)
def test_what_is_no_map_on_the_grid_is_refused(cube, says):
    with pytest.raises(DataError, match=says):
        read_static(cube, RectilinearGrid(LAT, LON), "orog")
