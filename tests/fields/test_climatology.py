"""Climatology and scaling must find what was put in, and learn from the training period only."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from tests.made_fields import make_cube, wavy_ocean


def seasonal(n_days: int, calendar_days: float = 365.0) -> np.ndarray:
    """Mean 15, amplitude 4 with the peak on day 100; rows get warmer by one degree each."""
    day = np.arange(n_days) + 0.5
    cycle = 15 + 4 * np.cos(2 * np.pi * (day - 100) / calendar_days)
    return cycle[:, None, None] + np.arange(6)[:, None] + np.zeros(8)


@pytest.mark.parametrize(("calendar", "days"), [("noleap", 365), ("360_day", 360)])
def test_harmonics_are_found_under_gaps(calendar, days):
    field = Field.from_cube(make_cube(seasonal(2 * days, days), calendar=calendar))
    hidden = np.random.default_rng(0).random((2 * days, 6, 8)) < 0.7
    climatology = Climatology.fit(field.hide(hidden), prior_days=1e-6)
    np.testing.assert_allclose(climatology.at(field.year_fraction), field.values[:, 0], atol=0.02)


def test_cell_never_seen_takes_the_cycle_of_its_neighbour():
    field = Field.from_cube(make_cube(seasonal(365), calendar="noleap"))
    hidden = np.zeros((365, 6, 8), bool)
    hidden[:, 3, 4] = True
    climatology = Climatology.fit(field.hide(hidden), prior_days=1e-6)
    error = climatology.at(field.year_fraction)[:, 3, 4] - field.values[:, 0, 3, 4]
    assert np.abs(error).max() <= 1.05  # a neighbour's row is at most one degree warmer


@pytest.mark.parametrize("west", [0, -180, -90, 180])
def test_the_nearest_cell_is_found_across_the_seam(west):
    """20 + 8 cos(lon - 40): where 0, 10 and 20 E were never seen, 0 E is 350 E, in any convention of longitude."""
    lon = west + 10.0 * np.arange(36)
    values = np.broadcast_to(20 + 8 * np.cos(np.deg2rad(lon - 40)), (365, 6, 36)).copy()
    values[:, :, np.isin(lon % 360, [0, 10, 20])] = np.nan
    field = Field.from_cube(make_cube(values, calendar="noleap", lat=np.arange(-25.0, 35, 10), lon=lon))
    climatology = Climatology.fit(replace(field, land=np.zeros_like(field.land)), prior_days=1e-6)
    found = climatology.at(np.array([0.5]))[0]
    np.testing.assert_allclose(found[:, lon % 360 == 0], 25.14, atol=0.01)
    np.testing.assert_allclose(found[:, lon % 360 == 20], 20 + 8 * np.cos(np.deg2rad(-10)), atol=0.01)


def test_rows_are_fitted_in_blocks(monkeypatch):
    """Whatever the blocks, and with days that nothing was seen on."""
    field = Field.from_cube(make_cube(wavy_ocean(400)))
    hidden = np.random.default_rng(0).random(field.observed[:, 0].shape) < 0.7
    hidden[30:60] = True
    hidden[:, :, 3:5] |= (np.arange(400) % 365 > 200)[:, None, None]  # some months of some cells
    field = field.hide(hidden)
    whole = Climatology.fit(field)
    monkeypatch.setattr("esmlearn.grids.rows.MOST_VALUES", 1)
    rows = Climatology.fit(field)
    np.testing.assert_allclose(rows.coefficients, whole.coefficients, atol=1e-5)
    np.testing.assert_allclose(rows.error, whole.error, atol=1e-5)
    assert whole.error.max() > 0


def test_the_fit_needs_little_more_memory_than_the_values():
    field = Field.from_cube(make_cube(wavy_ocean(400, 60, 80)))
    tracemalloc.start()
    try:
        Climatology.fit(field)
        needed = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert needed < 6 * field.values.nbytes


def test_less_than_a_year_is_refused():
    with pytest.raises(DataError, match=r"166 days of the year unseen.*`climatology: packaged`"):
        Climatology.fit(Field.from_cube(make_cube(wavy_ocean(200))))


def test_grid_is_recognised_whatever_the_order_of_rows_and_the_longitude_convention():
    cube = make_cube(seasonal(365), calendar="noleap")
    climatology = Climatology.fit(Field.from_cube(cube))
    assert climatology.covers(cube[:, ::-1])
    assert climatology.covers(make_cube(seasonal(2), lon=140 - 360 + 0.25 * np.arange(8)))
    assert not climatology.covers(make_cube(seasonal(2), lon=141 + 0.25 * np.arange(8)))
    assert not climatology.covers(cube[:, :5])


def test_spread_is_that_of_the_anomalies():
    anomalies = np.random.default_rng(1).normal(scale=0.8, size=(730, 6, 8))
    field = Field.from_cube(make_cube(seasonal(730) + anomalies, calendar="noleap"))
    climatology = Climatology.fit(field)
    for by in ("variable", "calendar_day"):
        spread = Scaling.fit(field, climatology, by=by).at(field.year_fraction)
        np.testing.assert_allclose(spread, 0.8, rtol=0.08)


def test_spread_by_calendar_day_follows_the_season():
    day = np.arange(730)
    season = 1 + 0.5 * np.cos(2 * np.pi * day / 365)
    anomalies = np.random.default_rng(1).normal(size=(730, 6, 8)) * season[:, None, None]
    field = Field.from_cube(make_cube(seasonal(730) + anomalies, calendar="noleap"))
    spread = Scaling.fit(field, Climatology.fit(field), by="calendar_day").at(field.year_fraction)
    assert spread[0] / spread[182] == pytest.approx(3.0, rel=0.15)


def test_the_error_of_a_cell_never_seen_is_that_of_its_distance_across_the_seam():
    """On a closed ring, a gap has the same error wherever the longitudes begin."""
    lon = 10.0 * np.arange(36)
    values = np.broadcast_to(20 + 8 * np.cos(np.deg2rad(lon - 40)), (365, 6, 36)).copy()
    values[:, :, :4] = np.nan
    errors = []
    for turn in (0, 18):
        cube = make_cube(np.roll(values, turn, axis=2), calendar="noleap", lat=np.arange(-25.0, 35, 10), lon=lon)
        field = Field.from_cube(cube)
        error = Climatology.fit(replace(field, land=np.zeros_like(field.land))).error
        errors.append(np.roll(error, -turn, axis=2))
    assert errors[0][:, :, :4].min() > 0
    np.testing.assert_allclose(errors[0][:, :, :4], errors[1][:, :, :4], rtol=0.05)
