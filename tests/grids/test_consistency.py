"""Fine fields are brought to agree with the coarse one, and nothing else of them changes much."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.grids.consistency import consistency_error, make_consistent
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager


def grid(south, north, west, east, rows, columns):
    lat = south + (north - south) * (np.arange(rows) + 0.5) / rows
    return RectilinearGrid(lat, west + (east - west) * (np.arange(columns) + 0.5) / columns)


FINE = grid(-12, 12, 0, 24, 96, 96)
COARSE = {
    "four times": grid(-12, 12, 0, 24, 24, 24),
    "eight times": grid(-12, 12, 0, 24, 12, 12),
    "a ratio of 3.84": grid(-12, 12, 0, 24, 25, 25),
    "beyond the fine domain": grid(-15, 15, -2.6, 26.2, 30, 24),
}


def rough(seed, slope=-1.5, n=3):
    """Periodic fields of unit variance whose amplitude falls with a power of the wavenumber."""
    rng = np.random.default_rng(seed)
    wave = np.hypot(*np.meshgrid(np.fft.fftfreq(96) * 96, np.fft.fftfreq(96) * 96, indexing="ij"))
    amplitude = np.where(wave > 0, np.maximum(wave, 1) ** slope, 0)
    fields = np.fft.ifft2(np.fft.fft2(rng.normal(size=(n, 96, 96))) * amplitude).real
    return fields / fields.std()


def spectrum(fields):
    """Mean power in rings of wavenumbers, tapered so that edges do not count."""
    taper = np.hanning(96)[:, None] * np.hanning(96)
    power = (np.abs(np.fft.fft2(fields * taper)) ** 2).mean(axis=0)
    ring = np.hypot(*np.meshgrid(np.fft.fftfreq(96) * 96, np.fft.fftfreq(96) * 96, indexing="ij")).round().astype(int)
    return np.array([power[ring == number].mean() for number in range(1, 48)])


@pytest.mark.parametrize("coarse", COARSE.values(), ids=COARSE)
def test_averages_become_exact(coarse):
    average = averager(FINE, coarse)
    truth = rough(0)
    fine = truth + 0.3 * rough(1)
    wanted = average(truth)
    assert consistency_error(fine, wanted, average) > 0.1
    found = make_consistent(fine, wanted, average)
    assert consistency_error(found, wanted, average) < 1e-9
    np.testing.assert_allclose(average(found), wanted, atol=1e-5)


def test_what_agrees_is_left_alone():
    average = averager(FINE, COARSE["four times"])
    truth = rough(0)
    np.testing.assert_allclose(make_consistent(truth, average(truth), average), truth, atol=1e-12)


@pytest.mark.parametrize("name", ["four times", "eight times", "a ratio of 3.84"])
@pytest.mark.parametrize("slope", [-1.5, -2.5])
def test_the_spectrum_stays(name, slope):
    """A twentieth of the deviation was wrong: no wavenumber changes by more than 3 %, none of the small by 0.5 %."""
    average = averager(FINE, COARSE[name])
    truth = rough(0, slope, n=8)
    fine = truth + 0.05 * rough(1, slope, n=8)
    change = np.abs(spectrum(make_consistent(fine, average(truth), average)) / spectrum(fine) - 1)
    assert change.max() < 0.03
    assert change[COARSE[name].lon.size // 2 + 2 :].max() < 0.005


def test_blocks_would_show():
    """The correction that is constant in each cell is as exact, and its edges show at the small scales."""
    average = averager(FINE, COARSE["eight times"])
    truth = rough(0, -2.5, n=8)
    fine = truth + 0.05 * rough(1, -2.5, n=8)
    by_blocks = fine + np.repeat(np.repeat(average(truth) - average(fine), 8, axis=1), 8, axis=2)
    assert consistency_error(by_blocks, average(truth), average) < 1e-9

    assert np.abs(spectrum(by_blocks) / spectrum(fine) - 1)[8:].max() > 1


def test_coasts_and_clouds_are_exact_too():
    """Also where a coarse cell has one cell of sea; land stays land, and maps may have gaps of their own."""
    coarse = COARSE["four times"]
    average = averager(FINE, coarse)
    truth, fine = rough(0), rough(0) + 0.3 * rough(1)
    land = np.hypot(FINE.lat[:, None] - 3, FINE.lon - 9) < 5.3
    land[40:48, 60:68] = True
    land[43, 63] = land[43, 64] = False
    truth[:, land], fine[:, land] = np.nan, np.nan
    fine[2, 80:90, 5:20] = truth[2, 80:90, 5:20] = np.nan
    wanted = average(truth)
    wanted[1, 20, 20] = np.nan
    found = make_consistent(fine, wanted, average)
    assert (np.isnan(found) == np.isnan(fine)).all()
    assert np.nanmax(np.abs(average(found) - wanted)) < 1e-5
    assert np.nanstd(found - truth) < 1.05 * np.nanstd(fine - truth)
    assert np.nanmax(np.abs(found - fine)) < 3 * np.nanmax(np.abs(average(fine) - wanted))


def test_members_share_the_coarse_field_and_single_precision_will_do():
    average = averager(FINE, COARSE["four times"])
    wanted = average(rough(0))
    members = np.stack([rough(seed) for seed in (1, 2)]).astype(np.float32)
    found = make_consistent(members, wanted, average)
    assert found.dtype == np.float32 and found.shape == members.shape
    np.testing.assert_allclose(average(found), np.broadcast_to(wanted, average(found).shape), atol=1e-5)


def test_the_error_is_weighted_by_area():
    fine = grid(0, 80, 0, 40, 8, 8)
    coarse = grid(0, 80, 0, 40, 2, 2)
    average = averager(fine, coarse)
    wanted = np.array([[1.0, 1.0], [0.0, 0.0]])
    share = np.sin(np.deg2rad(40)) / np.sin(np.deg2rad(80))
    assert consistency_error(np.zeros(fine.shape), wanted, average) == pytest.approx(np.sqrt(share))
    assert np.isnan(consistency_error(np.full(fine.shape, np.nan), wanted, average))


def test_a_fine_domain_that_reaches_beyond_is_refused():
    coarse = grid(-6, 6, 3, 15, 12, 12)
    average = averager(FINE, coarse)
    with pytest.raises(DataError, match="reaches beyond"):
        make_consistent(rough(0), np.zeros(coarse.shape), average)
