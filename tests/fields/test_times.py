"""Times of two fields match by the interval that they stand for, or are refused."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.times import at_times, match_times
from tests.made_fields import make_cube, wavy_ocean

NAMES = ("truth", "reconstruction")


def at(times: np.ndarray) -> Field:
    """A field at some days since the start."""
    cube = make_cube(wavy_ocean(len(times)))
    time = cube.coord("time")
    time.bounds = None
    time.points = times
    return Field.from_cube(cube)


@pytest.mark.parametrize("hour", [0, 12, 21])
def test_days_match_whatever_their_hour(hour):
    given, wanted = at(np.arange(10) + hour / 24), at(np.arange(3, 7) + 0.5)
    assert match_times(given, wanted, names=NAMES).tolist() == [3, 4, 5, 6]


def test_sub_daily_values_are_no_days():
    """The last hour of a day is not its mean."""
    with pytest.raises(DataError, match="The truth is 6-hourly, the reconstruction daily: average both"):
        match_times(at(np.arange(16) / 4), at(np.arange(4) + 0.5), names=NAMES)


def test_sub_daily_values_match_by_their_hour():
    given, wanted = at(np.arange(16) / 4), at(1 + np.arange(4) / 4)
    assert match_times(given, wanted, names=NAMES).tolist() == [4, 5, 6, 7]


def test_days_are_no_months():
    months = at(np.array([15.5, 45.0, 74.5, 105.0, 135.5, 166.0, 196.5, 227.5, 258.0, 288.5, 319.0, 349.5]))
    assert months.frequency == "mon"
    with pytest.raises(DataError, match="The truth is daily, the reconstruction monthly: average both"):
        match_times(at(np.arange(365) + 0.5), months, names=NAMES)


@pytest.mark.parametrize("step", [2, 5, 8])
def test_means_over_intervals_are_those_of_all_times_within(step):
    given = at(np.arange(10 * step) + 0.5)
    wanted = at(step * np.arange(10) + step / 2)
    with pytest.raises(DataError, match="The truth is daily"):
        match_times(given, wanted, names=NAMES)
    found = at_times(given, wanted, names=NAMES)
    right = given.values.reshape(10, step, *given.values.shape[1:]).mean(axis=1)
    np.testing.assert_allclose(found.values, right, rtol=1e-5)
    with pytest.raises(DataError, match="no time in 1 of the 10 intervals"):
        at_times(given[slice(step, None)], wanted, names=NAMES)
