"""A field must give back what it was given, whatever the calendar, the order of rows or the date line."""

import iris
import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from tests.made_fields import make_cube, wavy_ocean


@pytest.mark.parametrize("calendar", ["standard", "proleptic_gregorian", "noleap", "360_day"])
@pytest.mark.parametrize("descending", [False, True])
def test_cube_to_field_to_cube_is_lossless(calendar, descending):
    lat = 30 + 0.25 * np.arange(12)
    cube = make_cube(wavy_ocean(40), calendar=calendar, lat=lat[::-1] if descending else lat)
    cube.data[5:9, 6, 7] = np.ma.masked
    back = Field.from_cube(cube).to_cubes()[0]
    assert back.metadata == cube.metadata
    assert back.coords() == cube.coords()
    np.testing.assert_array_equal(back.data.mask, cube.data.mask)
    np.testing.assert_array_equal(back.data.compressed(), cube.data.compressed())
    assert back.dtype == cube.dtype


def test_rows_run_from_south_to_north():
    values = wavy_ocean(3)
    south_first = Field.from_cube(make_cube(values))
    lat = (30 + 0.25 * np.arange(12))[::-1]
    north_first = Field.from_cube(make_cube(values[:, ::-1], lat=lat))
    np.testing.assert_array_equal(south_first.values, north_first.values)
    np.testing.assert_array_equal(south_first.lat, north_first.lat)


def test_units_are_converted_at_the_door_and_given_back_at_the_exit():
    kelvin = make_cube(wavy_ocean(5) + 273.15, units="K")
    field = Field.from_cube(kelvin, units="degC")
    assert np.nanmax(np.abs(field.values[:, 0] - wavy_ocean(5))) < 1e-4
    back = field.to_cubes()[0]
    assert back.units == "K"
    np.testing.assert_allclose(back.data.compressed(), kelvin.data.compressed(), atol=1e-4)


def test_units_that_do_not_convert_are_refused_by_name():
    with pytest.raises(DataError, match=r"kg m-2.*does not convert to degC"):
        Field.from_cube(make_cube(wavy_ocean(2), units="kg m-2"), units="degC")


def test_missing_dimension_is_refused_with_what_was_found():
    timeless = make_cube(wavy_ocean(2))[0]
    timeless.remove_coord("time")
    with pytest.raises(DataError, match="has latitude, longitude"):
        Field.from_cube(timeless)


def test_a_single_time_becomes_an_axis():
    cube = make_cube(wavy_ocean(3))
    assert Field.from_cube(cube[1]).to_cubes()[0] == cube[1:2]


def test_field_without_ocean_is_refused():
    with pytest.raises(DataError, match="no ocean"):
        Field.from_cube(make_cube(np.full((2, 4, 4), np.nan)))


def test_land_is_what_never_had_a_value_unless_told():
    values = wavy_ocean(5)
    values[:, 8, 8] = np.nan
    guessed = Field.from_cube(make_cube(values))
    assert guessed.land[8, 8]
    land = np.zeros((12, 16), bool)
    land[:3, :4] = True
    told = Field.from_cube(make_cube(values), land=land)
    assert not told.land[8, 8]
    assert not told.observed[:, 0, 8, 8].any()
    assert not told.observed[:, :, land].any()


def test_hidden_values_are_nan_and_unobserved():
    field = Field.from_cube(make_cube(wavy_ocean(5)))
    hidden = np.zeros((5, 12, 16), bool)
    hidden[2, 5:] = True
    gappy = field.hide(hidden)
    assert np.isnan(gappy.values[2, 0, 5:]).all()
    assert not gappy.observed[2, 0, 5:].any()
    assert gappy.observed[2, 0, 4].all()


@pytest.mark.parametrize(("calendar", "days"), [("standard", 365), ("noleap", 365), ("360_day", 360)])
def test_months_and_year_fraction_follow_the_calendar(calendar, days):
    field = Field.from_cube(make_cube(wavy_ocean(days), calendar=calendar))
    assert len(field.months) == 12
    lengths = [part.stop - part.start for part in field.months.values()]
    assert sum(lengths) == days
    assert set(lengths) == ({30} if calendar == "360_day" else {28, 30, 31})
    assert field.year_fraction[0] == pytest.approx(0.5 / days)
    assert np.all(np.diff(field.year_fraction) > 0)
    assert field.year_fraction[-1] < 1


