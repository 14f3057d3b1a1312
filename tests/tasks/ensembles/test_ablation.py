"""Ensembles drawn otherwise: only what an ablation names differs, and what was drawn comes back from its file."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from esmlearn.fields.member_cubes import members_cube, read_members_cube
from esmlearn.settings import AblationSettings, HideSettings, ablation_problems
from esmlearn.tasks.densify.apply import aim_at_levels
from esmlearn.tasks.densify.train import fit_densifying
from esmlearn.tasks.ensembles.ablation import hide_levels_anew, spread_times, vary_gaps, vary_levels
from esmlearn.tasks.ensembles.sampling import draw
from esmlearn.tasks.fill.train import fit_filling
from tests.small import small_ocean
from tests.tasks.densify.test_densify import DRAW, densify_settings, make_levels, sparse
from tests.tasks.fill.test_fill import ensemble_settings

NETWORK = {"dim": 8, "dim_mults": (1, 2)}
TIMES = np.array([0, 3])


def awake(ensemble):
    """Give an ensemble whose networks listen to all that they are told: so few steps hardly move them from zero."""
    torch.manual_seed(5)
    for network in (ensemble.network, ensemble.regression):
        for parameter in network.parameters() if network else ():
            if not parameter.any() or parameter is network.head.weight:
                torch.nn.init.normal_(parameter, std=0.1)
    return ensemble


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    settings = densify_settings(denoiser=NETWORK)
    return awake(fit_densifying(*make_levels(), settings, tmp_path_factory.mktemp("levels")))


@pytest.fixture(scope="module")
def levels():
    complete, surface = make_levels()
    return sparse(complete)[slice(140, 144)], complete[slice(140, 144)], surface


def vary(trained, levels, **ablation):
    return vary_levels(trained, *levels, DRAW, AblationSettings(**ablation), TIMES)


def test_the_members_of_other_times_do_not_matter(trained, levels):
    """What is drawn at two times is what is drawn there among all."""
    field, _, surface = levels
    whole = draw(trained, aim_at_levels(trained, field, surface, tile=DRAW.tile), DRAW)
    same = vary(trained, levels, steps=DRAW.sampler.steps)
    np.testing.assert_allclose(same.members, whole[:, TIMES], atol=1e-4)
    np.testing.assert_array_equal(same.field.observed, field.observed[TIMES])


def test_without_the_surface_members_do_not_depend_on_it(trained, levels):
    """Another surface changes members that are told of it, and leaves the others as they are."""
    field, complete, surface = levels
    other = (field, complete, replace(surface, values=surface.values + np.float32(2)))
    told = [vary(trained, case, steps=4).members for case in (levels, other)]
    assert np.nanmax(np.abs(told[0] - told[1])) > 1e-3
    untold = [vary(trained, case, without=("surface",)).members for case in (levels, other)]
    np.testing.assert_array_equal(*untold)


def test_each_part_that_is_left_out_changes_the_members(trained, levels):
    usual = vary(trained, levels, steps=DRAW.sampler.steps).members
    for part in trained.settings.can_do_without:
        members = vary(trained, levels, without=(part,)).members
        hidden = ~levels[0].observed[TIMES] & ~levels[0].land
        assert np.isfinite(members[:, hidden]).all()
        assert np.abs(members - usual)[:, hidden].max() > 1e-4, part


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_share_hides_the_truth_anew(trained, levels, share):
    """Seen values are those of the truth, whole columns of them, and as many as asked for."""
    field, complete, _ = levels
    given, members = vary(trained, levels, share=share)
    assert (~given.observed[:, :, ~field.land]).mean() == pytest.approx(share, abs=0.03)
    assert (given.observed[:, 0] == given.observed[:, 1]).all()
    seen = given.observed
    np.testing.assert_array_equal(members[:, seen], np.broadcast_to(complete.values[TIMES][seen], (4, seen.sum())))
    again = vary(trained, levels, share=share, steps=2)
    np.testing.assert_array_equal(again.field.observed, seen)


def test_rectangles_hide_each_level_its_own():
    complete, _ = make_levels()
    hidden = ~hide_levels_anew(complete[slice(0, 4)], HideSettings(kind="rectangles", max_size=4), 0.5, seed=0).observed
    assert (hidden[:, 0] != hidden[:, 1])[:, ~complete.land].any()


def test_days_are_filled_otherwise_with_their_neighbours(tmp_path):
    """The days around a chosen one are seen though they are not drawn."""
    observations, complete = small_ocean()
    settings = ensemble_settings(first_guess="climatology", denoiser=NETWORK)
    ensemble = awake(fit_filling(observations, complete, settings, None, tmp_path))
    field, truth = (part[slice(700, 730)] for part in (observations, complete))
    draws = DRAW.model_copy(update={"sampler": DRAW.sampler.model_copy(update={"steps": 3})})
    parts = (ensemble, field, truth, None, draws)
    alone = vary_gaps(*parts, AblationSettings(steps=3), np.array([10]))
    among = vary_gaps(*parts, AblationSettings(steps=3), np.arange(30))
    np.testing.assert_allclose(alone.members[:, 0], among.members[:, 10], atol=1e-4)
    untold = vary_gaps(*parts, AblationSettings(without=("place", "date")), np.array([10]))
    assert np.nanmax(np.abs(untold.members - alone.members)) > 1e-4
    hidden = vary_gaps(*parts, AblationSettings(share=0.8), np.arange(30)).field
    assert (~hidden.observed[:, 0][:, ~field.land]).mean() == pytest.approx(0.8, abs=0.08)


def test_members_come_back_from_their_file(trained, levels):
    given, members = vary(trained, levels, steps=2)
    cube = members_cube(given, members)
    assert [coord.name() for coord in cube.coords(dim_coords=True)] == [
        "realization", "time", "depth", "latitude", "longitude",
    ]  # fmt: skip
    back, observed = read_members_cube(cube)
    np.testing.assert_allclose(back, members, atol=1e-4)
    np.testing.assert_array_equal(observed, given.observed)
    one = given.level(1)
    back, observed = read_members_cube(members_cube(one, members[:, :, 1:]))
    np.testing.assert_allclose(back, members[:, :, 1:], atol=1e-4)
    np.testing.assert_array_equal(observed, one.observed)


def test_times_are_spread_from_the_first_to_the_last():
    assert spread_times(73, 5).tolist() == [0, 18, 36, 54, 72]
    assert spread_times(3, 12).tolist() == [0, 1, 2]


def test_unknown_parts_are_refused_by_a_sentence():
    settings = densify_settings(denoiser={**NETWORK, "coordinates": "none"})
    assert settings.can_do_without == ("surface", "date")
    asked = {"a": AblationSettings(without=("surfaec",)), "b": AblationSettings(without=("place", "date"))}
    first, second = ablation_problems(asked, settings)
    assert "ablations.a.without names surfaec" in first and "do without surface, date only" in first
    assert "ablations.b.without names place," in second
    untrained = densify_settings(denoiser={**NETWORK, "coordinates_dropout": 0.0}, surface=None)
    assert untrained.can_do_without == ()
    own = ensemble_settings(data=settings.data.model_dump() | {"target": None})
    assert "needs data.target" in ablation_problems({"c": AblationSettings(share=0.5)}, own)[0]
    with pytest.raises(ValidationError, match="needs one of without, share, steps"):
        AblationSettings()
