"""Radial spectra of fields whose scales are known."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.metrics.radial import largest_rectangle
from tests.comparisons import compare, values_of

KM = 6371 * np.deg2rad(0.25)
LAT = 0.25 * (np.arange(40) - 19.5)
LON = 140 + 0.25 * np.arange(48)
SHAPE = (30, LAT.size, LON.size)


def noise(*, seed=0, members=None, shape=SHAPE):
    shape = shape if members is None else (members, *shape)
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def smooth(values, cells):
    """Take away all waves of fewer cells than this along either side."""
    waves = np.fft.rfft2(values)
    y, x = np.fft.fftfreq(values.shape[-2]), np.fft.rfftfreq(values.shape[-1])
    waves[..., np.hypot(y[:, None], x) > 1 / cells] = 0
    return np.fft.irfft2(waves, values.shape[-2:]).astype(np.float32)


def spectra(truth, *methods, lat=LAT):
    comparison = compare(truth, np.ones_like(truth), *methods, block=2)
    return comparison, metrics.radial_spectra(comparison, lat, LON)


def peak(found):
    power = found.truth.sum(axis=0)
    return 1 / found.frequency[int(power.argmax())], power.max() / power.sum()


@pytest.mark.parametrize("towards", [0, 30, 90])
def test_a_wave_is_found_at_its_length_in_kilometres_whatever_its_direction(towards):
    along = np.cos(np.deg2rad(towards)) * LON + np.sin(np.deg2rad(towards)) * LAT[:, None]
    phase = np.arange(20)[:, None, None]
    _, found = spectra(np.sin(2 * np.pi * along / 0.25 * KM / 200 + phase).astype(np.float32))
    wavelength, share = peak(found)
    assert wavelength == pytest.approx(200, rel=0.08)
    assert share > 0.3


def test_a_cosine_of_the_transform_is_in_one_ring():
    """Six half waves over 48 columns, and nothing else: 16 cells long."""
    mode = np.cos(np.pi * 6 * (np.arange(48) + 0.5) / 48)
    _, found = spectra(np.broadcast_to(mode, SHAPE).astype(np.float32))
    wavelength, share = peak(found)
    assert share == pytest.approx(1, abs=1e-6)
    assert wavelength == pytest.approx(16 * KM, rel=0.01)


def test_a_kilometre_is_narrower_in_degrees_far_north():
    mode = np.cos(np.pi * 6 * (np.arange(48) + 0.5) / 48)
    _, found = spectra(np.broadcast_to(mode, SHAPE).astype(np.float32), lat=LAT + 60)
    assert peak(found)[0] == pytest.approx(16 * KM / 2, rel=0.1)


def test_white_noise_has_as_much_power_in_every_mode():
    """A ring of radius k holds modes in proportion to k, each with the same share of the variance."""
    _, found = spectra(noise(shape=(300, *SHAPE[1:])))
    by_radius = found.truth.mean(axis=0) / found.frequency
    assert by_radius[3:] / by_radius[3:].mean() == pytest.approx(np.ones(by_radius.size - 3), abs=0.15)
    # A quarter of a disc within the square of all modes.
    step = found.frequency[0]
    assert found.truth.mean(axis=0).sum() * step == pytest.approx(np.pi / 4, abs=0.06)


@pytest.mark.parametrize("shape", [(16, 16), (16, 96), (96, 16), (16, 17)])
def test_long_rectangles_add_up_to_the_variance(shape):
    """Waves of all lengths that both sides resolve, also those that only the longer side has room for."""
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    truth = np.zeros((5, *shape), np.float32)
    for y, x in ((0, 1), (1, 0), (2, 1), (0, 3), (1, 4)):
        wave = np.cos(np.pi * y * (rows + 0.5) / shape[0])[:, None] * np.cos(np.pi * x * (columns + 0.5) / shape[1])
        truth += wave.astype(np.float32)
    lat, lon = 0.25 * (rows - shape[0] / 2 + 0.5), 140 + 0.25 * columns
    found = metrics.radial_spectra(compare(truth, np.ones_like(truth), block=2), lat, lon)
    assert (found.truth.sum(axis=1) * found.frequency[0]).tolist() == pytest.approx([truth[0].var()] * 5, rel=1e-4)


def test_the_truth_itself_has_all_its_power_and_is_coherent():
    truth = noise()
    comparison, found = spectra(truth, metrics.Method("m", "model", truth))
    records = metrics.radial_records(comparison, found)
    assert [record["method"] for record in records] == ["truth", "m"]
    assert records[1]["power"] == pytest.approx(records[0]["power"])
    assert records[1]["coherence"] == pytest.approx(np.ones(found.frequency.size))
    assert np.all(np.diff(records[0]["wavelength_km"]) < 0)
    assert records[0]["units"] == "degC2 km"


def test_members_keep_what_interpolation_and_their_mean_lose():
    """Interpolation ends at 8 cells; members go on at random, so that the mean of four has a quarter of their power."""
    truth = noise()
    known = smooth(truth, 8)
    members = np.stack([known + wave - smooth(wave, 8) for wave in noise(seed=1, members=4)])
    comparison, found = spectra(
        truth,
        metrics.Method("bicubic", "baseline", known),
        metrics.Method("net", "model", members.mean(axis=0), members.std(axis=0), members),
    )
    name, lost = metrics.lost_scales(found)
    assert name == "bicubic"
    assert 1 / found.frequency[lost][0] == pytest.approx(8 * KM, rel=0.1)
    rows = metrics.power_rows(comparison, found, lost)
    assert values_of(rows, "net")["spectral_power_ratio"] == pytest.approx(1, abs=0.05)
    assert values_of(rows, "bicubic")["spectral_power_ratio"] < 0.1
    assert all(row["low"] <= row["value"] <= row["high"] and row["n"] == len(truth) for row in rows)
    mean, members = (record for record in metrics.radial_records(comparison, found) if record["method"] == "net")
    assert (mean["members"], members["members"]) == (False, True)
    small = slice(lost.start + 2, None)
    assert np.divide(mean["power"], members["power"])[small] == pytest.approx(0.25, abs=0.05)
    assert np.abs(members["coherence"][small]).max() < 0.2
    assert min(members["coherence"][: lost.start - 2]) > 0.85


def test_nothing_is_lost_by_a_perfect_interpolation_or_by_none():
    truth = noise()
    for name in ("bicubic", "m"):
        _, found = spectra(truth, metrics.Method(name, "baseline", truth))
        assert metrics.lost_scales(found) is None


def test_islands_are_left_outside_of_the_rectangle():
    inside = np.ones((6, 9), bool)
    inside[1, 2] = inside[4, 7] = False
    rows, columns = largest_rectangle(inside)
    # Rows 2 to 5 and columns 0 to 6 hold 28 cells; columns 3 to 6 of all rows 24.
    assert (rows, columns) == (slice(2, 6), slice(0, 7))
    assert largest_rectangle(np.zeros((3, 3), bool)) == (slice(0, 0), slice(0, 0))
    rows, columns = largest_rectangle(np.random.default_rng(0).random((30, 40)) < 0.9)
    assert np.random.default_rng(0).random((30, 40))[rows, columns].max() < 0.9


def test_land_everywhere_leaves_no_spectrum():
    truth = noise()
    truth[:, ::12] = np.nan
    assert spectra(truth)[1] is None


def test_a_day_without_truth_does_not_count():
    truth = noise()
    estimate = truth.copy()
    truth[3] = np.nan
    comparison, found = spectra(truth, metrics.Method("bicubic", "baseline", estimate))
    assert found.complete.sum() == len(truth) - 1
    assert metrics.power_rows(comparison, found, slice(0, None))[0]["value"] == pytest.approx(1)