def test_leap_day_has_its_place():
    field = Field.from_cube(make_cube(wavy_ocean(366), first_day=365 * 3))
    assert field.dates[59].strftime("%m-%d") == "02-29"
    assert field.months[2004, 2].stop - field.months[2004, 2].start == 29


def test_longitudes_may_cross_the_date_line_and_close():
    crossing = Field.from_cube(make_cube(wavy_ocean(2), lon=178 + 0.25 * np.arange(16)))
    assert not crossing.closes
    ring = Field.from_cube(make_cube(wavy_ocean(2), lon=22.5 * np.arange(16)))
    assert ring.closes
    west = Field.from_cube(make_cube(wavy_ocean(2), lon=-180 + 22.5 * np.arange(16)))
    assert west.closes


def test_slices_take_their_cubes_along():
    cube = make_cube(wavy_ocean(40), lat=(30 + 0.25 * np.arange(12))[::-1])
    field = Field.from_cube(cube)
    part = field[slice(3, 10)].region(slice(4, 8), slice(5, 15))
    back = part.to_cubes()[0]
    expected = cube[3:10].extract(
        iris.Constraint(
            latitude=lambda cell: part.lat[0] <= cell.point <= part.lat[-1],
            longitude=lambda cell: part.lon[0] <= cell.point <= part.lon[-1],
        )
    )
    assert back == expected


@pytest.mark.parametrize("hours", [0, 12, 23])
@pytest.mark.parametrize("calendar", ["standard", "noleap", "all_leap"])
def test_a_date_is_one_calendar_day_in_all_years(calendar, hours):
    """From 2003 to 2004, a leap year, stamped at any hour: 1 March is day 59, and 31 December 364."""
    cube = make_cube(np.full((731, 2, 2), 20.0), calendar=calendar, first_day=730)
    time = cube.coord("time")
    time.points, time.bounds = time.points - 0.5 + hours / 24, None
    field = Field.from_cube(cube)
    days = {}
    for date, day in zip(field.dates, field.calendar_day.tolist(), strict=True):
        days.setdefault((date.month, date.day), set()).add(day)
    assert all(len(found) == 1 for found in days.values())
    assert (days[1, 1], days[2, 28], days[3, 1], days[12, 31]) == ({0}, {58}, {59}, {364})


def test_years_of_360_days_span_all_calendar_days():
    day = Field.from_cube(make_cube(np.full((720, 2, 2), 20.0), calendar="360_day")).calendar_day
    assert np.array_equal(day[:360], day[360:])
    assert (day[0], day[359]) == (0, 364)
    assert set(np.diff(day[:360])) == {1, 2}


@pytest.mark.parametrize("edges", [[40, 41, 43, 47, 55], [0, 1, 2, 3, 4], [-90, -89, -60, 0, 10], [86, 87, 88, 89, 90]])
def test_weights_are_areas(edges):
    """Between two latitudes a cell has the difference of their sines, also in a row that ends at the pole."""
    edges = np.array(edges, float)
    bounds = np.stack([edges[:-1], edges[1:]], axis=1)
    cube = make_cube(np.full((3, 4, 5), 20.0), lat=bounds.mean(axis=1))
    cube.coord("latitude").bounds = bounds
    area = np.diff(np.sin(np.deg2rad(edges)))
    expected = np.broadcast_to((area / area.max())[:, None], (4, 5))
    np.testing.assert_allclose(Field.from_cube(cube).area_weights, expected, rtol=1e-4)


def test_a_row_of_points_at_the_pole_has_half_a_cell():
    """Rows at 88, 89 and 90 degrees: the last one reaches half a degree to the south only."""
    cube = make_cube(np.full((3, 3, 5), 20.0), lat=np.array([88.0, 89.0, 90.0]))
    weights = Field.from_cube(cube).area_weights[:, 0]
    assert weights[2] / weights[1] == pytest.approx(
        (1 - np.sin(np.deg2rad(89.5))) / (np.sin(np.deg2rad(89.5)) - np.sin(np.deg2rad(88.5))), rel=1e-3
    )
