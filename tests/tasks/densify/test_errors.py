"""Errors of profiles as an input of members at depth, and members that differ from noisy profiles."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import read_cube
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.densify.analysis import NearProfiles, analyse, analyse_domain
from esmlearn.tasks.densify.apply import Densifier, densify, prepare
from esmlearn.tasks.densify.inputs import channels
from esmlearn.tasks.densify.model import TrainedDensifier, build_network, build_regression
from esmlearn.tasks.densify.samples import LevelSample
from esmlearn.tasks.densify.train import errors_of_profiles, fit
from tests.tasks.densify.test_analysis import window
from tests.tasks.densify.test_densify import COVARIANCE, DEPTHS, densify_settings, make_levels, samples, sparse

DRAW = EnsembleSettings(members=16, sampler={"steps": 12, "sigma_max": 20.0}, decorrelation_days=0.0)
ERRORS = np.array([[0.5, 1.0], [0.1, 0.2]], np.float32)
"""Of both levels, of two profiles."""


def noisy_profiles() -> Field:
    """Profiles with errors that they know; those in the west are exact."""
    field = sparse(make_levels()[0])
    error = np.where(field.observed, np.linspace(0, 0.5, 16, dtype=np.float32), np.float32(np.nan))
    noise = error * np.random.default_rng(0).standard_normal(error.shape, dtype=np.float32)
    return replace(field, values=field.values + noise, error=error)


def untrained(**options) -> TrainedDensifier:
    """An ensemble whose networks give zeros."""
    settings = densify_settings(surface=None, **{"observation_errors": True, **options})
    levels, _ = make_levels()
    climates = tuple(
        (fitted := Climatology.fit(level), Scaling.fit(level, fitted)) for level in (levels.level(0), levels.level(1))
    )
    return TrainedDensifier(
        network=build_network(settings, 2),
        settings=settings,
        land=levels.land,
        record={"levels": list(DEPTHS)},
        amplitudes=np.ones(2, np.float32),
        regression=build_regression(settings, 2) if settings.first_guess == "regression" else None,
        climates=climates,
        covariance=COVARIANCE,
    )


@pytest.mark.parametrize("first_guess", ["regression", "climatology"])
def test_members_around_a_noisy_profile_are_as_far_from_it_as_its_error(first_guess):
    """Networks that have learned nothing know the profile and its error alone."""
    trained, field = untrained(first_guess=first_guess), noisy_profiles()[slice(0, 3)]
    smooth, kept = (densify(trained, field, None, DRAW, smooth=smooth) for smooth in (True, False))
    unsure = field.observed & (field.deviation > 0)
    exact = field.observed & ~unsure
    ratio = (smooth - field.values)[:, unsure] / field.deviation[unsure]
    assert ratio.std() == pytest.approx(1, abs=0.15)
    assert ratio.mean() == pytest.approx(0, abs=0.1)
    for members, where in ((smooth, exact), (kept, field.observed)):
        np.testing.assert_array_equal(members[:, where], np.broadcast_to(field.values[where], members[:, where].shape))
    hidden = ~field.observed & ~field.land
    np.testing.assert_array_equal(smooth[..., hidden], kept[..., hidden])


def test_a_cube_has_the_spread_where_profiles_are_smoothed_and_their_error_where_they_are_kept():
    field, trained = noisy_profiles()[slice(0, 2)], Densifier(untrained(), DRAW)
    (cube,) = replace(field, error=None).to_cubes()
    for smooth in (True, False):
        mean, std, _ = read_cube(trained.reconstruct(cube, error=0.3, smooth_observed=smooth))
        seen = field.observed
        assert (std[seen] == np.float32(0.3)).all() != smooth
        assert (np.abs(mean - field.values)[seen] < 1e-4).all() != smooth


def test_samples_have_errors_of_profiles_and_know_them():
    """Each profile gets the errors of one, at its own time as around it; the truth below them is learned."""
    settings = densify_settings(surface=None, observation_errors=True)
    found = samples(settings, errors=ERRORS)
    batch = LevelSample.stack([found[k] for k in range(40)])
    given, truth, error, observed = (getattr(batch, name).numpy() for name in ("given", "values", "error", "observed"))
    assert ((given - truth)[observed] / error[observed]).std() == pytest.approx(1, abs=0.1)
    units = found.level_units.mean(axis=0)
    drawn = np.unique(np.round((error * units[:, None, None]).swapaxes(0, 1)[0, observed[:, 0]], 1))
    np.testing.assert_allclose(drawn, [0.1, 0.5], atol=1e-3)
    assert (batch.learned.numpy() & observed)[observed].all()
    sample = found[0]
    now = sample.near.days == 0
    here = sample.near.observed[:, now].any(dim=0)
    assert set(sample.near.values[0, now][here].tolist()) == set(sample.given[0][sample.observed.any(dim=0)].tolist())
    assert (sample.near.error[sample.near.observed] > 0).all()


def test_channels_have_the_errors_beside_all_others():
    plain, more = (channels(2, surface=True, errors=errors) for errors in (False, True))
    assert more == (*plain, "error, level 0", "error, level 1")
    maps = untrained()
    field = noisy_profiles()[slice(0, 2)]
    task = prepare(maps, field, None)
    found = dict(zip(channels(2, surface=False, errors=True), task.maps(np.arange(2))[0].numpy(), strict=True))
    unit = maps.climates[1][1].at(field.year_fraction)[0]
    np.testing.assert_allclose(found["error, level 1"] * unit, np.nan_to_num(field.error[0, 1]), rtol=1e-4)


def test_the_analysis_trusts_a_profile_as_far_as_its_error_allows():
    """Of one profile the analysis at its place is 1 / (1 + noise² + error²) of it."""
    value, place = np.array([[2.0]], np.float32), np.array([[0.5, -179.5]])
    for error in (0.0, 0.7):
        near = NearProfiles.of(value, np.ones((1, 1), bool), place, np.zeros(1), np.full((1, 1), error, np.float32))
        found, weight = analyse(NearProfiles.stack([near]), window()[None], COVARIANCE)
        share = 1 / (1 + COVARIANCE.noise_share**2 + error**2)
        assert found.max().item() == pytest.approx(2 * share, rel=1e-3)
        assert weight.max().item() == pytest.approx(share, rel=1e-3)
    field = noisy_profiles()[slice(0, 1)]
    anomalies = np.where(field.observed, np.float32(1.0), np.float32(0.0))
    exact, noisy = (
        analyse_domain(field, anomalies, COVARIANCE, (12, 16), np.full_like(anomalies, error)) for error in (0.0, 1.0)
    )
    assert noisy[1].mean() < 0.9 * exact[1].mean()


def test_a_level_without_an_error_gets_that_of_other_profiles():
    field = noisy_profiles()
    found = errors_of_profiles(field.hide(np.broadcast_to(np.array([False, True])[:, None, None], field.values.shape)))
    assert found.shape == (field.observed[:, 0].sum(), 2)
    np.testing.assert_array_equal(found[:, 0], field.error[:, 0][field.observed[:, 0]])
    np.testing.assert_array_equal(found[:, 1], np.median(found[:, 0]))


def test_training_with_errors_measures_the_spread_also_at_profiles(tmp_path, monkeypatch):
    monkeypatch.setattr("esmlearn.tasks.densify.train.VALIDATION_SAMPLES", 4)
    monkeypatch.setattr("esmlearn.tasks.densify.train.fit_covariance", lambda *_, **__: COVARIANCE)
    monkeypatch.setattr("esmlearn.tasks.ensembles.calibration.CELLS", 1000)
    levels, _ = make_levels()
    settings = densify_settings(surface=None, observation_errors=True)
    trained = fit(levels, None, settings, tmp_path, errors=ERRORS)
    assert (trained.amplitudes > 0).all()
    members = densify(trained, noisy_profiles()[slice(140, 142)], None, DRAW, smooth=True)
    assert np.isfinite(members[..., ~levels.land]).all()


def test_what_an_ensemble_can_not_use_is_refused(tmp_path):
    field = noisy_profiles()[slice(0, 2)]
    with pytest.raises(DataError, match="errors of observations as an input"):
        densify(untrained(), field.with_error(0.0), None, DRAW)
    plain = untrained(observation_errors=False)
    with pytest.raises(SettingsError, match="needs an ensemble that has learned the truth below noisy observations"):
        densify(plain, field, None, DRAW, smooth=True)
    found = [densify(plain, given, None, DRAW) for given in (field, field.with_error(0.0))]
    np.testing.assert_array_equal(*found)
    with pytest.raises(DataError, match="give both or none"):
        fit(make_levels()[0], None, plain.settings, tmp_path, errors=ERRORS)
