"""Scaling by month finds what was put in, gives it back exactly, and is safe where little is known."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling, months_of
from tests.made_fields import make_cube


def seasonal(years=4, *, seed=0):
    """Mean 10 + month + column, deviation 1 + month / 10 times 1 or 2 by row; 360-day calendar."""
    month = np.arange(360 * years) // 30 % 12 + 1
    noise = np.random.default_rng(seed).normal(size=(month.size, 2, 3))
    noise = (noise - noise.mean(axis=0)) / noise.std(axis=0)
    spread = (1 + month / 10)[:, None, None] * np.array([1.0, 2.0])[:, None]
    return 10 + month[:, None, None] + np.arange(3) + spread * noise


def made(values, **options):
    return Field.from_cube(make_cube(values, calendar="360_day", **options))


def test_each_cell_and_month_has_its_own():
    scaling = MonthlyScaling.fit(made(seasonal(40)))
    number = np.arange(1, 13)[:, None, None]
    assert scaling.mean.shape == (12, 1, 2, 3)
    np.testing.assert_allclose(scaling.mean[:, 0], 10 + number + np.arange(3) + np.zeros((2, 1)), atol=0.35)
    expected = (1 + number / 10) * np.array([1.0, 2.0])[:, None] * np.ones(3)
    np.testing.assert_allclose(scaling.std[:, 0], expected, rtol=0.1)


@pytest.mark.parametrize("by", ["pixel", "domain"])
def test_the_training_period_comes_out_with_mean_zero_and_unit_variance(by):
    field = made(seasonal(), lat=np.array([60.0, 60.25]))
    scaled = MonthlyScaling.fit(field, by=by).scale(field.values, months_of(field))
    for number in range(1, 13):
        here = scaled[months_of(field) == number]
        axis = 0 if by == "pixel" else None
        np.testing.assert_allclose(here.mean(axis), 0, atol=0.01)
        np.testing.assert_allclose(here.std(axis), 1, atol=0.01)


def test_a_mean_of_the_domain_is_weighted_by_area():
    values = np.broadcast_to(np.array([[0.0], [3.0]]), (360, 2, 3))
    scaling = MonthlyScaling.fit(made(values, lat=np.array([0.0, 60.0])), by="domain")
    np.testing.assert_allclose(scaling.mean, 3 * 0.5 / 1.5, rtol=1e-5)


@pytest.mark.parametrize("by", ["pixel", "domain"])
@pytest.mark.parametrize("log_scale", [None, 0.1])
def test_unscaling_gives_back_what_was_scaled(by, log_scale):
    field = made(np.random.default_rng(0).gamma(0.3, 5.0, size=(720, 2, 3)), units="mm day-1")
    scaling, month = MonthlyScaling.fit(field, by=by, log_scale=log_scale), months_of(field)
    found = scaling.unscale(scaling.scale(field.values, month), month)
    np.testing.assert_allclose(found, field.values, rtol=2e-5, atol=1e-5)
    members = np.stack([field.values, 2 * field.values])
    np.testing.assert_allclose(scaling.unscale(scaling.scale(members, month), month), members, rtol=2e-5, atol=1e-5)


def test_the_logarithm_tames_rain_and_keeps_it_above_zero():
    field = made(np.random.default_rng(0).gamma(0.3, 5.0, size=(720, 2, 3)), units="mm day-1")
    month = months_of(field)
    plain = MonthlyScaling.fit(field).scale(field.values, month)
    scaling = MonthlyScaling.fit(field, log_scale=0.1)
    assert scaling.scale(field.values, month).max() < 4 < plain.max()
    assert scaling.unscale(np.full((1, 1, 2, 3), -9.0, np.float32), np.array([7])).max() == 0
    wet = np.full((1, 1, 2, 3), 0.1, np.float32)
    expected = (np.log(2) - scaling.mean[6]) / scaling.std[6]
    np.testing.assert_allclose(scaling.scale(wet, np.array([7]))[0], expected, rtol=1e-4)


def test_little_data_is_safe():
    """A cell that does not vary, one that was hardly seen: all finite; a month that was not seen is refused."""
    values = seasonal(2)
    month = np.arange(720) // 30 % 12 + 1
    values[:, 0, 0] = 5.0
    values[5:, 1, 1] = np.nan
    values[month == 7] = np.nan
    field = made(values, units="K")
    scaling = MonthlyScaling.fit(field, by="pixel")
    seen = np.arange(1, 13) != 7
    assert (scaling.std[seen] > 0.1).all() and np.isfinite(scaling.mean[seen]).all()
    np.testing.assert_allclose(scaling.mean[2, 0, 1, 1], np.nanmean(values[month == 3]), rtol=1e-3)
    for use in (scaling.scale, scaling.unscale):
        with pytest.raises(DataError, match="too few values in July to scale"):
            use(np.zeros((2, 1, 2, 3), np.float32), np.array([6, 7]))
    same = MonthlyScaling.fit(made(np.full((60, 2, 3), 3.0)))
    assert np.isfinite(same.scale(np.full((1, 1, 2, 3), 3.0, np.float32), np.array([1]))).all()


def test_land_does_not_count_and_stays_missing():
    values = seasonal()
    values[:, 0, 0] = np.nan
    field = made(values)
    scaled = MonthlyScaling.fit(field).scale(field.values, months_of(field))
    assert np.isnan(scaled[:, 0, 0, 0]).all() and np.isfinite(scaled[:, 0, 1]).all()


def test_a_variable_without_values_is_refused():
    field = made(seasonal(1))
    with pytest.raises(DataError, match="no value in the training period"):
        MonthlyScaling.fit(field.hide(np.ones((360, 2, 3), bool)))
