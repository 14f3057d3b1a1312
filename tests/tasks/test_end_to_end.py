"""Each task from data to scores, by its three scripts, and as a notebook does it.

Nothing of the package is imported but `esmlearn.load`: whatever is promised to users must hold wherever the code lies.
"""

import numpy as np
import pytest
from iris.coords import DimCoord
from iris.cube import CubeList

import esmlearn
from tests.made_fields import make_cube, wavy_ocean
from tests.tasks.promises import (
    check_ablations,
    check_days,
    check_members,
    check_models,
    check_records,
    check_scores,
)
from tests.tasks.run_scripts import Product, Run

SPLIT = {"train": "2001/2001", "validation": "2002-02-01/2002-03-31", "test": "2002-06-27/2002-07-04"}
N_DAYS = 560
DAYS = np.arange(542, 550)  # of the test period, the end of one month and the beginning of another
FEW = {"steps": 4, "batch_size": 24, "validate_every": 4, "learning_rate": 0.01, "ema": 0.0}


def latitudes(n_lat):
    """Rows from north to south, as in many files, and so far north that the areas of cells differ."""
    return 57 - 0.5 * np.arange(n_lat)


def as_cube(values):
    return make_cube(values, lat=latitudes(values.shape[1]))


class Clouds:
    """A run that has trained a transformer on an ocean under clouds."""

    def __init__(self, root):
        self.run = Run(root)
        self.truth = wavy_ocean(N_DAYS, 8, 12)
        day, row, column = np.meshgrid(*map(np.arange, self.truth.shape), indexing="ij")
        waves = np.sin(0.5 * row + 0.4 * column - 0.9 * day) + np.sin(0.3 * row - 0.5 * column - 0.4 * day)
        self.seen = np.where(waves > -0.4, np.float32(np.nan), self.truth)
        self.run.give("tos", "Complete", as_cube(self.truth))
        self.run.give("tos", "Cloudy", as_cube(self.seen))
        self.lat = latitudes(8)
        self.data = {"observations": "Cloudy", "target": "Complete", "split": SPLIT}
        model = {"window": [8, 8], "embed_dim": 16, "hidden": 8, "unet": [8, 16]}
        self.run.run("train", data=self.data, model=model, training={"steps": 4, "batch_size": 2, "validate_every": 4})

    def read(self, folder, *methods):
        """Read what methods say of the days and months of the test period."""
        return {method: Product.read_both(folder / f"tos_Cloudy_{method}") for method in methods}


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return Clouds(tmp_path_factory.mktemp("clouds"))


def test_a_transformer_fills_gaps(clouds):
    run, truth, seen = clouds.run, clouds.truth[DAYS], clouds.seen[DAYS]
    left = run.run("reconstruct", "train", baselines=["climatology", "time_interpolation"])
    evaluated = run.run("evaluate", "reconstruct", truth="Complete")
    check_models(run, "train")
    check_records(run)
    said = clouds.read(left, "climatology", "time_interpolation", "SpatioTemporalModel")
    for product in said.values():
        check_days(product, truth, seen)
    check_scores(evaluated, said, truth, np.isnan(seen), clouds.lat)
    loaded, cube = esmlearn.load(run.copy_model("train")), as_cube(clouds.seen)[DAYS]
    model = said["SpatioTemporalModel"]
    for product, again in (
        (model, loaded.reconstruct(cube, climatology="training")),
        (model.months, loaded.reconstruct(cube, climatology="training", frequency="mon")),
    ):
        np.testing.assert_array_equal(again.data.filled(np.nan), product.values)
        for name, wanted in (("tos_standard_deviation", product.std), ("observed", product.observed)):
            (found,) = (each for each in again.ancillary_variables() if each.var_name == name)
            np.testing.assert_array_equal(found.data.filled(wanted[0, 0, 0]), wanted)


