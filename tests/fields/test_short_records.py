"""Short and uneven records: what is fitted to them is right within its own error, in each season and place, or refused.

The ocean is known: a cycle, and anomalies with a deviation of 0.6 degC.
"""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from esmlearn import baselines, metrics
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.coverage import MONTHS
from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.settings import BaselineSettings
from tests.made_fields import make_cube

SPREAD = 0.6
SHAPE = (3 * 365, 8, 10)
DAY, ROW = np.arange(SHAPE[0]), np.arange(SHAPE[1])
MONTH = (np.datetime64("2001-01-01") + DAY).astype("datetime64[M]").astype(int) % 12 + 1
CYCLE = 18 + 0.1 * ROW[:, None] - 5 * np.cos(2 * np.pi * (DAY - 40) / 365.25)[:, None, None] * (1 + 0.02 * ROW[:, None])
CYCLE = np.broadcast_to(CYCLE, SHAPE)
WEST = np.arange(SHAPE[2]) < SHAPE[2] // 2

RECORDS = {
    "three years": DAY >= 0,
    "one winter each year": np.isin(MONTH, (1, 2, 12)),
    "ten days": (DAY >= 100) & (DAY < 110),
    "half the cells": DAY < 730,
    "one year with a gap of three months": (DAY < 365) & ~np.isin(MONTH, (6, 7, 8)),
    "uneven months": (MONTH < 5) | (DAY % 15 == 0),
    "every twelfth day": DAY % 12 == 0,
}
SOME_SET = BaselineSettings(optimal_interpolation={"kernel": "matern_32", "noise_share": 0.1})
REFUSED = {"one winter each year", "ten days"}


def smooth(seed, widths):
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), widths, mode="wrap")
    return noise / noise.std()


def anomalies(seed):
    """Of long and short scales, as the sea has them."""
    parts = zip((0.8, 0.5, 0.33), ((6, 2, 2), (3, 1, 1), (1, 0.5, 0.5)), strict=True)
    return SPREAD * sum(share * smooth(10 * seed + n, widths) for n, (share, widths) in enumerate(parts))


def record(name, seed=0):
    """Observations under clouds on the days of a record, and the days."""
    seen = (smooth(seed + 50, (1.5, 2, 2)) < 0.5) & RECORDS[name][:, None, None]
    if name == "half the cells":
        seen = seen & WEST
    days = np.flatnonzero(RECORDS[name])
    days = days if name == "every twelfth day" else np.arange(days[0], days[-1] + 1)
    field = Field.from_cube(make_cube(CYCLE + anomalies(seed)))
    return field.hide(~seen)[days], days


@pytest.mark.parametrize("name", RECORDS)
def test_a_climatology_is_right_within_its_error_or_refused(name):
    """The error is that of what was not seen; of what was, anomalies of one year leave some tenths of a degree."""
    field, _ = record(name)
    if name in REFUSED:
        with pytest.raises(DataError, match="days of the year unseen"):
            Climatology.fit(field)
        return
    found = Climatology.fit(field)
    error = np.zeros((12, *SHAPE[1:])) if found.error is None else found.error
    of_months = CYCLE[np.searchsorted(DAY, MONTHS * 365)]
    off = np.abs(found.at(MONTHS) - of_months)
    assert (off < 2.5 * np.hypot(error, 0.4)).all()
    unseen = {"half the cells": (slice(None), slice(None), ~WEST), "one year with a gap of three months": slice(6, 7)}
    assert (error[unseen[name]] > 0.1).all() if name in unseen else error.max() < 0.5


@pytest.mark.parametrize("by", ["variable", "calendar_day"])
@pytest.mark.parametrize("name", [name for name in RECORDS if name not in REFUSED])
def test_a_scaling_is_right_in_every_season(name, by):
    """Waves through three months without a value made the deviation a fifth of what it was."""
    for seed in range(4):
        field, _ = record(name, seed)
        found = Scaling.fit(field, Climatology.fit(field), by=by).at(MONTHS)
        assert (found > SPREAD / 2).all() and (found < 2 * SPREAD).all()


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("by", ["pixel", "domain"])
def test_a_monthly_scaling_is_right_or_refuses_the_months_that_it_has_not_seen(name, by):
    field, days = record(name)
    scaling = MonthlyScaling.fit(field, by=by)
    for month in range(1, 13):
        if month not in MONTH[days][RECORDS[name][days]]:
            with pytest.raises(DataError, match="too few values in"):
                scaling.check_months(np.array([month]))
            continue
        scaling.check_months(np.array([month]))
        mean = CYCLE[month == MONTH].mean(axis=0)
        assert np.abs(scaling.mean[month - 1, 0] - mean).max() < 1.5


@pytest.mark.parametrize("name", [name for name in RECORDS if name not in REFUSED])
@pytest.mark.parametrize("method", ["calendar_day_climatology", "climatology"])
def test_a_baseline_without_an_error_is_hardly_worse_than_the_spread(name, method):
    """It falls back on the cycle in seasons and places that it has not seen."""
    field, _ = record(name)
    whole = Field.from_cube(make_cube(CYCLE[:365])).hide(np.ones((365, *SHAPE[1:]), bool))
    off = baselines.fit(method, field).reconstruct_field(whole).daily - CYCLE[:365]
    assert np.sqrt((off**2).mean(axis=0)).max() < 1.5 * SPREAD


@pytest.mark.parametrize("name", RECORDS)
def test_optimal_interpolation_knows_its_error_or_is_refused(name):
    """Members and intervals hang on it: errors in each season and half are not twice as large as it says."""
    field, _ = record(name)
    source = "packaged" if name in REFUSED else None
    if name in REFUSED:
        with pytest.raises(DataError, match="days of the year unseen"):
            baselines.fit("optimal_interpolation", field, settings=SOME_SET)
    truth = CYCLE + anomalies(9)
    given = Field.from_cube(make_cube(truth)).hide(smooth(60, (1.5, 2, 2)) > 0.5)[:365:3]
    found = baselines.fit("optimal_interpolation", field, climatology=source, settings=SOME_SET).reconstruct_field(
        given
    )
    for season in range(4):
        for half in (WEST, ~WEST):
            where = ~given.observed[:, 0] & half & (MONTH[:365:3] % 12 // 3 == season)[:, None, None]
            error = np.sqrt(((found.daily - truth[:365:3])[where] ** 2).mean())
            assert error < 2 * np.sqrt((found.daily_std[where] ** 2).mean())


@pytest.mark.parametrize(
    ("name", "lacking"), [("one winter each year", range(3, 12)), ("uneven months", ()), ("three years", ())]
)
def test_a_threshold_of_heatwaves_is_that_of_the_seasons_that_were_seen(name, lacking):
    days = np.flatnonzero(RECORDS[name])
    days = days if name != "uneven months" else DAY[DAY % 5 == 0]
    values = (CYCLE + anomalies(0)).astype(np.float32)
    threshold = metrics.heatwave_threshold(values[days], days % 365)
    middle = (MONTHS * 365).astype(int)
    known = np.isfinite(threshold[middle]).all(axis=(1, 2))
    assert [month for month in range(1, 13) if not known[month - 1]] == list(lacking)
    assert np.abs(threshold[middle][known] - CYCLE[middle][known]).max() < 4 * SPREAD
