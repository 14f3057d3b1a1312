"""Ensembles sampled otherwise: only what an ablation names differs, and members come back from their file."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from esmlearn.fields.field import Field
from esmlearn.fields.member_cubes import members_cube, read_members_cube
from esmlearn.settings import AblationSettings, HideSettings, ReconstructSettings, ablation_problems
from esmlearn.tasks import apply
from esmlearn.tasks.densify.apply import densify, hide_anew
from esmlearn.tasks.densify.train import fit as fit_levels
from esmlearn.tasks.ensembles.calibration import spread_times
from esmlearn.tasks.fill.apply import climate_of, fill
from esmlearn.tasks.fill.train import fit as fit_gaps
from esmlearn.tasks.outputs import AblationOutput
from tests.small import small_ocean
from tests.tasks.densify.test_densify import DRAW, densify_settings, make_levels, sparse
from tests.tasks.downscale.test_downscale import downscale_settings
from tests.tasks.fill.test_fill import fill_settings
from tests.tasks.given import give

NETWORK = {"dim": 8, "dim_mults": (1, 2)}
TIMES = np.array([0, 3])
USUAL = ""


def awake(ensemble):
    """Give an ensemble whose networks listen to all of their inputs: so few steps hardly move them from zero."""
    torch.manual_seed(5)
    for network in (ensemble.network, ensemble.regression):
        for parameter in network.parameters() if network else ():
            if not parameter.any() or parameter is network.head.weight:
                torch.nn.init.normal_(parameter, std=0.1)
    return ensemble


def ablate(trained, data, *, times: int, ensemble=DRAW, **ablations) -> dict[str, AblationOutput]:
    """Apply an ensemble as the script does; by name, what was sampled at some times, as usual and otherwise."""
    settings = ReconstructSettings(
        period="all", baselines=(), ensemble=ensemble, ablations=ablations, ablation_times=times
    )
    outputs = apply([trained], data, settings).outputs
    found = [output for output in outputs if isinstance(output, AblationOutput)]
    assert [output.number for output in found] == list(range(len(ablations) + 1))
    assert {output.name: output.varied for output in found} == {USUAL: {}, **ablations}
    return {output.name: output for output in found}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    settings = densify_settings(denoiser=NETWORK)
    return awake(fit_levels(*make_levels(), settings, tmp_path_factory.mktemp("levels")))


@pytest.fixture(scope="module")
def levels() -> tuple[Field, Field, Field]:
    complete, surface = make_levels()
    return sparse(complete)[slice(140, 144)], complete[slice(140, 144)], surface


@pytest.fixture(scope="module")
def found(trained, levels, tmp_path_factory) -> dict[str, AblationOutput]:
    """Ablations of levels: each condition, another share of the truth, other steps."""
    field, complete, surface = levels
    (above,) = surface.to_cubes()
    data = give(tmp_path_factory.mktemp("data"), Cloudy=field.as_cube(field.values, field.observed),
                Complete=complete.as_cube(complete.values, complete.observed), S=above)  # fmt: skip
    without = {part: {"without": [part]} for part in trained.settings.droppable_conditions}
    return ablate(trained, data, times=len(TIMES), same={"steps": DRAW.sampler.steps}, two={"steps": 2},
                  half={"share": 0.5}, most={"share": 0.9}, again={"share": 0.9, "steps": 2}, **without)  # fmt: skip


def test_the_members_of_other_times_do_not_matter(trained, levels, found):
    """What is sampled at two times is what is sampled there among all."""
    field, _, surface = levels
    whole = densify(trained, field, surface, DRAW)
    for name in (USUAL, "same"):
        np.testing.assert_allclose(found[name].members, whole[:, TIMES], atol=1e-4)
        np.testing.assert_array_equal(found[name].field.observed, field.observed[TIMES])
    assert np.nanmax(np.abs(found["two"].members - whole[:, TIMES])) > 1e-3


def test_without_the_surface_members_do_not_depend_on_it(trained, levels, found, tmp_path):
    """Another surface changes members that are conditioned on it, and leaves the others as they are."""
    field, _, surface = levels
    (above,) = replace(surface, values=surface.values + np.float32(2)).to_cubes()
    data = give(tmp_path, Cloudy=field.as_cube(field.values, field.observed), S=above)
    other = ablate(trained, data, times=len(TIMES), surface={"without": ["surface"]})
    assert np.nanmax(np.abs(found[USUAL].members - other[USUAL].members)) > 1e-3
    np.testing.assert_array_equal(found["surface"].members, other["surface"].members)


def test_each_part_that_is_left_out_changes_the_members(trained, levels, found):
    field, _, _ = levels
    hidden = ~field.observed[TIMES] & ~field.land
    parts = trained.settings.droppable_conditions
    assert parts == ("surface", "place", "date")
    for part in parts:
        assert np.isfinite(found[part].members[:, hidden]).all()
        assert np.abs(found[part].members - found[USUAL].members)[:, hidden].max() > 1e-4, part


@pytest.mark.parametrize(("name", "share"), [("half", 0.5), ("most", 0.9)])
def test_a_share_hides_the_truth_anew(levels, found, name, share):
    """Seen values are those of the truth, whole columns of them, and as many as asked for."""
    _, complete, _ = levels
    given, members = found[name].field, found[name].members
    assert (~given.observed[:, :, ~complete.land]).mean() == pytest.approx(share, abs=0.03)
    assert (given.observed[:, 0] == given.observed[:, 1]).all()
    seen = given.observed
    np.testing.assert_array_equal(members[:, seen], np.broadcast_to(complete.values[TIMES][seen], (4, seen.sum())))
    if name == "most":
        np.testing.assert_array_equal(found["again"].field.observed, seen)


def test_rectangles_hide_each_level_its_own():
    complete, _ = make_levels()
    hidden = ~hide_anew(complete[slice(0, 4)], HideSettings(kind="rectangles", max_size=4), 0.5, seed=0).observed
    assert (hidden[:, 0] != hidden[:, 1])[:, ~complete.land].any()


def test_days_are_filled_otherwise_with_their_neighbours(tmp_path):
    """The days around a chosen one are conditions though no members of them are sampled."""
    observations, complete = small_ocean()
    settings = fill_settings(first_guess="climatology", denoiser=NETWORK)
    ensemble = awake(fit_gaps(observations, complete, settings, None, tmp_path))
    field, truth = (part[slice(700, 730)] for part in (observations, complete))
    data = give(tmp_path, Cloudy=field.to_cubes()[0], Complete=truth.to_cubes()[0])
    draws = DRAW.model_copy(update={"sampler": DRAW.sampler.model_copy(update={"steps": 3})})
    whole = fill(ensemble, field, draws, climate=climate_of(ensemble, field, "training")).members
    found = ablate(ensemble, data, times=3, ensemble=draws, same={"steps": 3}, nowhere={"without": ["place", "date"]})
    for name in (USUAL, "same"):
        np.testing.assert_allclose(found[name].members[:, :, 0], whole[:, [0, 14, 29]], atol=1e-4)
    assert np.nanmax(np.abs(found["nowhere"].members - found[USUAL].members)) > 1e-4
    anew = ablate(ensemble, data, times=30, ensemble=draws, most={"share": 0.8})["most"]
    seen = anew.field.observed
    assert (~seen[:, 0][:, ~field.land]).mean() == pytest.approx(0.8, abs=0.08)
    np.testing.assert_array_equal(anew.members[:, seen], np.broadcast_to(truth.values[seen], (4, seen.sum())))


def test_members_come_back_from_their_file(found):
    given, members = found["two"].field, found["two"].members
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
    assert settings.droppable_conditions == ("surface", "date")
    asked = {"a": AblationSettings(without=("surfaec",)), "b": AblationSettings(without=("place", "date"))}
    first, second = ablation_problems(asked, settings)
    assert "ablations.a.without names surfaec" in first and "do without surface, date only" in first
    assert "ablations.b.without names place," in second
    untrained = densify_settings(denoiser={**NETWORK, "coordinates_dropout": 0.0}, surface=None)
    assert untrained.droppable_conditions == ()
    share = {"c": AblationSettings(share=0.5)}
    own = fill_settings(data=settings.data.model_dump() | {"target": None})
    assert "needs data.target" in ablation_problems(share, own)[0]
    assert "super-resolution has none" in ablation_problems(share, downscale_settings())[0]
    assert ablation_problems(share, settings) == ablation_problems(share, fill_settings()) == []
    with pytest.raises(ValidationError, match="needs one of without, share, steps"):
        AblationSettings()