def test_an_ensemble_fills_gaps_from_a_transformer(clouds):
    run, truth, seen = clouds.run, clouds.truth[DAYS], clouds.seen[DAYS]
    denoiser = {"dim": 8, "dim_mults": [1, 2], "heads": 0}
    run.run("train", "train", name="ensemble", task="fill", data=clouds.data, window=[8, 8], reconstructions=1,
            denoiser=denoiser, training=FEW)  # fmt: skip
    asked = {"without place and date": {"without": ["place", "date"]}, "half": {"share": 0.5}}
    left = run.run("reconstruct", "train", "ensemble", name="members", baselines=["climatology"], ablations=asked,
                   ablation_times=2, ensemble={"quantiles": [0.1, 0.75]})  # fmt: skip
    evaluated = run.run("evaluate", "members", name="scores", truth="Complete")
    check_models(run, "ensemble")
    check_records(run)
    check_members(left, "tos_Cloudy_{}", truth, seen)
    said = clouds.read(left, "climatology", "SpatioTemporalModel", "ConditionalDiffusion")
    check_scores(evaluated, said, truth, np.isnan(seen), clouds.lat)
    check_ablations(left, evaluated, clouds.truth, clouds.lat, asked)
    members, quantiles = (
        Product.read(left / f"tos_Cloudy_ConditionalDiffusion_day_{part}.nc") for part in ("members", "quantiles")
    )
    check_days(quantiles, truth, seen, dims=("quantile", "time", "lat", "lon"))
    assert quantiles.axis == pytest.approx([0.1, 0.75])
    np.testing.assert_allclose(
        quantiles.values, np.quantile(members.values, [0.1, 0.75], axis=0, method="weibull"), atol=1e-5
    )
    again = esmlearn.load(run.copy_model("ensemble")).reconstruct(as_cube(clouds.seen)[DAYS], climatology="training")
    np.testing.assert_allclose(again.data.filled(np.nan), said["ConditionalDiffusion"].values, atol=1e-4)
    (std,) = (each for each in again.ancillary_variables() if each.var_name == "tos_standard_deviation")
    np.testing.assert_allclose(std.data.filled(np.nan), said["ConditionalDiffusion"].std, atol=1e-4)


def test_members_smooth_noisy_observations_where_they_are_asked_to(clouds):
    run, observed = clouds.run, ~np.isnan(clouds.seen[DAYS])
    run.run("train", name="noisy", task="fill", first_guess="climatology", window=[8, 8], reconstructions=1,
            data=clouds.data | {"error": 0.3}, observation_errors=True, training=FEW,
            denoiser={"dim": 8, "dim_mults": [1, 2], "heads": 0})  # fmt: skip
    said = {}
    for smooth in (True, False):
        left = run.run("reconstruct", "noisy", name=f"smooth_{smooth}", baselines=[], smooth_observed=smooth)
        said[smooth] = Product.read_both(left / "tos_Cloudy_ConditionalDiffusion")
    away = {smooth: np.abs(product.values - clouds.seen[DAYS])[observed] for smooth, product in said.items()}
    assert away[False].max() < 1e-5
    assert 0.01 < away[True].mean() < 0.3
    assert (said[False].std[observed] == np.float32(0.3)).all()
    assert (said[True].std[observed] > 0).all() and (said[True].std[observed] != np.float32(0.3)).all()
    loaded, cube = esmlearn.load(run.copy_model("noisy")), as_cube(clouds.seen)[DAYS]
    again = loaded.reconstruct(cube, climatology="training", error=0.3, smooth_observed=True)
    np.testing.assert_allclose(again.data.filled(np.nan), said[True].values, atol=1e-4)


def with_depths(values, depths):
    """Dress values of shape (time, level, lat, lon) as a cube of every fifth day."""
    levels = CubeList()
    for level, depth in enumerate(depths):
        cube = as_cube(values[:, level])
        cube.rename("sea_water_potential_temperature")
        cube.var_name = "thetao"
        cube.add_aux_coord(DimCoord(depth, "depth", units="m", attributes={"positive": "down"}))
        levels.append(cube)
    merged = levels.merge_cube()
    merged.transpose([1, 0, 2, 3])
    return merged[::5]


