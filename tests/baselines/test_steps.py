"""Baselines on hours, days, composites and months: scales in days, whatever the step."""

from functools import cache

import numpy as np
import pytest
from cf_units import Unit
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn import baselines
from esmlearn.baselines.covariance import Covariance
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.gaps.simulate import travelling_clouds
from esmlearn.gaps.withhold import withhold
from esmlearn.settings import BaselineSettings, WithholdSettings
from tests.made_fields import make_cube, wavy_ocean

STEPS = {"mon": (365.0 / 12, 2.0), "8day": (8.0, 1.0), "6hr": (0.25, 0.25)}
"""Length of the step in days, and cells in degrees."""


def on_axis(values: np.ndarray, frequency: str, lat: np.ndarray, lon: np.ndarray) -> Cube:
    """Cube of values from 2001 on, in a calendar of 365 days."""
    cube = make_cube(values, lat=lat, lon=lon, calendar="noleap")
    cube.long_name = "Sea Surface Temperature Anomaly"
    step = STEPS[frequency][0]
    if frequency == "mon":
        lengths = np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], len(values) // 12 + 1)[: len(values)]
        edges = np.r_[0.0, np.cumsum(lengths)]
    else:
        edges = step * np.arange(len(values) + 1)
    time = DimCoord(
        (edges[:-1] + edges[1:]) / 2,
        bounds=np.stack([edges[:-1], edges[1:]], axis=-1),
        standard_name="time",
        units=Unit("days since 2001-01-01", calendar="noleap"),
    )
    cube.remove_coord("time")
    cube.add_dim_coord(time, 0)
    return cube


def known(frequency: str) -> Covariance:
    """Scales of two and a half cells and two and a half steps."""
    step, degrees = STEPS[frequency]
    return Covariance("matern_32", length_km=2.5 * degrees * 111.2, time_days=2.5 * step, noise_share=0.1, sigma=2.0)


@cache
def gaussian(frequency: str) -> tuple[Field, np.ndarray]:
    """Observations under clouds of a field that has the known covariance, and that field, at the equator."""
    step, degrees = STEPS[frequency]
    covariance = known(frequency)
    ring, part = (160, 40, 40), np.s_[:120, :14, :14]
    axes = (np.minimum(np.arange(n), n - np.arange(n)) for n in ring)
    times, rows, columns = np.meshgrid(*axes, indexing="ij")
    correlation = covariance.correlation(degrees * 111.2 * np.hypot(rows, columns), step * times)
    spectrum = np.fft.fftn(correlation).real.clip(min=0)
    rng = np.random.default_rng(0)
    truth = covariance.sigma * np.fft.ifftn(np.sqrt(spectrum) * np.fft.fftn(rng.standard_normal(ring))).real[part]
    seen = truth + covariance.noise_share * covariance.sigma * rng.standard_normal(truth.shape)
    seen[travelling_clouds(*truth.shape, share=0.5, seed=1)] = np.nan
    lat, lon = degrees * (np.arange(14) - 6.5), 150 + degrees * np.arange(14)
    return Field.from_cube(on_axis(seen, frequency, lat, lon), land=np.zeros(truth.shape[1:], bool)), truth


@pytest.mark.parametrize("frequency", STEPS)
def test_optimal_interpolation_finds_the_scales_and_beats_climatology(frequency):
    field, truth = gaussian(frequency)
    assert field.frequency == frequency
    assert field.step_days == pytest.approx(STEPS[frequency][0], rel=1e-2)
    cycle = Climatology(np.zeros((5, *field.land.shape), np.float32), field.lat, field.lon)
    method = baselines.fit("optimal_interpolation", field, climatology=cycle)
    right = known(frequency)
    assert method.covariance.length_km == pytest.approx(right.length_km, rel=0.4)
    assert method.covariance.time_days == pytest.approx(right.time_days, rel=0.4)
    result = method.reconstruct_field(field)
    hidden = ~field.observed[:, 0]
    error = (result.daily - truth)[hidden]
    assert np.sqrt((error**2).mean()) < 0.6 * truth[hidden].std()
    assert np.sqrt(((error / result.daily_std[hidden]) ** 2).mean()) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("name", baselines.BASELINES)
@pytest.mark.parametrize("frequency", STEPS)
def test_all_baselines_fill_any_regular_step(name, frequency):
    field, truth = gaussian(frequency)
    cycle = Climatology(np.zeros((5, *field.land.shape), np.float32), field.lat, field.lon)
    settings = BaselineSettings.model_validate({"optimal_interpolation": known(frequency).__dict__})
    method = baselines.fit(name, field, climatology=cycle, settings=settings)
    cube = field.to_cubes()[0]
    filled = method.reconstruct(cube)
    assert filled.shape == cube.shape
    assert np.isfinite(filled.data.filled(np.nan)).all()
    if name in ("persistence", "time_interpolation", "optimal_interpolation", "dineof"):
        hidden = ~field.observed[:, 0]
        assert np.sqrt(((filled.data - truth)[hidden] ** 2).mean()) < 1.1 * truth[hidden].std()


def test_monthly_means_of_monthly_data_are_the_data():
    field, _ = gaussian("mon")
    cycle = Climatology(np.zeros((5, *field.land.shape), np.float32), field.lat, field.lon)
    method = baselines.fit("time_interpolation", field, climatology=cycle)
    cube = field.to_cubes()[0]
    own, monthly = method.reconstruct(cube), method.reconstruct(cube, frequency="mon")
    assert own == monthly
    with pytest.raises(DataError, match="frequency is 'day', but sea_surface_temperature is monthly: ask for 'mon'"):
        method.reconstruct(cube, frequency="day")


def test_days_of_withheld_stretches_are_days():
    """80 days are ten composites: each stretch loses what another one lacks, ten steps at a time."""
    field, _ = gaussian("8day")
    left = withhold(field, WithholdSettings(share=0.01, days=80))
    touched = (field.observed & ~left.observed).any(axis=(1, 2, 3))
    assert np.ptp(np.flatnonzero(touched)) <= 9
    assert touched.sum() > 3


def test_interpolation_in_time_goes_by_days_and_not_by_steps():
    """From the middle of February (45 days) to that of April (105), that of March is at 74.5."""
    values = np.full((5, 1, 1), np.nan)
    values[[1, 3], 0, 0] = 0.0, 1.0
    field = Field.from_cube(on_axis(values, "mon", np.array([0.0]), np.array([150.0])), land=np.zeros((1, 1), bool))
    cycle = Climatology(np.zeros((5, 1, 1), np.float32), field.lat, field.lon)
    method = baselines.fit("time_interpolation", field, climatology=cycle)
    assert method.reconstruct_field(field).daily[2, 0, 0] == pytest.approx(29.5 / 60)


def test_daily_values_of_every_fifth_day_are_daily():
    field = Field.from_cube(make_cube(wavy_ocean(60))[::5])
    assert (field.step_days, field.frequency) == (5.0, "day")
    assert Field.from_cube(make_cube(wavy_ocean(60))).frequency == "day"
