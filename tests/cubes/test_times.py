"""Whatever the order, the doubles and the holes of a time axis, the field is the same, with gaps."""

import cftime
import dask.array as da
import iris
import numpy as np
import pytest
from cf_units import Unit
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from iris.coords import AncillaryVariable, AuxCoord, DimCoord
from iris.cube import Cube

from esmlearn.cubes.order import changes_of, put_in_order
from esmlearn.cubes.steps import find_steps
from esmlearn.cubes.times import order_times
from esmlearn.errors import DataError
from esmlearn.settings.input import InputSettings, TimeSettings
from tests.made_fields import make_cube, wavy_ocean

MEAN = TimeSettings(duplicates="mean")
CALENDARS = ["standard", "noleap", "360_day"]


def at_times(days, values=None, *, calendar="standard", error=None, bounds=None) -> Cube:
    """Cube of 1 x 2 cells at days since 2000-01-01, which may be in any order."""
    days = np.asarray(days, float)
    values = np.arange(days.size, dtype=np.float32) if values is None else np.asarray(values, np.float32)
    cube = Cube(
        np.ma.masked_invalid(np.broadcast_to(values[:, None, None], (days.size, 1, 2)).copy()),
        standard_name="sea_surface_temperature",
        var_name="tos",
        units="degC",
        dim_coords_and_dims=[
            (DimCoord([10.0], standard_name="latitude", units="degrees"), 1),
            (DimCoord([20.0, 21.0], standard_name="longitude", units="degrees"), 2),
        ],
    )
    unit = Unit("days since 2000-01-01", calendar=calendar)
    cube.add_aux_coord(AuxCoord(days, bounds=bounds, standard_name="time", var_name="time", units=unit), 0)
    if error is not None:
        errors = np.broadcast_to(np.asarray(error, np.float32)[:, None, None], cube.shape).copy()
        name = "sea_surface_temperature standard_error"
        cube.add_ancillary_variable(AncillaryVariable(errors, standard_name=name, units="K"), (0, 1, 2))
    return cube


def series(cube: Cube) -> np.ndarray:
    """Values of the first cell; NaN where masked."""
    return np.ma.filled(cube.data[:, 0, 0].astype(float), np.nan)


@hypothesis_settings(max_examples=40, deadline=None)
@given(data=st.data(), calendar=st.sampled_from(CALENDARS), lazy=st.booleans())
def test_shuffled_dropped_and_doubled_days_give_the_field_with_gaps(data, calendar, lazy):
    whole = make_cube(wavy_ocean(20, 4, 5), calendar=calendar, first_day=50)
    kept = data.draw(st.sets(st.integers(2, 18)).map(lambda some: sorted({0, 1, 19, *some})))
    kept = [*kept, 10, 11, 12, 13]  # so that a day is the step
    kept = data.draw(st.permutations(sorted(set(kept))))
    given_days = np.array([*kept, *data.draw(st.lists(st.sampled_from(kept), max_size=4))])
    cube = whole[given_days]
    if lazy:
        cube.data = da.from_array(cube.data, chunks=(3, 4, 5))
    found, _ = order_times(cube, MEAN)
    assert found.has_lazy_data() == cube.has_lazy_data()
    expected = whole.data.copy()
    expected[np.setdiff1d(np.arange(20), given_days)] = np.ma.masked
    np.testing.assert_array_equal(np.ma.getmaskarray(found.data), np.ma.getmaskarray(expected))
    np.testing.assert_array_equal(found.data.compressed(), expected.compressed())
    np.testing.assert_allclose(found.coord("time").points, whole.coord("time").points, atol=1e-9)
    np.testing.assert_allclose(found.coord("time").bounds, whole.coord("time").bounds, atol=1e-9)


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("n_times", [1, 2, 40])
def test_what_is_in_order_comes_back_as_the_same_cube(calendar, n_times):
    cube = make_cube(wavy_ocean(n_times), calendar=calendar)
    assert put_in_order(cube) is cube
    fifth = make_cube(wavy_ocean(60))[::5]
    assert put_in_order(fifth) is fifth


