"""Members that fill gaps: reproducible, exact where something was observed, and without seams."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

import esmlearn
from esmlearn.errors import DataError, SettingsError
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import EnsembleSettings, TrainFillSettings
from esmlearn.tasks.ensembles.calibration import calibrate, calibration_times
from esmlearn.tasks.ensembles.tiles import tiled
from esmlearn.tasks.fill.apply import Filler, fill, prepare
from esmlearn.tasks.fill.train import LEAST_DAYS, MOST_CELLS, borrow_clouds, fit, under_other_clouds
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.train import fit as fit_transformer
from esmlearn.trained.folder import CARD, write_folder
from tests.small import small_ocean, small_settings

DRAW = EnsembleSettings(members=4, sampler={"steps": 4}, seed=3)


def fill_settings(**options) -> TrainFillSettings:
    """Settings of a training of seconds."""
    return TrainFillSettings.model_validate(
        {
            "task": "fill",
            "data": small_settings().data.model_dump(exclude={"further_targets"}),
            "denoiser": {"dim": 8, "dim_mults": (1, 2), "coordinates": "none"},
            "training": {"steps": 4, "batch_size": 1, "validate_every": 2},
            "window": (8, 8),
            **options,
        }
    )


@pytest.fixture(scope="module")
def base_model(tmp_path_factory):
    return fit_transformer(*small_ocean(), small_settings(), tmp_path_factory.mktemp("base_model"))


@pytest.fixture(scope="module")
def trained(base_model, tmp_path_factory):
    ensemble = fit(*small_ocean(), fill_settings(), base_model, tmp_path_factory.mktemp("ensemble"))
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
    files = write_folder(tmp_path / "model", trained)
    assert {file.parent.name for file in files} == {"model", "base_model"}
    assert "members depart from the model in `base_model/`" in (tmp_path / "model" / CARD).read_text()
    loaded = esmlearn.load(tmp_path / "model")
    assert isinstance(loaded, Filler)
    again = Filler(loaded.trained, DRAW).reconstruct_field(field)
    np.testing.assert_allclose(again.members, fill(trained, field, DRAW).members, atol=1e-5)


def test_a_power_stretches_states_by_how_sure_the_base_model_is(trained, field):
    """Residuals of the base model grow by s^power, with s in scaled units; observations stay."""
    (plain, more), base = (
        (fill(replace(trained, power=power), field, DRAW) for power in (0.0, 0.5)),
        Reconstructor(trained.base_model).reconstruct_field(field),
    )
    hidden = ~field.observed[:, 0] & ~field.land
    unit = trained.scaling.at(field.year_fraction)[:, None, None]
    std = (base.daily_std / unit)[hidden]
    found = (more.members - base.daily)[:, hidden]
    np.testing.assert_allclose(found, (plain.members - base.daily)[:, hidden] * std**0.5, atol=2e-3)
    assert (more.members[:, ~hidden] == plain.members[:, ~hidden])[:, field.observed[:, 0][~hidden]].all()


def test_the_spread_is_measured_on_what_was_hidden(trained):
    """With a truth three times as far away, members must lie three times as far apart, and vary alike."""
    field, complete = (some[slice(600, 700)] for some in small_ocean())
    near = replace(trained, amplitudes=np.ones(1, np.float32), power=0.0)
    base = Reconstructor(trained.base_model).reconstruct_field(field)
    task = prepare(near, field, base=base)
    guess = base.daily[:, None]
    far = replace(complete, values=guess + 3 * (complete.values - guess))
    ((once, power),), ((thrice, same),) = (
        calibrate(near, task, truth, calibration_times(field), seed=3, with_power=True) for truth in (complete, far)
    )
    assert once > 0
    assert thrice > 2 * once
    assert same == pytest.approx(power, abs=0.3)


def test_without_a_target_the_spread_is_measured_under_other_clouds(base_model, tmp_path, caplog):
    settings = fill_settings(data=small_settings(target=False).data.model_dump(exclude={"further_targets"}), reconstructions=3)
    with caplog.at_level("INFO", logger="esmlearn"):
        ensemble = fit(small_ocean()[0], None, settings, base_model, tmp_path)
    assert ensemble.amplitudes[0] > 0.1
    assert ensemble.power != 0
    assert "Reconstruction 3 of 3 of the training period" in caplog.text


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


@pytest.mark.parametrize("n_days", [120, 10])
def test_a_large_domain_is_learned_from_in_parts_of_the_period(n_days):
    """Memory stays bounded: of two years, a reconstruction takes as many days as there is room for, but three months.

    Many reconstructions share the room as few of a large domain do.
    """
    field, complete = small_ocean()
    masks = field.observed[:, 0]
    count = MOST_CELLS // complete.land.size // n_days
    rng = np.random.default_rng(0)
    some = list(islice(under_other_clouds(complete, masks, rng, count=count, hide_days=1.0), 3))
    assert [len(part.dates) for pair in some for part in pair] == [max(n_days, LEAST_DAYS)] * 6
    assert len({truth.dates[0] for _, truth in some}) > 1
    for given, truth in some:
        first = int(np.flatnonzero(complete.dates == truth.dates[0])[0])
        np.testing.assert_array_equal(truth.values, complete.values[first : first + len(truth.dates)])
        later = [
            shift
            for shift in range(len(masks))
            if (
                given.observed[:, 0]
                == truth.observed[:, 0] & np.roll(masks, -first - shift, axis=0)[: len(truth.dates)]
            ).all()
        ]
        assert later and len(masks) // 4 <= later[0] <= 3 * len(masks) // 4


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


def test_each_tile_has_its_own_place():
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


def test_a_base_model_without_deviations_is_refused(base_model, tmp_path):
    settings = base_model.settings.model_copy(
        update={"training": base_model.settings.training.model_copy(update={"loss": "absolute"})}
    )
    with pytest.raises(DataError, match="no standard deviation"):
        fit(*small_ocean(), fill_settings(), replace(base_model, settings=settings), tmp_path)


def test_an_ensemble_from_the_climatology_needs_no_base_model(field, tmp_path):
    settings = fill_settings(first_guess="climatology")
    ensemble = fit(*small_ocean(), settings, None, tmp_path)
    assert ensemble.base_model is None
    assert np.isfinite(fill(ensemble, field, DRAW).members[:, :, ~field.land]).all()


def test_steps_of_the_sampler_must_fit_the_schedule(trained, field):
    settings = trained.settings.model_copy(
        update={"diffusion": trained.settings.diffusion.model_copy(update={"schedule": "cosine", "timesteps": 20})}
    )
    draw = EnsembleSettings(members=2, sampler={"sampler": "ddpm", "steps": 30})
    with pytest.raises(SettingsError, match="only 20 timesteps"):
        fill(replace(trained, settings=settings), field, draw)
