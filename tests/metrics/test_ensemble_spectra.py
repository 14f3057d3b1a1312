"""Spectra of ensembles whose scales are known."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.metrics.ensemble_spectra import ensemble_spectra
from tests.comparisons import compare

LON = 140 + 0.25 * np.arange(64)
LAT = np.zeros(4)
SHAPE = (100, LAT.size, LON.size)


def noise(*, seed, members=None):
    shape = SHAPE if members is None else (members, *SHAPE)
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def found(truth, members, *, climatology=None):
    reference = np.zeros_like(truth) if climatology is None else climatology
    comparison = compare(truth, np.ones_like(truth), metrics.Method("climatology", "baseline", reference))
    return ensemble_spectra(comparison, members, LAT, LON)


def test_members_keep_the_power_that_their_mean_loses():
    """A signal of half of the variance, known; the other half is a guess of each member."""
    signal = noise(seed=0) / np.sqrt(2)
    truth, members = signal + noise(seed=1) / np.sqrt(2), signal + noise(seed=2, members=20) / np.sqrt(2)
    spectra = found(truth, members)
    assert (spectra.members / spectra.truth).mean() == pytest.approx(1, abs=0.03)
    assert (spectra.mean / spectra.truth).mean() == pytest.approx(0.5 + 0.5 / 20, abs=0.03)
    # The member's coherence is the square of the mean's.
    assert spectra.members_coherence.mean() == pytest.approx(0.5, abs=0.03)
    assert spectra.mean_coherence.mean() == pytest.approx(0.5 / np.sqrt(0.5 + 0.5 / 20), abs=0.03)
    assert np.all(np.diff(spectra.frequency) > 0)


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 1.0), (0.2, 1.0), (-1.0, -1.0)])
def test_coherence_is_of_phase_and_not_of_amplitude(factor, expected):
    truth = noise(seed=3)
    spectra = found(truth, np.stack([factor * truth] * 2))
    assert spectra.members_coherence == pytest.approx(np.full(spectra.frequency.size, expected), abs=1e-4)


def test_waves_at_random_are_not_coherent():
    spectra = found(noise(seed=4), noise(seed=5, members=3))
    assert np.abs(spectra.members_coherence).max() < 0.15


def test_anomalies_from_climatology_count():
    """A climatology of large waves in truth and members would be coherent by itself."""
    waves = np.broadcast_to((10 * np.sin(LON)).astype(np.float32), SHAPE)
    spectra = found(waves + noise(seed=6), waves + noise(seed=7, members=2), climatology=waves)
    assert np.abs(spectra.members_coherence).max() < 0.15


def test_no_segment_no_spectra():
    truth = noise(seed=8)
    truth[..., ::5] = np.nan
    assert found(truth, noise(seed=9, members=2)) is None