def test_doubled_days_are_refused_or_merged_as_set():
    cube = at_times([0, 1, 1, 2], [5, 1, 3, 7], error=[1, 1, 3, 1])
    with pytest.raises(
        DataError, match=r"1 times twice, the first of them 2000-01-02; set data.input.times.duplicates"
    ):
        order_times(cube, TimeSettings())
    for how, right in {"mean": 2, "first": 1, "last": 3}.items():
        found, words = order_times(cube, TimeSettings(duplicates=how))
        assert series(found).tolist() == [5, right, 7]
        # Two copies of one observation are no two observations: the error does not fall.
        assert found.ancillary_variables()[0].data[1, 0, 0] == {"mean": 2, "first": 1, "last": 3}[how]
        assert "1 steps were there more than once" in words[0]


PASSES = [0.1, 0.57, 1.09, 2.12, 2.6, 4.1]


def test_passes_are_weighted_by_their_errors():
    """1 and 4 with errors of 1 and 2: (1 + 4/4) / (1 + 1/4), and the error of that is 1 / sqrt(1 + 1/4)."""
    cube = at_times(PASSES, [1, 4, 2, np.nan, 3, 9], error=[1, 2, 1, 1, 0.5, 1])
    found, words = order_times(cube, TimeSettings())
    assert series(found) == pytest.approx([1.6, 2, 3, np.nan, 9], nan_ok=True)
    error = found.ancillary_variables()[0].data[:, 0, 0]
    np.testing.assert_allclose(error[[0, 1, 2, 4]].filled(), [1 / np.sqrt(1.25), 1, 0.5, 1])
    assert found.coord("time").points.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert found.coord("time").bounds[3].tolist() == [3, 4]
    assert "6 passes on 4 days were merged" in words[0] and "weighted by the inverse square" in words[0]
    assert "1 of 5 days were missing" in words[1] and "2000-01-04" in words[1]
    lazy = at_times(PASSES, [1, 4, 2, np.nan, 3, 9], error=[1, 2, 1, 1, 0.5, 1])
    lazy.data = da.from_array(lazy.data, chunks=(2, 1, 2))
    merged, _ = order_times(lazy, TimeSettings())
    assert merged.has_lazy_data()
    np.testing.assert_array_equal(series(merged), series(found))


def test_passes_without_errors_have_equal_weights_and_may_be_kept_apart():
    cube = at_times(PASSES, [1, 4, 2, np.nan, 3, 9])
    found, words = order_times(cube, TimeSettings())
    assert series(found) == pytest.approx([2.5, 2, 3, np.nan, 9], nan_ok=True)
    assert "all with the same weight" in words[0]
    kept, words = order_times(cube[::-1], TimeSettings(passes="keep"))
    np.testing.assert_allclose(kept.coord("time").points, PASSES)
    assert words == ["sea_surface_temperature: the times were not in order, and were sorted."]


def test_overpasses_that_wander_are_days_of_the_calendar():
    found, words = order_times(at_times([0.09, 1.57, 2.09, 3.9, 5.01]), TimeSettings())
    assert found.coord("time").points.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert np.isnan(series(found)[4])
    assert "the times of day differ" in words[0]


def test_bounds_decide_where_a_mean_is_stamped_at_its_end():
    days = np.arange(1.0, 6)
    bounds = np.stack([days - 1, days], axis=-1)
    found, words = order_times(at_times(days, bounds=bounds), TimeSettings())
    assert found.coord("time").points.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert "end of their bounds" in words[0]


def composites(calendar: str, length: int = 8) -> np.ndarray:
    """Starts of composites in the years 2000 to 2002, which start anew each year."""
    years = [0, *np.cumsum({"standard": [366, 365], "noleap": [365, 365], "360_day": [360, 360]}[calendar])]
    return np.concatenate([year + np.arange(0, 360 if calendar == "360_day" else 365, length) for year in years])


