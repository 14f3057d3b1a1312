"""Calendar days: windows of known width, years of any length, and cells without observations."""

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.baselines.climatologies import CalendarDayClimatology
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.settings import BaselineSettings
from tests.made_fields import make_cube


def fit(values: np.ndarray, *, mean: float = 10.0, **cube) -> CalendarDayClimatology:
    """Fit to values of shape (time, 2, 3) beside a constant harmonic climatology."""
    field = Field.from_cube(make_cube(values, **cube), land=np.zeros(values.shape[1:], bool))
    coefficients = np.zeros((5, *field.land.shape), np.float32)
    coefficients[0] = mean
    climatology = Climatology(coefficients, field.lat, field.lon)
    return CalendarDayClimatology.fit(field, climatology, BaselineSettings())


def days(method: CalendarDayClimatology, n_days: int, **cube) -> np.ndarray:
    """Give the values in the first cell."""
    field = Field.from_cube(make_cube(np.full((n_days, 2, 3), 0.0), **cube))
    return method.reconstruct_field(field).daily[:, 0, 0]


def test_a_warm_day_of_each_year_is_spread_over_both_windows():
    """A day 31 * 11 / 3 K warmer than 10 degC: mean over 11, then over 31 days; the sum over the year stays."""
    values = np.full((3 * 365, 2, 3), 10.0)
    values[99::365] += 31 * 11 / 3
    found = days(fit(values, calendar="noleap"), 365, calendar="noleap") - 10
    assert found[99] == pytest.approx(11 / 3, rel=1e-4)
    assert found[[99 - 10, 99 + 10]] == pytest.approx(11 / 3, rel=1e-4)
    assert found[[99 - 21, 99 + 21]] == pytest.approx(0, abs=1e-4)
    assert found.sum() == pytest.approx(31 * 11 / 3, rel=1e-4)


def test_the_year_closes_on_itself():
    """Warm days at the start of each year warm the end of December as much as those of January that follow."""
    values = np.full((3 * 366, 2, 3), 10.0)
    values[::366] += 31 * 11
    difference = fit(values, calendar="all_leap").difference[:, 0, 0]
    assert difference[0] == pytest.approx(11, rel=1e-4)
    assert difference[[-1, -10, -15, -25]] == pytest.approx(difference[[1, 10, 15, 25]], abs=1e-4)


def test_each_observation_weighs_the_same():
    """All days of one year, and each eleventh of another: twelve observations in every window."""
    values = np.full((2 * 365, 2, 3), np.nan)
    values[:365], values[365::11] = 13.0, 15.0
    difference = fit(values, calendar="noleap").difference[:, 0, 0]
    assert difference[30:150] == pytest.approx((11 * 13 + 15) / 12 - 10, abs=1e-4)


def test_where_a_season_was_not_seen_the_harmonics_remain():
    values = np.full((2 * 365, 2, 3), 12.0)
    day = np.arange(2 * 365) % 365
    values[(day > 150) & (day < 250), 0, 0] = np.nan
    found = fit(values, mean=10.0, calendar="noleap")
    assert days(found, 365, calendar="noleap")[[60, 200, 340]] == pytest.approx([12, 10, 12], abs=1e-4)


@pytest.mark.parametrize(("calendar", "length"), [("standard", 366), ("360_day", 360), ("noleap", 365)])
def test_years_of_any_length_share_calendar_days(calendar, length):
    """A cycle fitted in one calendar is given in another, on 29 February too."""
    day = np.arange(4 * 360) + 0.5
    cycle = 10 + 2 * np.cos(2 * np.pi * day / 360)
    method = fit(np.broadcast_to(cycle[:, None, None], (len(day), 2, 3)), calendar="360_day")
    first_day = {"standard": 3 * 365, "noleap": 0, "360_day": 0}[calendar]  # 2004 has a 29 February
    found = days(method, length, calendar=calendar, first_day=first_day)
    expected = 10 + 2 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length)
    np.testing.assert_allclose(found, expected, atol=0.06)


def test_it_is_not_the_harmonic_one():
    """A kink in the season that two harmonics can't follow."""
    day = np.arange(3 * 365) % 365
    values = np.where((day > 180) & (day < 250), 14.0, 10.0)[:, None, None] * np.ones((1, 2, 3))
    field = Field.from_cube(make_cube(values, calendar="noleap"))
    error = {
        name: np.abs(baselines.fit(name, field).reconstruct_field(field).daily - values).mean()
        for name in ("climatology", "calendar_day_climatology")
    }
    assert error["calendar_day_climatology"] < 0.6 * error["climatology"]