def test_an_ensemble_completes_levels_from_profiles_and_the_surface(tmp_path):
    run, depths, lat = Run(tmp_path), (5.0, 50.0), latitudes(8)
    surface = wavy_ocean(N_DAYS, 8, 12)
    truth = np.stack([surface - 1, 0.5 * wavy_ocean(N_DAYS, 8, 12, seed=1)], axis=1)
    floats = np.random.default_rng(2).random(surface.shape) < 0.15
    seen = np.where(floats[:, None], truth, np.float32(np.nan))
    run.give("thetao", "Depth", with_depths(truth, depths))
    run.give("thetao", "Profiles", with_depths(seen, depths))
    run.give("tos", "Surface", as_cube(surface)[::5])
    denoiser = {"dim": 8, "dim_mults": [1, 2], "heads": 0}
    split = SPLIT | {"test": "2002-06-20/2002-07-09"}
    run.run("train", task="densify", first_guess="regression", window=[8, 8], denoiser=denoiser,
            data={"observations": "Profiles", "target": "Depth", "split": split}, surface={"dataset": "Surface"},
            places={"block": 4, "buffer": 1}, training=FEW | {"regression_steps": 4})  # fmt: skip
    asked = {"without the surface": {"without": ["surface"]}, "half": {"share": 0.5}}
    left = run.run("reconstruct", "train", baselines=["climatology"], ablations=asked, ablation_times=2)
    evaluated = run.run("evaluate", "reconstruct", truth="Depth")
    check_models(run, "train")
    check_records(run)
    days = np.arange(535, 555, 5)
    profiles, above = with_depths(seen, depths)[days // 5], as_cube(surface)[days]
    again = esmlearn.load(run.copy_model("train")).reconstruct(profiles, above)
    assert [coord.name() for coord in again.coords(dim_coords=True)] == ["time", "depth", "latitude", "longitude"]
    for level, depth in enumerate(depths):
        stem = f"thetao_Profiles_{{}}_{depth:g}m"
        right, known = truth[days, level], seen[days, level]
        check_members(left, stem, right, known, "thetao")
        said = {
            method: Product.read_both(left / stem.format(method), "thetao")
            for method in ("climatology", "ConditionalDiffusion")
        }
        check_scores(evaluated, said, right, np.isnan(known), lat, level=depth)
        check_ablations(left, evaluated, truth, lat, asked, (level, depth), "thetao")
        np.testing.assert_allclose(again.data[:, level].filled(np.nan), said["ConditionalDiffusion"].values, atol=1e-4)


class Coarse:
    """A run with an ocean on a fine grid and its means over cells of 4 x 4."""

    def __init__(self, root):
        self.run = Run(root)
        self.truth = wavy_ocean(N_DAYS, 12, 16, seed=3)
        blocks = self.truth.reshape(N_DAYS, 3, 4, 4, 4)
        self.values = np.nanmean(blocks, axis=(2, 4))
        self.lat = latitudes(12)
        fine = as_cube(self.truth)
        self.cube = make_cube(self.values, lat=self.lat.reshape(3, 4).mean(axis=1), lon=140.375 + np.arange(4.0))
        for cube in (fine, self.cube):
            for name in ("latitude", "longitude"):
                cube.coord(name).guess_bounds()
        self.run.give("tos_fine", "Ocean", fine)
        self.run.give("tos_coarse", "Ocean", self.cube)

    def train(self, name):
        """Train super-resolution under a name."""
        network = {"n_channels": 8, "channel_multipliers": [1, 1], "is_attention": [False, False]}
        self.run.run("train", name=name, task="downscale", window=[8, 8], denoiser=network,
                     data={"fine": "tos_fine", "coarse": "tos_coarse", "split": SPLIT},
                     training=FEW | {"regression_steps": 4})  # fmt: skip


@pytest.fixture(scope="module")
def coarse(tmp_path_factory):
    made = Coarse(tmp_path_factory.mktemp("coarse"))
    made.train("train")
    return made


def test_an_ensemble_draws_fine_fields_from_coarse_ones(coarse):
    run, days = coarse.run, DAYS[::3]
    north = coarse.truth[:, ::-1]  # fine fields are left from south to north
    truth, lat = north[days], coarse.lat[::-1]
    nothing = np.full_like(truth, np.nan)
    asked = {"without date": {"without": ["date"]}, "3 steps": {"steps": 3}}
    interpolations = ["nearest", "bilinear", "bicubic"]
    left = run.run("reconstruct", "train", every=3, baselines=interpolations, ablations=asked, ablation_times=2)
    evaluated = run.run("evaluate", "reconstruct", truth="tos_fine")
    check_models(run, "train")
    check_records(run)
    check_members(left, "tos_Ocean_{}", truth, nothing)
    methods = [*interpolations, "ResidualUNet", "ConditionalDiffusion"]
    said = {method: Product.read_both(left / f"tos_Ocean_{method}") for method in methods}
    for product in said.values():
        check_days(product, truth, nothing)
    check_scores(evaluated, said, truth, np.isnan(nothing), lat)
    check_ablations(left, evaluated, north, lat, asked)
    cells = np.where(np.isnan(truth), np.nan, coarse.values[days, ::-1].repeat(4, axis=1).repeat(4, axis=2))
    np.testing.assert_allclose(said["nearest"].values, cells, atol=1e-5)
    again = esmlearn.load(run.copy_model("train")).reconstruct(coarse.cube[days])
    np.testing.assert_allclose(again.data.filled(np.nan), said["ConditionalDiffusion"].values, atol=1e-4)
    assert again.coord("latitude").points == pytest.approx(lat)


def test_the_same_training_gives_the_same_members_to_the_last_bit(coarse):
    coarse.train("again")
    few = {"members": 2, "sampler": {"steps": 3}}
    drawn = []
    for name in ("train", "again"):
        folder = coarse.run.run("reconstruct", name, name=f"from_{name}", every=5, baselines=[], ensemble=few)
        drawn.append(Product.read(folder / "tos_Ocean_ConditionalDiffusion_day_members.nc").values)
    np.testing.assert_array_equal(*drawn)
