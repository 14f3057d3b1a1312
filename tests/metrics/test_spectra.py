"""Spectra of fields whose scales are known."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.metrics.spectra import cut_segments
from tests.comparisons import compare

KM_AT_EQUATOR = 6371 * np.deg2rad(0.25)
LON = 140 + 0.25 * np.arange(64)


def fields(*, days=40, rows=4, seed=0):
    return np.random.default_rng(seed).standard_normal((days, rows, LON.size)).astype(np.float32)


def spectra(truth, estimate, *, lat=None, hidden=None, lon=LON):
    hidden = np.ones_like(truth) if hidden is None else hidden
    lat = np.zeros(truth.shape[1]) if lat is None else lat
    climatology = metrics.Method("climatology", "baseline", np.zeros_like(truth))
    comparison = compare(truth, hidden, climatology, metrics.Method("m", "model", estimate), block=2)
    return comparison, metrics.power_spectra(comparison, lat, lon)


def smooth(values, shortest):
    """Take away all waves of fewer cells than `shortest`; the rows close on themselves."""
    waves = np.fft.rfft(values, axis=-1)
    waves[..., np.fft.rfftfreq(values.shape[-1]) > 1 / shortest] = 0
    return np.fft.irfft(waves, values.shape[-1], axis=-1).astype(np.float32)


def test_a_wave_is_found_at_its_length_in_kilometres():
    """The same wave of 300 km on rows whose cells are of different width."""
    lat = np.array([0.0, 20.0, 40.0])
    distance = KM_AT_EQUATOR * np.cos(np.deg2rad(lat))[:, None] * np.arange(LON.size)
    phase = np.arange(10)[:, None, None]
    wave = np.sin(2 * np.pi * distance / 300 + phase).astype(np.float32)
    comparison, found = spectra(wave, 0 * wave, lat=lat)
    (truth, *_) = metrics.spectra_records(comparison, found)
    assert truth["wavelength_km"][int(np.argmax(truth["power"]))] == pytest.approx(300, rel=0.1)
    assert np.all(np.diff(truth["wavelength_km"]) < 0)


def test_power_adds_up_to_the_variance():
    """Parseval, for the truth, a method of twice the amplitude, and the error between them."""
    noise = fields(days=300)
    noise -= noise.mean()
    comparison, found = spectra(noise, 3 * noise)
    truth, _, method = metrics.spectra_records(comparison, found)
    width = found.frequency[0]
    assert sum(truth["power"]) * width == pytest.approx(noise.var(), rel=0.03)
    assert sum(method["power"]) * width == pytest.approx(9 * noise.var(), rel=0.03)
    assert sum(method["error_power"]) * width == pytest.approx(4 * noise.var(), rel=0.03)
    assert (truth["method"], truth["error_power"], truth["units"]) == ("truth", None, "degC2 km")


@pytest.mark.parametrize("cells", [5, 8, 12])
def test_a_smooth_method_resolves_what_it_has_kept(cells):
    truth = fields(days=200)
    comparison, found = spectra(truth, smooth(truth, cells))
    (row,) = metrics.resolution_rows(comparison, found)
    # Between the last wave that was kept and the first that was not.
    assert row["value"] == pytest.approx(cells * KM_AT_EQUATOR, rel=0.1)
    assert row["low"] <= row["value"] <= row["high"]
    assert (row["method"], row["metric"], row["units"]) == ("m", "effective_resolution", "km")
    assert row["n"] == 200 * 4


def test_resolution_lies_where_the_noise_reaches_half_of_the_signal():
    frequency = np.array([1.0, 2.0, 3.0, 4.0]) / 400
    assert metrics.effective_resolution(frequency, np.array([0.0, 0.25, 0.75, 2.0])) == pytest.approx(400 / 2.5)
    assert metrics.effective_resolution(frequency, np.array([0.1, 0.1, 0.1, 0.1])) == pytest.approx(100)
    assert np.isnan(metrics.effective_resolution(frequency, np.array([0.6, 0.7, 0.8, 0.9])))
    # The longest wave is not resolved, as where the mean of the domain is wrong.
    assert metrics.effective_resolution(frequency, np.array([0.6, 0.1, 0.1, 0.1])) == pytest.approx(100)
    assert metrics.effective_resolution(frequency, np.array([0.9, 0.25, 0.75, 2.0])) == pytest.approx(400 / 2.5)


def test_what_was_observed_does_not_count():
    """The method has errors on observed days only, and none on hidden days."""
    truth = fields()
    hidden = np.zeros(truth.shape)
    hidden[::2, :, 20:] = 1
    estimate = np.where(hidden.any(axis=(1, 2))[:, None, None], truth, 0.0).astype(np.float32)
    _, found = spectra(truth, estimate, hidden=hidden)
    assert found.n == 20 * 4
    assert found.errors["m"].sum() == 0
    assert spectra(truth, estimate, hidden=0 * hidden)[1] is None


def test_segments_end_at_land():
    ocean = np.ones((3, 40), bool)
    ocean[0, 20] = False
    ocean[1, :8] = False
    ocean[2, 10:] = False
    length, starts = cut_segments(ocean)
    # Runs of 32, 20, 19 and 10 cells: the first two are more than half, and the first holds two segments that overlap.
    assert length == 20
    assert [first.tolist() for first in starts] == [[0], [8, 18], []]


def test_land_between_short_rows_of_ocean_leaves_no_spectrum():
    truth = fields()
    truth[:, :, ::12] = np.nan
    assert spectra(truth, truth)[1] is None


def test_rows_near_the_pole_do_not_narrow_what_is_resolved():
    lat = np.array([0.0, 30.0, 89.9])
    truth = fields(rows=3)
    _, found = spectra(truth, truth, lat=lat)
    assert found.n == 40 * 2
    assert 1 / found.frequency[0] == pytest.approx(64 * KM_AT_EQUATOR * np.cos(np.deg2rad(30)))
