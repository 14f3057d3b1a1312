"""What a denoiser is told of days and of those around them, and what it learns from."""

import numpy as np
import pytest

from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.periods import select_role
from esmlearn.settings import EnsembleTrainSettings
from esmlearn.tasks.fill.samples import DAY_CHANNELS, GuessedDays, GuessedSample, GuessedSamples, Reconstructed
from tests.small import small_ocean, small_settings

REACH = 2


@pytest.fixture(scope="module")
def period() -> Reconstructed:
    """A guess that is wrong by a known amount, with another deviation each day."""
    seen, complete = (select_role(field, small_settings().data.split, "validation") for field in small_ocean())
    climatology = Climatology.fit(small_ocean()[1])
    scaling = Scaling.fit(complete, climatology)
    seen, truth = (Anomalies.of(field, climatology, scaling) for field in (seen, complete))
    unsure = ~seen.observed & ~seen.land
    days = np.arange(len(truth.values), dtype=np.float32)[:, None, None]
    log_std = np.where(unsure, np.float32(-0.01) * days, np.float32(0.0))
    guess = np.where(seen.observed, truth.values, truth.values - 3 * np.exp(log_std))
    return Reconstructed(GuessedDays(seen, guess, log_std), truth)


def test_observations_count_where_there_are_some_and_guesses_elsewhere(period):
    guessed, truth = period
    days = np.array([5, 40])
    best, log_std, observed, land = guessed.channels(days, REACH).numpy()[:, :DAY_CHANNELS].swapaxes(0, 1)
    seen = guessed.seen.observed[days]
    np.testing.assert_array_equal(observed, seen)
    np.testing.assert_array_equal(best[seen], truth.values[days][seen])
    np.testing.assert_array_equal(best[~seen], guessed.guess[days][~seen])
    np.testing.assert_array_equal(log_std, guessed.log_std[days])
    np.testing.assert_array_equal(land[0], guessed.seen.land)


def test_days_around_are_told_by_how_they_differ(period):
    guessed, _ = period
    days = np.array([40])
    today = guessed.channels(days, REACH)[0, 0].numpy()
    around = guessed.channels(days, REACH)[0, DAY_CHANNELS:].numpy().reshape(2 * REACH, 3, *today.shape)
    for offset, (change, log_std, observed) in zip((-2, -1, 1, 2), around, strict=True):
        there = guessed.channels(days + offset, REACH)[0].numpy()
        np.testing.assert_allclose(today + change, there[0], atol=1e-5)
        np.testing.assert_array_equal(log_std, there[1])
        np.testing.assert_array_equal(observed, there[2])


def test_beyond_the_ends_there_is_nothing(period):
    guessed, _ = period
    last = len(guessed.guess) - 1
    first, end = guessed.channels(np.array([0, last]), REACH).numpy()[:, DAY_CHANNELS:]
    assert not first[: 3 * REACH].any()
    assert first[3 * REACH :].any()
    assert not end[3 * REACH :].any()


def test_samples_are_what_was_hidden_in_units_of_the_guess(period):
    """The guess is wrong by three deviations wherever something was hidden."""
    settings = EnsembleTrainSettings(task="fill", data=small_settings().data, window=(8, 8), neighbour_days=REACH)
    samples = GuessedSamples([period], settings, seed=0, length=4)
    batch = GuessedSample.stack([samples[k] for k in range(4)])
    clean, learned, unit = (part.numpy() for part in (batch.clean, batch.learned, batch.unit))
    observed = batch.channels[:, 2:3].bool().numpy()
    assert learned.any()
    assert not (learned & observed).any()
    np.testing.assert_allclose(clean[learned], 3, rtol=1e-3)
    np.testing.assert_allclose(clean[observed], 0, atol=1e-5)
    np.testing.assert_allclose(np.log(unit), batch.channels[:, 1:2], atol=1e-5)
    again = samples[2]
    assert (again.channels == batch.channels[2]).all()
    assert len({tuple(sample.position[:, 0, 0].tolist()) for sample in (samples[k] for k in range(4))}) > 1
