"""Members that fill gaps: reproducible, exact where something was observed, and without seams."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import esmlearn
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import EnsembleSettings, EnsembleTrainSettings
from esmlearn.tasks.ensembles.sampling import tiled
from esmlearn.tasks.fill import train as filling
from esmlearn.tasks.fill.apply import fill, guess_days, measure_spread
from esmlearn.tasks.fill.reconstructor import EnsembleReconstructor
from esmlearn.tasks.fill.samples import GuessedSamples, Reconstructed
from esmlearn.tasks.fill.train import borrow_clouds, fit_filling
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.train import fit
from esmlearn.trained.folder import save_model
from tests.small import small_ocean, small_settings

DRAW = EnsembleSettings(members=4, sampler={"steps": 4}, seed=3)


def ensemble_settings(**options) -> EnsembleTrainSettings:
    """Settings of a training of seconds."""
    return EnsembleTrainSettings.model_validate(
        {
            "task": "fill",
            "data": small_settings().data.model_dump(),
            "denoiser": {"dim": 8, "dim_mults": (1, 2), "coordinates": "none"},
            "training": {"steps": 4, "batch_size": 1, "validate_every": 2},
            "window": (8, 8),
            **options,
        }
    )


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    return fit(*small_ocean(), small_settings(), tmp_path_factory.mktemp("guide"))


@pytest.fixture(scope="module")
def trained(guide, tmp_path_factory):
    ensemble = fit_filling(*small_ocean(), ensemble_settings(), guide, tmp_path_factory.mktemp("ensemble"))
    torch.manual_seed(5)
    torch.nn.init.normal_(ensemble.network.head.weight, std=0.3)  # so few steps hardly move it from zero
    return ensemble


@pytest.fixture(scope="module")
def field():
    return small_ocean()[0][slice(700, 730)]


def test_members_are_what_was_observed(trained, field):
    said = fill(trained, field, DRAW)
    observed = field.observed[:, 0]
    np.testing.assert_array_equal(
        said.members[:, observed], np.broadcast_to(field.values[observed[:, None]], (4, observed.sum()))
    )
    assert (said.daily_std[observed] == 0).all()
    hidden = ~observed & ~field.land
    assert np.isfinite(said.members[:, hidden]).all()
    assert (said.daily_std[hidden] > 0).mean() > 0.99
    assert np.isnan(said.members[:, :, field.land]).all()


def test_a_member_does_not_depend_on_how_many_there_are(trained, field):
    some = fill(trained, field, DRAW).members
    more = fill(trained, field, DRAW.model_copy(update={"members": 6})).members
    np.testing.assert_allclose(more[:4], some, atol=1e-4)
    assert np.nanmax(np.abs(more[5] - more[0])) > 1e-3
    other = fill(trained, field, DRAW.model_copy(update={"seed": 4})).members
    assert np.nanmax(np.abs(other - some)) > 1e-3


def test_months_are_the_means_of_the_days_of_each_member(trained, field):
    said = fill(trained, field, DRAW)
    days = next(iter(field.months.values()))
    np.testing.assert_allclose(said.monthly_members[:, 0], said.members[:, days].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(said.monthly_std[0], said.monthly_members[:, 0].std(axis=0, ddof=1), rtol=1e-4)


def test_a_folder_needs_nothing_else(trained, field, tmp_path):
    files = save_model(tmp_path / "model", trained)
    assert {file.parent.name for file in files} == {"model", "guide"}
    loaded = esmlearn.load(tmp_path / "model")
    assert isinstance(loaded, EnsembleReconstructor)
    again = EnsembleReconstructor(loaded.trained, DRAW).reconstruct_field(field)
    np.testing.assert_allclose(again.members, fill(trained, field, DRAW).members, atol=1e-5)


def test_a_power_stretches_states_by_how_sure_the_guide_is(trained, field):
    """Departures from the guide grow by s^power, with s in scaled units; observations stay."""
    (plain, more), guide = (
        (fill(replace(trained, power=power), field, DRAW) for power in (0.0, 0.5)),
        Reconstructor(trained.guide).reconstruct_field(field),
    )
    hidden = ~field.observed[:, 0] & ~field.land
    unit = trained.scalings[0].at(field.year_fraction)[:, None, None]
    std = (guide.daily_std / unit)[hidden]
    found = (more.members - guide.daily)[:, hidden]
    np.testing.assert_allclose(found, (plain.members - guide.daily)[:, hidden] * std**0.5, atol=2e-3)
    assert (more.members[:, ~hidden] == plain.members[:, ~hidden])[:, field.observed[:, 0][~hidden]].all()


def test_the_spread_is_measured_on_what_was_hidden(trained):
    """With a truth three times as far away, members must lie three times as far apart, and vary alike."""
    field, complete = (some[slice(600, 700)] for some in small_ocean())
    near = replace(trained, amplitudes=np.ones(1, np.float32), power=0.0)
    climates = (trained.climatologies[0], trained.scalings[0])
    guessed = guess_days(field, *climates, Reconstructor(trained.guide).reconstruct_field(field))
    truth = Anomalies.of(complete, *climates)
    far = replace(truth, values=guessed.guess + 3 * (truth.values - guessed.guess))
    (once, power), (thrice, same) = (
        measure_spread(near, field, Reconstructed(guessed, right), DRAW) for right in (truth, far)
    )
    assert once > 0
    assert thrice > 2 * once
    assert same == pytest.approx(power, abs=0.3)


def test_without_a_target_the_spread_is_measured_under_other_clouds(guide, tmp_path):
    settings = ensemble_settings(data=small_settings(target=False).data.model_dump())
    ensemble = fit_filling(small_ocean()[0], None, settings, guide, tmp_path)
    assert ensemble.amplitudes[0] > 0.1
    assert ensemble.power != 0


def test_borrowed_clouds_are_those_of_other_days():
    field, complete = small_ocean()
    observed = field.observed[:, 0]
    some = borrow_clouds(complete, observed, np.random.default_rng(1), hide_days=0.5)
    hidden = complete.observed[:, 0] & ~some.observed[:, 0]
    hides = hidden.any(axis=(1, 2))
    assert 0.4 < hides.mean() < 0.6
    n_days = len(observed)
    same = [
        later
        for later in range(n_days)
        if (hidden == (complete.observed[:, 0] & ~np.roll(observed, -later, axis=0)))[hides].all()
    ]
    assert same
    assert n_days // 4 <= same[0] <= 3 * n_days // 4


def test_a_large_domain_is_learned_from_in_parts_of_the_period(guide, tmp_path, monkeypatch):
    """Memory stays bounded: of 365 days a reconstruction takes as many as there is room for."""
    learned = []

    class Watched(GuessedSamples):
        def __init__(self, periods, *args, **options):
            super().__init__(periods, *args, **options)
            learned.append(periods)

    monkeypatch.setattr(filling, "GuessedSamples", Watched)
    monkeypatch.setattr(filling, "MOST_CELLS", 3 * 120 * small_ocean()[1].land.size)
    fit_filling(*small_ocean(), ensemble_settings(reconstructions=3), guide, tmp_path)
    training, validation = learned
    assert [len(period.guessed.guess) for period in training] == [120] * 3
    assert len({float(period.truth.year_fraction[0]) for period in training}) > 1
    assert len(validation) == 1


def test_members_come_back_from_cubes(trained, field):
    said = fill(trained, field, DRAW)
    days, months = said.member_cubes(field)
    assert days.coord("realization").points.tolist() == [0, 1, 2, 3]
    assert days.units == field.like[0].units
    back = type(said).from_cubes(*said.to_cubes(field), days, months)
    offset = 0.0 if str(field.like[0].units) == field.units else 273.15
    np.testing.assert_allclose(back.members - offset, said.members, atol=1e-3)
    np.testing.assert_allclose(back.monthly_members - offset, said.monthly_members, atol=1e-3)


def test_tiles_of_a_local_network_leave_no_trace():
    """A network that looks at its own pixel only must say the same in tiles of any size, also over the date line."""
    torch.manual_seed(0)
    x, maps = torch.randn(2, 1, 20, 30), torch.randn(2, 3, 20, 30)
    position = torch.stack(torch.meshgrid(torch.linspace(-10, 9, 20), torch.linspace(0, 348, 30), indexing="ij"))

    def network(state, number, condition):
        return state * condition.maps[:, :1] + number[:, None, None, None]

    whole = network(x, torch.ones(2), Condition(maps))
    for tile in ((20, 30), (8, 30), (7, 11)):
        for ring in (False, True):
            found = tiled(network, tile, position, ring=ring)(x, torch.ones(2), Condition(maps))
            torch.testing.assert_close(found, whole)


def test_tiles_are_told_their_own_place():
    places = []
    position = torch.stack(torch.meshgrid(torch.arange(20.0), torch.arange(170.0, 200.0), indexing="ij"))

    def network(state, _number, condition):
        places.append(condition.place[0])
        return state

    tiled(network, (20, 15), position, ring=False)(
        torch.zeros(1, 1, 20, 30), torch.ones(1), Condition(torch.zeros(1, 1, 20, 30))
    )
    assert places[0].tolist() == pytest.approx([9.5, 177.0], abs=1e-3)
    assert places[-1].tolist() == pytest.approx([9.5, -168.0], abs=1e-3)


def test_a_guide_without_deviations_is_refused(guide, tmp_path):
    settings = guide.settings.model_copy(
        update={"training": guide.settings.training.model_copy(update={"loss": "absolute"})}
    )
    with pytest.raises(DataError, match="no standard deviation"):
        fit_filling(*small_ocean(), ensemble_settings(), replace(guide, settings=settings), tmp_path)


def test_an_ensemble_from_the_climatology_needs_no_guide(field, tmp_path):
    settings = ensemble_settings(first_guess="climatology")
    ensemble = fit_filling(*small_ocean(), settings, None, tmp_path)
    assert ensemble.guide is None
    assert np.isfinite(fill(ensemble, field, DRAW).members[:, :, ~field.land]).all()


@pytest.mark.parametrize(("task", "guess"), [("densify", "model"), ("fill", "regression")])
def test_a_first_guess_must_fit_the_task(task, guess):
    with pytest.raises(ValidationError, match=f"has no first_guess `{guess}`"):
        ensemble_settings(task=task, first_guess=guess)


def test_steps_of_the_sampler_must_fit_the_schedule(trained, field):
    settings = trained.settings.model_copy(
        update={"diffusion": trained.settings.diffusion.model_copy(update={"schedule": "cosine", "timesteps": 20})}
    )
    draw = EnsembleSettings(members=2, sampler={"sampler": "ddpm", "steps": 30})
    with pytest.raises(SettingsError, match="only 20 timesteps"):
        fill(replace(trained, settings=settings), field, draw)
