"""Land by the data, by Natural Earth, by a mask; ocean that was never observed is ocean, and is filled."""

import iris
import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.baselines import BASELINES
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.land import settle_land, settle_training_land
from esmlearn.grids.land import land_mask
from esmlearn.settings import SplitSettings
from tests.made_fields import make_cube, wavy_ocean
from tests.small import QUICK_BASELINES, small_ocean

LAND = np.isnan(wavy_ocean(1)[0])


def mask_cube(values: np.ndarray, name: str, units: str = "1", *, from_north: bool = False):
    """Map of a mask on the grid of the small ocean."""
    lat = 30 + 0.25 * np.arange(12)
    order = slice(None, None, -1) if from_north else slice(None)
    cube = make_cube(values[None].astype(float)[:, order], lat=lat[order], units=units)[0]
    cube.standard_name, cube.long_name, cube.var_name = None, name, name
    if name != "sftlf" and name != "sftof":
        cube.standard_name = name
    return cube


@pytest.fixture
def gappy():
    """Days of which a block of ocean never has a value."""
    values = wavy_ocean(20)
    values[:, 8:, 10:] = np.nan
    return Field.from_cube(make_cube(values))


def test_without_a_source_land_is_where_there_is_never_a_value(gappy):
    for source in (None, "data"):
        np.testing.assert_array_equal(settle_land(gappy, source).land, gappy.land)
    assert gappy.land.sum() == LAND.sum() + 4 * 6


@pytest.mark.parametrize("from_north", [False, True])
@pytest.mark.parametrize(
    ("name", "units", "values"),
    [
        ("land_binary_mask", "1", LAND),
        ("sftlf", "%", np.where(LAND, 100, 20)),
        ("land_area_fraction", "1", np.where(LAND, 0.6, np.nan)),
        ("sea_binary_mask", "1", ~LAND),
        ("sftof", "%", np.where(LAND, np.nan, 80)),
    ],
)
def test_a_mask_says_what_is_land_whatever_its_rows_and_units(gappy, name, units, values, from_north, caplog):
    with caplog.at_level("INFO"):
        field = settle_land(gappy, mask_cube(values, name, units, from_north=from_north))
    np.testing.assert_array_equal(field.land, LAND)
    np.testing.assert_array_equal(field.observed, gappy.observed)
    assert "12 of 192 cells are land" in caplog.text
    assert "24 of 192 cells are ocean that was never observed" in caplog.text


def test_a_mask_wins_over_values_and_leaves_some():
    field = small_ocean()[1][slice(0, 5)]
    more = LAND.copy()
    more[5] = True
    masked = settle_land(field, mask_cube(more, "sftlf"))
    assert not masked.observed[..., 5, :].any()
    assert np.isnan(masked.values[..., 5, :]).all()
    with pytest.raises(DataError, match="No value of sea_surface_temperature is left"):
        settle_land(field, mask_cube(np.ones((12, 16)), "sftlf"))


def test_what_is_no_mask_is_refused(gappy):
    with pytest.raises(DataError, match="whether it is of land or of sea"):
        settle_land(gappy, make_cube(wavy_ocean(1)))
    with pytest.raises(DataError, match="not on the grid"):
        settle_land(gappy, mask_cube(LAND, "sftlf")[:, 1:])
    with pytest.raises(DataError, match="on the grid of no training"):
        settle_land(gappy, "training")
    with pytest.raises(DataError, match="one grid"):
        settle_land(gappy, known=LAND[1:])


def test_natural_earth_gives_back_the_sea_that_was_never_seen():
    """Around Sicily; a cell with values is sea, whatever the coast."""
    lat, lon = 36.5 + 0.25 * np.arange(12), 12.0 + 0.25 * np.arange(16)
    coast = land_mask(lat, lon)
    assert coast.any()
    values = np.where(coast, np.nan, wavy_ocean(20)[:, ::-1])
    values = np.where(np.isnan(values) & ~coast, 15.0, values)
    row, column = np.argwhere(coast)[0]
    values[3, row, column] = 15.0
    values[:, :4, -4:] = np.nan
    field = settle_land(Field.from_cube(make_cube(values, lat=lat, lon=lon)), "natural_earth")
    expected = coast.copy()
    expected[row, column] = False
    np.testing.assert_array_equal(field.land, expected)


def test_known_land_gives_way_to_values_unless_asked():
    field = small_ocean()[1][slice(0, 5)]
    known = LAND.copy()
    known[6] = True
    np.testing.assert_array_equal(settle_land(field, known=known).land, LAND)
    strict = settle_land(field, "training", known=known)
    np.testing.assert_array_equal(strict.land, known)
    assert not strict.observed[..., 6, :].any()
    unseen = field.hide(np.broadcast_to(np.arange(12)[:, None] > 8, (5, 12, 16)))
    np.testing.assert_array_equal(settle_land(unseen, known=LAND).land, LAND)
    np.testing.assert_array_equal(settle_land(unseen, "data", known=LAND).land, LAND | (np.arange(12) > 8)[:, None])


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_fills_ocean_that_was_never_observed(name):
    values = small_ocean()[0].values[:400, 0].copy()
    values[:, 8:, 10:] = np.nan
    cube = make_cube(values)
    filled = baselines.fit(name, cube, land=mask_cube(LAND, "sftlf"), settings=QUICK_BASELINES).reconstruct(cube[300:])
    np.testing.assert_array_equal(np.ma.getmaskarray(filled.data), np.broadcast_to(LAND, filled.shape))
    unseen = filled.data[:, 8:, 10:]
    assert np.abs(unseen - wavy_ocean(400)[300:, 8:, 10:]).mean() < 3
    if name == "optimal_interpolation":
        std = filled.ancillary_variable("sea_surface_temperature standard_error").data
        assert std[:, 8:, 10:].min() > 0


def test_several_depths_are_refused_and_not_cut_to_the_first():
    levels = []
    for depth in (0.0, 10.0, 20.0):
        cube = make_cube(wavy_ocean(400))
        cube.add_aux_coord(iris.coords.DimCoord(depth, "depth", units="m", attributes={"positive": "down"}))
        levels.append(cube)
    deep = iris.cube.CubeList(levels).merge_cube()
    deep.transpose([1, 0, 2, 3])
    with pytest.raises(DataError, match="has 3 depths, but this method fills one map"):
        baselines.fit("climatology", deep)
    with pytest.raises(DataError, match="has 3 depths"):
        baselines.fit("climatology", Field.from_cube(deep))
    fitted = baselines.fit("climatology", levels[0])
    for fill in (fitted.reconstruct, lambda cube: fitted.reconstruct_field(Field.from_cube(cube))):
        with pytest.raises(DataError, match="has 3 depths"):
            fill(deep)


@pytest.mark.parametrize("source", ["data", None, "natural_earth"])
def test_a_cell_seen_only_in_the_test_leaves_the_land_of_the_training_as_it_is(source):
    split = SplitSettings(
        train="2001-01-01/2001-02-28", validation="2001-03-11/2001-03-20", test="2001-04-01/2001-04-20"
    )
    lands = []
    for seen_later in (False, True):
        values = wavy_ocean(110)
        if seen_later:
            values[90:, :3, :4] = 20.0
        field = settle_training_land(Field.from_cube(make_cube(values, lat=35 + 0.25 * np.arange(12))), source, split)
        lands.append(field.land)
        assert not (field.observed & field.land).any()
    np.testing.assert_array_equal(*lands)