@pytest.mark.parametrize("calendar", CALENDARS)
def test_the_step_across_the_end_of_a_year_of_composites_is_regular(calendar):
    days = composites(calendar)
    whole = at_times(days, calendar=calendar)
    assert order_times(whole, TimeSettings())[1] == []
    assert find_steps(whole.coord("time")).frequency == "8day"
    holes = np.delete(np.arange(days.size), [44, 45, 46, 70])
    found, words = order_times(at_times(days[holes], holes, calendar=calendar), TimeSettings())
    np.testing.assert_allclose(found.coord("time").points, days)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(series(found))), [44, 45, 46, 70])
    assert f"4 of {days.size} steps (8day) were missing" in words[0]


@pytest.mark.parametrize("calendar", CALENDARS)
def test_missing_months_are_put_in_by_the_calendar(calendar):
    unit = Unit("days since 2000-01-01", calendar=calendar)
    starts = np.array([find_month(n, unit) for n in range(25)])
    middle, bounds = (starts[:-1] + starts[1:]) / 2, np.stack([starts[:-1], starts[1:]], axis=-1)
    kept = np.delete(np.arange(24), [1, 13, 14])
    cube = at_times(middle[kept], kept, calendar=calendar, bounds=bounds[kept])
    found, _ = order_times(cube, TimeSettings())
    np.testing.assert_allclose(found.coord("time").points, middle)
    np.testing.assert_allclose(found.coord("time").bounds, bounds)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(series(found))), [1, 13, 14])


def find_month(number: int, unit: Unit) -> float:
    """Start of a month in units of time."""
    return float(unit.date2num(cftime.datetime(2000 + number // 12, number % 12 + 1, 1, calendar=unit.calendar)))


def test_hours_stay_hours():
    hours = np.delete(np.arange(30), [4, 5, 20]) / 24
    found, words = order_times(at_times(hours), TimeSettings())
    np.testing.assert_allclose(found.coord("time").points, np.arange(30) / 24, atol=1e-9)
    assert "3 of 30 steps (1hr) were missing" in words[0]


def test_no_regular_step_is_refused_or_left():
    days = np.cumsum(np.r_[0, np.random.default_rng(0).integers(3, 200, 30)])
    with pytest.raises(
        DataError, match=r"no regular step: from one to the next .* set data.input.times.missing to keep"
    ):
        order_times(at_times(days), TimeSettings())
    kept, _ = order_times(at_times(days), TimeSettings(missing="keep"))
    np.testing.assert_array_equal(kept.coord("time", dim_coords=True).points, days)


def test_what_belongs_to_the_times_follows():
    cube = at_times([0, 1, 3, 2, 6])
    cube.add_aux_coord(AuxCoord(["a", "b", "d", "c", "g"], long_name="orbit"), 0)
    cube.add_aux_coord(AuxCoord([0, 10, 30, 20, 60], long_name="number"), 0)
    flag = AncillaryVariable(np.array([0, 1, 3, 2, 6], np.int8), long_name="quality")
    cube.add_ancillary_variable(flag, 0)
    found, _ = order_times(cube, TimeSettings())
    assert found.coord("orbit").points.tolist() == ["a", "b", "c", "d", "", "", "g"]
    assert found.coord("number").points.tolist() == [0, 10, 20, 30, None, None, 60]
    assert found.ancillary_variable("quality").data.tolist() == [0, 1, 2, 3, None, None, 6]


def test_one_time_and_none():
    cube = make_cube(wavy_ocean(3))
    assert order_times(cube[1], TimeSettings())[0].shape == (1, 12, 16)
    still = cube[0]
    still.remove_coord("time")
    assert order_times(still, TimeSettings())[0] is still


def test_changes_are_kept_with_the_cube_in_a_file(tmp_path):
    cube = make_cube(wavy_ocean(6))[np.array([0, 1, 4, 5])]
    found = put_in_order(cube)
    assert "esmlearn_changes" not in cube.attributes
    iris.save(found, tmp_path / "tos.nc")
    again = iris.load_cube(tmp_path / "tos.nc")
    assert changes_of(again) == changes_of(found) != []
    assert put_in_order(again) is again
    with pytest.raises(DataError):
        put_in_order(cube[np.array([0, 0, 1])], InputSettings())
