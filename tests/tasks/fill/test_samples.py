"""What a denoiser is conditioned on of days and of those around them, and what it learns from."""

import numpy as np
import pytest

from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.periods import select_role
from esmlearn.settings import TrainFillSettings
from esmlearn.tasks.fill.samples import FillSample, FillSamples, FirstGuessDays, LearnedPeriod, channels
from tests.small import small_ocean, small_settings

NEIGHBOURS = 2
NAMES = channels(NEIGHBOURS)
WRONG = 3.0


@pytest.fixture(scope="module")
def period() -> LearnedPeriod:
    """A first guess that is wrong by a known amount, with another deviation each day."""
    given, complete = (select_role(field, small_settings().data.split, "validation") for field in small_ocean())
    climatology = Climatology.fit(small_ocean()[1])
    scaling = Scaling.fit(complete, climatology)
    observations, truth = (Anomalies.of(field, climatology, scaling) for field in (given, complete))
    unsure = ~observations.observed & ~observations.land
    days = np.arange(len(truth.values), dtype=np.float32)[:, None, None]
    log_std = np.where(unsure, np.float32(-0.01) * days, np.float32(0.0))
    guess = np.where(observations.observed, truth.values, truth.values - np.float32(WRONG) * np.exp(log_std))
    return LearnedPeriod(FirstGuessDays(observations, guess, log_std, observations.observed), truth)


def named(maps) -> dict[str, np.ndarray]:
    """Maps by the names of their channels."""
    return dict(zip(NAMES, maps.numpy().swapaxes(0, 1), strict=True))


def test_channels_have_names_of_their_own(period):
    assert len(set(NAMES)) == len(NAMES)
    for neighbour_days in (0, 1, NEIGHBOURS):
        assert period.days.maps(np.array([5]), neighbour_days).shape[1] == len(channels(neighbour_days))


def test_observations_count_where_there_are_some_and_first_guesses_elsewhere(period):
    first_guess, truth = period
    days = np.array([5, 40])
    maps = named(first_guess.maps(days, NEIGHBOURS))
    observed = first_guess.observations.observed[days]
    np.testing.assert_array_equal(maps["observed"], observed)
    np.testing.assert_array_equal(maps["best"][observed], truth.values[days][observed])
    np.testing.assert_array_equal(maps["best"][~observed], first_guess.guess[days][~observed])
    np.testing.assert_array_equal(maps["log_std"], first_guess.log_std[days])
    np.testing.assert_array_equal(maps["land"][0], first_guess.observations.land)


def test_days_around_are_given_by_how_they_differ(period):
    first_guess, _ = period
    days = np.array([40])
    today = named(first_guess.maps(days, NEIGHBOURS))
    for offset in (-2, -1, 1, 2):
        there = named(first_guess.maps(days + offset, NEIGHBOURS))
        np.testing.assert_allclose(today["best"] + today[f"change {offset:+d} d"], there["best"], atol=1e-5)
        for name in ("log_std", "observed"):
            np.testing.assert_array_equal(today[f"{name} {offset:+d} d"], there[name])


def test_beyond_the_ends_there_is_nothing(period):
    first_guess, _ = period
    last = len(first_guess.guess) - 1
    maps = named(first_guess.maps(np.array([0, last]), NEIGHBOURS))
    before, after = (np.stack([maps[name] for name in NAMES if f" {sign}" in name], axis=1) for sign in ("-", "+"))
    assert before.shape[1] == after.shape[1] == 3 * NEIGHBOURS
    assert not before[0].any()
    assert after[0].any()
    assert before[1].any()
    assert not after[1].any()


def test_samples_are_what_was_hidden_in_units_of_the_first_guess(period):
    """The first guess is wrong by three deviations wherever something was hidden."""
    settings = TrainFillSettings(task="fill", data=small_settings().data, window=(8, 8), neighbour_days=NEIGHBOURS)
    samples = FillSamples([period], settings, seed=0, length=4)
    batch = FillSample.stack([samples[k] for k in range(4)])
    clean, learned = batch.clean.numpy()[:, 0], batch.learned.numpy()[:, 0]
    observed = named(batch.maps)["observed"].astype(bool)
    assert learned.any()
    assert not (learned & observed).any()
    np.testing.assert_allclose(clean[learned], WRONG, rtol=1e-3)
    np.testing.assert_allclose(clean[observed], 0, atol=1e-5)
    again = samples[2]
    assert (again.maps == batch.maps[2]).all()
    assert len({tuple(sample.position[:, 0, 0].tolist()) for sample in (samples[k] for k in range(4))}) > 1
