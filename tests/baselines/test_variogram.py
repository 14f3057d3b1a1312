"""Differences of pairs at known distances, and scales that are put in and found again."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.baselines.covariance import CORRELATIONS, Covariance
from esmlearn.baselines.variogram import Variogram, fit_scales, measure_variogram
from esmlearn.fields.field import Field
from tests.made_fields import make_cube


def measure(values: np.ndarray, **cube) -> Variogram:
    """Variogram of values as they are; NaN is not observed."""
    field = Field.from_cube(make_cube(values, **cube), land=np.zeros(values.shape[1:], bool))
    return measure_variogram(field, field.values[:, 0])


@pytest.mark.parametrize("hidden", [0.0, 0.6])
def test_a_slope_in_time_and_space(hidden):
    """Anomalies that rise by 1 a day, 0.5 a row and 0.1 a column differ by their distance, whatever is hidden."""
    day, row, column = np.meshgrid(np.arange(70.0), np.arange(8.0), np.arange(9.0), indexing="ij")
    values = day + 0.5 * row + 0.1 * column
    values[np.random.default_rng(0).random(values.shape) < hidden] = np.nan
    found = measure(values, lat=0.3 * np.arange(8))
    same_place = found.km == 0
    assert found.value[same_place] == pytest.approx(found.days[same_place] ** 2 / 2)
    northward = np.isclose(found.km, 111.2 * 0.6)
    assert found.value[northward] == pytest.approx((found.days[northward] + 1.0) ** 2 / 2)
    eastward = np.isclose(found.km, 111.2 * 0.25 * 4, rtol=1e-3) & (found.days == 0)
    assert found.value[eastward] == pytest.approx(0.4**2 / 2, rel=1e-4)
    assert set(found.days) == {0, 1, 2, 3}
    if not hidden:
        assert found.pairs[same_place & (found.days == 1)] == pytest.approx(2 * 29 * 9)


def test_a_degree_of_longitude_is_shorter_in_the_north():
    values = np.random.default_rng(0).standard_normal((30, 3, 4))
    equator, north = measure(values, lat=np.array([-0.1, 0, 0.1])), measure(values, lat=np.array([59.9, 60, 60.1]))
    eastward = np.isclose(equator.km, 111.2 * 0.25 * 2, rtol=1e-4)
    assert north.km[eastward] == pytest.approx(111.2 * 0.25, rel=1e-2)
    np.testing.assert_array_equal(north.value, equator.value)


def test_a_single_day_and_a_single_cell_have_few_pairs():
    assert measure(np.ones((1, 1, 5))).days.max() == 0
    assert measure(np.random.default_rng(0).standard_normal((40, 1, 1))).km.max() == 0


@pytest.mark.parametrize("kernel", CORRELATIONS)
def test_scales_are_found_in_an_exact_variogram(kernel):
    right = Covariance(kernel, length_km=180.0, time_days=3.0, noise_share=0.2, sigma=1.7)
    km, days = (part.ravel() for part in np.meshgrid([0.0, 25, 50, 100, 150], [0.0, 1, 2, 3], indexing="ij"))
    km, days = km[1:], days[1:]
    value = right.sigma**2 * (1 + 0.04 - right.correlation(km, days))
    variogram = Variogram(value, km, days, np.ones_like(km))
    start = replace(right, length_km=50.0, time_days=10.0, sigma=1.0)
    found = fit_scales(variogram, start, ["length_km", "time_days"])
    assert (found.length_km, found.time_days, found.sigma) == pytest.approx((180, 3, 1.7), rel=1e-3)
    held = fit_scales(variogram, start, ["time_days"])
    assert held.length_km == 50
