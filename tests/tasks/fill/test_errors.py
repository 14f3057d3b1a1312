"""Errors of observations as an input of members, and members that differ from noisy observations."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.periods import select_role
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.fill.apply import Filler, fill
from esmlearn.tasks.fill.model import TrainedFiller, build_network
from esmlearn.tasks.fill.samples import FillSample, FillSamples, FirstGuessDays, LearnedPeriod, channels
from esmlearn.tasks.fill.train import borrow_clouds, fit
from esmlearn.tasks.reconstruct.train import fit as fit_transformer
from tests.small import small_ocean, small_settings
from tests.tasks.fill.test_fill import fill_settings

DRAW = EnsembleSettings(members=16, sampler={"steps": 12, "sigma_max": 20.0}, seed=3)
ERROR = np.linspace(0.0, 0.6, 16, dtype=np.float32)
"""Errors from the west to the east: those of the first column are exact."""


def settings_with_errors(*, target: bool = True, **options):
    data = small_settings(target=target).data.model_dump(exclude={"further_targets"})
    return fill_settings(data=data, first_guess="climatology", observation_errors=True, **options)


@pytest.fixture(scope="module")
def noisy():
    """What was observed, with errors that it knows."""
    given, _ = small_ocean()
    error = np.where(given.observed, ERROR, np.float32(np.nan))
    noise = error * np.random.default_rng(0).standard_normal(error.shape, dtype=np.float32)
    return replace(given, values=given.values + noise, error=error)


def untrained(settings) -> TrainedFiller:
    """An ensemble whose network gives zeros: it knows its first guess alone."""
    complete = select_role(small_ocean()[1], settings.data.split, "train")
    climatology = Climatology.fit(complete)
    return TrainedFiller(
        network=build_network(settings),
        settings=settings,
        land=complete.land,
        record={},
        amplitudes=np.ones(1, np.float32),
        regression=None,
        climatology=climatology,
        scaling=Scaling.fit(complete, climatology),
        power=0.0,
        base_model=None,
    )


@pytest.fixture(scope="module")
def trained() -> TrainedFiller:
    return untrained(settings_with_errors())


def test_members_around_a_noisy_observation_are_as_far_from_it_as_its_error(trained, noisy):
    """A network that has learned nothing knows the observation and its error alone."""
    field = noisy[slice(700, 708)]
    smooth = fill(trained, field, DRAW, smooth=True)
    observed = field.observed[:, 0]
    exact = observed & (field.deviation[:, 0] == 0)
    assert exact.any()
    np.testing.assert_array_equal(
        smooth.members[:, exact], np.broadcast_to(field.values[:, 0][exact], (16, exact.sum()))
    )
    unsure = observed & ~exact
    ratio = (smooth.members - field.values[:, 0])[:, unsure] / field.deviation[:, 0][unsure]
    assert ratio.std() == pytest.approx(1, abs=0.1)
    assert ratio.mean() == pytest.approx(0, abs=0.05)
    np.testing.assert_array_equal(
        smooth.daily_std[unsure], smooth.members.std(axis=0, ddof=1)[unsure]
    )  # the spread, not the error
    kept = fill(trained, field, DRAW)
    np.testing.assert_array_equal(
        kept.members[:, observed], np.broadcast_to(field.values[:, 0][observed], (16, observed.sum()))
    )
    np.testing.assert_array_equal(kept.daily_std[observed], field.error[:, 0][observed])
    hidden = ~observed & ~field.land
    np.testing.assert_array_equal(kept.members[:, hidden], smooth.members[:, hidden])


def test_values_that_are_kept_at_each_step_are_exact_ones(trained, noisy):
    field = noisy[slice(700, 704)]
    keeping = DRAW.model_copy(update={"sampler": DRAW.sampler.model_copy(update={"keep_observed": True})})
    found = [fill(trained, field, draw, smooth=True).members for draw in (DRAW, keeping)]
    unsure = field.observed[:, 0] & (field.deviation[:, 0] > 0)
    np.testing.assert_array_equal(found[0][:, unsure], found[1][:, unsure])


def learned_period(noisy, settings) -> LearnedPeriod:
    complete = small_ocean()[1]
    seen, truth = (select_role(field, settings.data.split, "train") for field in (noisy, complete))
    climatology = Climatology.fit(truth)
    scaling = Scaling.fit(truth, climatology)
    rng = np.random.default_rng(1)
    given = borrow_clouds(truth, seen.observed[:, 0], rng, errors=seen.deviation[:, 0])
    days = FirstGuessDays.of(given, climatology, scaling, None, settings)
    return LearnedPeriod(
        days, FirstGuessDays.of(truth.with_error(0.1), climatology, scaling, None, settings).observations
    )


@pytest.mark.parametrize("target", [True, False])
def test_samples_have_the_errors_of_what_is_shown(noisy, target):
    """Inputs have such errors as the observations, and know them; the truth below them is learned if there is one."""
    settings = settings_with_errors(target=target)
    period = learned_period(noisy, settings)
    samples = FillSamples([period], settings, seed=0, length=40)
    batch = FillSample.stack([samples[k] for k in range(40)])
    maps = dict(zip(channels(settings.neighbour_days), batch.maps.numpy().swapaxes(0, 1), strict=True))
    observed = maps["observed"].astype(bool)
    unsure = observed & (maps["log_std"] > np.log(0.01))
    clean, learned = batch.clean.numpy()[:, 0], batch.learned.numpy()[:, 0]
    assert clean[unsure].std() == pytest.approx(1, abs=0.05)
    assert learned[unsure].all() == target
    assert not learned[observed & ~unsure].any()
    assert learned[~observed].any()
    there = period.days.observations
    known = there.observed & (there.error > 0)
    np.testing.assert_allclose(np.exp(period.days.log_std[known]), there.error[known], rtol=1e-4)


@pytest.mark.parametrize("looks", [True, False])
def test_a_base_model_that_looks_at_errors_goes_with_any_members(noisy, tmp_path, looks, monkeypatch):
    """Reconstructions to learn from have the errors of the observations, which the complete target lacks."""
    monkeypatch.setattr("esmlearn.tasks.fill.train.VALIDATION_SAMPLES", 4)
    monkeypatch.setattr("esmlearn.tasks.reconstruct.train.VALIDATION_WINDOWS", 4)
    monkeypatch.setattr("esmlearn.tasks.ensembles.calibration.CELLS", 1000)
    complete = small_ocean()[1]
    base = fit_transformer(noisy, complete, small_settings(model={"observation_errors": True}, steps=1), tmp_path / "b")
    settings = fill_settings(reconstructions=1, observation_errors=looks)
    ensemble = fit(noisy, complete, settings, base, tmp_path)
    assert ensemble.amplitudes[0] > 0
    few = DRAW.model_copy(update={"members": 2})
    found = fill(ensemble, noisy[slice(700, 705)], few, smooth=looks)
    unsure = noisy.observed[700:705, 0] & (noisy.deviation[700:705, 0] > 0)
    assert (np.ptp(found.members[:, unsure], axis=0) > 0).all() == looks


def test_errors_that_are_an_input_must_be_known(trained, noisy, tmp_path):
    plain = small_ocean()[0]
    with pytest.raises(DataError, match="errors of observations as an input"):
        fill(trained, plain[slice(700, 704)], DRAW)
    with pytest.raises(DataError, match="errors of observations as an input"):
        Filler(trained, DRAW).reconstruct(plain[slice(700, 704)].to_cubes()[0])
    with pytest.raises(DataError, match="errors of observations as an input"):
        fit(plain, small_ocean()[1], settings_with_errors(), None, tmp_path)
    assert Filler(trained, DRAW).reconstruct(noisy[slice(700, 702)].to_cubes()[0], error=0.2).shape[0] == 2


def test_members_without_errors_as_an_input_are_not_smoothed_but_take_data_with_errors(noisy):
    plain = untrained(fill_settings(first_guess="climatology"))
    days = noisy[slice(700, 704)]
    found = [fill(plain, field, DRAW).members for field in (days, days.with_error(0.0))]
    np.testing.assert_array_equal(*found)
    alone = untrained(settings_with_errors(target=False))
    assert np.isfinite(fill(alone, days, DRAW).members[:, :, ~noisy.land]).all()
    for ensemble in (plain, alone):
        with pytest.raises(SettingsError, match="needs an ensemble that has learned the truth below noisy"):
            Filler(ensemble, DRAW).reconstruct(days.to_cubes()[0], error=0.2, smooth_observed=True)
