"""Levels completed from profiles: scaled by level, exact at the profiles, and better for a surface."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from iris.coords import DimCoord
from iris.cube import Cube
from pydantic import ValidationError

import esmlearn
from esmlearn.baselines.covariance import Covariance
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.member_cubes import read_members_cube
from esmlearn.fields.reconstruction import read_cube
from esmlearn.gaps.corrupt import Turn
from esmlearn.settings import EnsembleSettings, TrainDensifySettings
from esmlearn.tasks.densify.analysis import NearProfiles
from esmlearn.tasks.densify.apply import Densifier, densify
from esmlearn.tasks.densify.inputs import channels, level_maps, make_batch
from esmlearn.tasks.densify.samples import LevelFields, LevelSample, LevelSamples, same_dates
from esmlearn.tasks.densify.train import fit
from esmlearn.tasks.ensembles.regression import ResidualBatches
from esmlearn.trained.folder import CARD, write_folder
from tests.small import small_settings

DRAW = EnsembleSettings(members=4, sampler={"steps": 4, "sigma_max": 20.0}, decorrelation_days=0.0)
DEPTHS = (5.0, 50.0)
CHANNELS = channels(len(DEPTHS), surface=True)
SEASON = "year_fraction"
MAPS = [name for name in LevelSample.__annotations__ if name not in (SEASON, "near")]
COVARIANCE = Covariance("matern_32", length_km=300.0, time_days=10.0, noise_share=0.1, sigma=1.0)


def make_levels() -> tuple[Field, Field]:
    """Two years of two levels on a small grid, and the surface above them, which tells of the upper one."""
    rng = np.random.default_rng(0)
    days, shape = np.arange(0, 730, 5), (12, 16)
    season = 4 * np.sin(2 * np.pi * days / 365)[:, None, None]
    upper, lower = (np.repeat(rng.standard_normal((len(days), 3, 4)), 4, axis=1).repeat(4, axis=2) for _ in range(2))
    surface = 15 + season + upper
    levels = np.stack([14 + season + upper, 8 + 0.2 * season + 3 * lower], axis=1)
    land = np.zeros(shape, bool)
    land[:3, :4] = True
    return _field(levels, land, days, DEPTHS), _field(surface[:, None], land, days, None)


def _field(values, land, days, depths) -> Field:
    coords = [
        (DimCoord(days + 0.5, "time", units="days since 2001-01-01"), 0),
        (DimCoord(np.arange(30.0, 42.0), "latitude", units="degrees"), 2),
        (DimCoord(np.arange(140.0, 156.0), "longitude", units="degrees"), 3),
    ]
    masked = np.ma.array(values, mask=np.broadcast_to(land, values.shape), dtype=np.float32)
    if depths is None:
        masked, coords = masked[:, 0], [(coord, max(dim - 1, 0)) for coord, dim in coords]
    else:
        coords.append((DimCoord(depths, "depth", units="m", attributes={"positive": "down"}), 1))
    name = "tos" if depths is None else "thetao"
    cube = Cube(masked, var_name=name, units="degC", dim_coords_and_dims=coords)
    return Field.from_cube(cube)


def densify_settings(**options) -> TrainDensifySettings:
    return TrainDensifySettings.model_validate(
        {
            "task": "densify",
            "first_guess": "regression",
            "data": small_settings().data.model_dump(exclude={"further_targets"})
            | {"split": {"train": "2001/2001", "validation": "2002-01-15/2002-06-30", "test": "2002-07-15/2002-12-31"}},
            "denoiser": {"dim": 8, "dim_mults": (1, 2), "coordinates": "none"},
            "training": {"steps": 4, "regression_steps": 4, "batch_size": 4, "validate_every": 2},
            "window": (8, 8),
            "surface": {"dataset": "S", "dropout": 0.25},
            "places": {"block": 4, "buffer": 1},
            **options,
        }
    )


def samples(settings, **options) -> LevelSamples:
    levels, surface = make_levels()
    singles = (levels.level(0), levels.level(1), surface)
    climates = tuple((fitted := Climatology.fit(single), Scaling.fit(single, fitted)) for single in singles)
    everywhere = ~levels.land
    return LevelSamples(
        LevelFields(levels, climates, surface if settings.surface else None),
        settings,
        **{"places": everywhere, "given": everywhere, "reach_days": 15.0, "seed": 0, "length": 40, **options},
    )


def test_each_level_is_scaled_by_itself():
    """With one deviation for all, the upper level, which varies a third as much, would count a ninth."""
    values = samples(densify_settings()).values
    ocean = ~make_levels()[0].land
    spread = [values[:, level][:, ocean].std() for level in (0, 1)]
    assert spread == pytest.approx([1.0, 1.0], abs=0.03)


def test_samples_are_the_same_in_every_run_and_hide_what_is_learned():
    settings = densify_settings(hide={"kind": "profiles", "share": (0.5, 0.9)})
    for k in range(10):
        one, again = samples(settings)[k], samples(settings)[k]
        for name in [*MAPS, SEASON]:
            assert torch.equal(getattr(one, name), getattr(again, name)), name
        for name in NearProfiles.__annotations__:
            assert torch.equal(getattr(one.near, name), getattr(again.near, name)), name
        assert not (one.observed & one.learned).any()
        assert torch.equal(one.observed[0], one.observed[1])  # whole columns
        assert not one.observed[:, one.land].any()
        assert 0.4 < one.learned[0].sum() / (~one.land).sum() < 1.0


def test_each_level_keeps_its_own_mask():
    settings = densify_settings(hide={"kind": "rectangles", "share": (0.5, 0.6), "max_size": 4})
    sample = LevelSample.stack([samples(settings)[0]])
    batch = ResidualBatches(partial(make_batch, covariance=COVARIANCE), None)(sample)
    masks = batch.condition.maps[:, [CHANNELS.index(f"observed, level {level}") for level in (0, 1)]]
    assert torch.equal(masks.bool(), sample.observed)
    assert (masks[:, 0] != masks[:, 1]).any()


@pytest.mark.parametrize("surface", [True, False])
@pytest.mark.parametrize("n_levels", [1, 3])
def test_each_channel_has_a_name_and_is_what_it_says(n_levels, surface):
    """Each level has a value of its own, and the surface another."""
    names = channels(n_levels, surface=surface)
    assert len(set(names)) == len(names)
    shape, n_surface = (1, n_levels, 6, 5), int(surface)
    values = torch.arange(1.0, n_levels + 1)[:, None, None].expand(shape)
    above = torch.full((1, n_surface, 6, 5), 10.0)
    known = torch.ones(shape, dtype=torch.bool)
    land = torch.zeros(1, 6, 5, dtype=torch.bool)
    analysis = (values / 2, torch.full(shape, 0.5))
    maps = level_maps(values, known, above, torch.ones_like(above, dtype=torch.bool), land, analysis)
    assert maps.shape[1] == len(names)
    found = dict(zip(names, maps[0].mean(dim=(1, 2)).tolist(), strict=True))
    for level in range(n_levels):
        assert found[f"value, level {level}"] == level + 1
        assert found[f"observed, level {level}"] == 1
        assert found[f"analysis, level {level}"] == (level + 1) / 2
        assert found[f"weight, level {level}"] == 0.5
    assert found["land"] == 0
    assert [found.get(name) for name in ("surface", "surface observed")] == ([10, 1] if surface else [None, None])


def test_places_of_the_validation_teach_nothing():
    levels, _ = make_levels()
    places = np.zeros_like(levels.land)
    places[:, 8:] = True
    found = samples(densify_settings(), places=places & ~levels.land, given=places & ~levels.land)
    for k in range(20):
        sample = found[k]
        outside = sample.position[1] < 148.0
        assert not sample.learned[:, outside].any()
        assert not sample.observed[:, outside].any()


def test_the_surface_is_degraded_and_sometimes_taken_away():
    found = samples(densify_settings())
    whole = [bool(found[k].surface_observed.any()) for k in range(40)]
    assert 0.5 < np.mean(whole) < 0.95
    exact = samples(densify_settings(surface={"dataset": "S", "dropout": 0.0, "factor": 0, "offset": 0, "speckle": 0}))
    assert not torch.equal(found[whole.index(True)].surface, exact[whole.index(True)].surface)
    sample = exact[0]
    # The anomalies of surface and upper level are the same, scaled by their own deviations.
    ocean = ~sample.land
    assert sample.surface[0, ocean].numpy() == pytest.approx(sample.values[0, ocean].numpy(), abs=0.05)


def test_a_turned_sample_is_one_that_lies_otherwise():
    """Values, masks, land and surface go through one turn: laid back, the sample is the one without turns."""
    bare = {"denoiser": {"dim": 8, "dim_mults": (1, 2), "coordinates": "none", "date": False}}
    plain, turned = (samples(densify_settings(turns=turns, **bare)) for turns in (False, True))
    ways = set()
    for k in range(30):
        one, other = plain[k], turned[k]
        fitting = []
        for way in (Turn(flip, quarters) for flip in (False, True) for quarters in range(4)):
            laid = {name: way.apply(getattr(one, name).numpy()) for name in MAPS}
            if all((laid[name] == getattr(other, name).numpy()).all() for name in laid):
                fitting.append(way)
        assert len(fitting) == 1, k
        ways |= set(fitting)
        assert one.year_fraction == other.year_fraction
    assert len(ways) > 5


@pytest.mark.parametrize("denoiser", [{"coordinates": "unit_sphere", "date": False}, {"coordinates": "none"}])
def test_turns_and_coordinates_exclude_each_other(denoiser):
    with pytest.raises(ValidationError, match="a turned map lies nowhere on Earth"):
        densify_settings(turns=True, denoiser=denoiser)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    levels, surface = make_levels()
    return fit(levels, surface, densify_settings(), tmp_path_factory.mktemp("densify"))


def sparse(levels: Field) -> Field:
    hidden = np.random.default_rng(1).random((len(levels.dates), *levels.land.shape)) < 0.8
    return levels.hide(hidden)


def test_members_have_the_profiles(trained):
    levels, surface = make_levels()
    field = sparse(levels)[slice(140, 146)]
    members = densify(trained, field, surface, DRAW)
    assert members.shape == (4, 6, 2, 12, 16)
    seen = field.observed
    np.testing.assert_array_equal(members[:, seen], np.broadcast_to(field.values[seen], (4, seen.sum())))
    assert np.isfinite(members[..., ~levels.land]).all()
    assert np.isnan(members[..., levels.land]).all()
    without = densify(trained, field, None, DRAW)
    assert np.isfinite(without[..., ~levels.land]).all()


def test_a_folder_needs_nothing_else(trained, tmp_path):
    levels, surface = make_levels()
    field = sparse(levels)[slice(140, 143)]
    write_folder(tmp_path, trained)
    card = (tmp_path / CARD).read_text()
    assert f"members depart from {'a regression' if trained.regression else 'the climatology'}\n" in card
    loaded = esmlearn.load(tmp_path)
    assert isinstance(loaded, Densifier)
    (cube,), (above,) = field.to_cubes(), surface.to_cubes()
    complete = Densifier(loaded.trained, DRAW).reconstruct(cube, above)
    assert [coord.name() for coord in complete.coords(dim_coords=True)] == ["time", "depth", "latitude", "longitude"]
    mean = densify(trained, field, surface, DRAW).mean(axis=0)
    np.testing.assert_allclose(complete.data[:, :, ~levels.land], mean[:, :, ~levels.land], atol=1e-4)


def test_deviation_and_members_come_back_with_what_was_observed(trained):
    """The deviation is that of the members: zero where a profile was."""
    levels, surface = make_levels()
    field = sparse(levels)[slice(140, 143)]
    (cube,), (above,) = field.to_cubes(), surface.to_cubes()
    ready = Densifier(trained, DRAW)
    complete, members = ready.reconstruct(cube, above), ready.reconstruct_members(cube, above)
    sampled = densify(trained, field, surface, DRAW)
    mean, std, observed = read_cube(complete)
    again, seen = read_members_cube(members)
    np.testing.assert_array_equal(again, sampled)
    np.testing.assert_array_equal(observed, field.observed)
    np.testing.assert_array_equal(seen, field.observed)
    ocean = ~levels.land
    np.testing.assert_allclose(mean[..., ocean], sampled.mean(axis=0)[..., ocean], atol=1e-4)
    np.testing.assert_allclose(std[..., ocean], sampled.std(axis=0, ddof=1)[..., ocean], atol=1e-4)
    assert (std[field.observed] == 0).all() and (std[~field.observed & ocean] > 0).all()


def test_a_surface_may_have_units_of_its_own():
    """Salinity below a temperature."""
    settings = densify_settings()
    other = settings.model_copy(update={"surface": settings.surface.model_copy(update={"units": "K"})})
    assert (settings.surface_units, other.surface_units) == ("degC", "K")
    assert densify_settings(surface=None).surface_units == "degC"


def test_other_levels_are_refused(trained):
    levels, surface = make_levels()
    with pytest.raises(DataError, match="trained on 2 levels"):
        densify(trained, levels.level(0), surface, DRAW)


def test_levels_of_other_depths_are_refused(trained):
    """As many levels, but not the same: the climatology of 50 m would be put at 60 m."""
    levels, surface = make_levels()
    deeper = replace(levels, levels=levels.levels + np.array([0.0, 10.0]))
    with pytest.raises(DataError, match="levels 5, 50 m, but the data have 5, 60"):
        densify(trained, deeper, surface, DRAW)


def test_a_surface_must_have_the_grid_and_the_dates_of_the_levels():
    levels, surface = make_levels()
    elsewhere = surface.like[0].copy()
    elsewhere.coord("longitude").points = elsewhere.coord("longitude").points + 5.0
    with pytest.raises(DataError, match="regrid both alike"):
        same_dates(replace(surface, like=(elsewhere,)), levels)
    assert len(same_dates(surface, levels[slice(3, 9)]).dates) == 6
    with pytest.raises(DataError, match="lacks 1 of the 146 dates"):
        same_dates(surface[slice(1, None)], levels)
    with pytest.raises(DataError, match="regrid both alike"):
        same_dates(surface.region(slice(0, 8), slice(0, 8)), levels)


@pytest.mark.slow
def test_training_learns_the_upper_level_from_the_surface(tmp_path):
    """The surface tells the upper level but for its errors, and nothing of the lower one."""
    levels, surface = make_levels()
    settings = densify_settings(
        training={"steps": 30, "regression_steps": 100, "batch_size": 8, "validate_every": 100, "learning_rate": 3e-3},
        surface={"dataset": "S", "dropout": 0.0, "offset": 0.0},
        places=None,
    )
    trained = fit(levels, surface, settings, tmp_path)
    field = sparse(levels)[slice(115, 146)]
    right = levels[slice(115, 146)]
    mean = densify(trained, field, surface, replace_members(DRAW, 4)).mean(axis=0)
    hidden = ~field.observed & right.observed
    for level, share in ((0, 0.5), (1, 1.1)):
        truth, where = right.values[:, level], hidden[:, level]
        cycle = trained.climates[level][0].at(right.year_fraction)
        error, normal = (np.sqrt(((values - truth)[where] ** 2).mean()) for values in (mean[:, level], cycle))
        assert error < share * normal


def replace_members(settings: EnsembleSettings, members: int) -> EnsembleSettings:
    return settings.model_copy(update={"members": members})
