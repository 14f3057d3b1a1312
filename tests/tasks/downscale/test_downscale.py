"""Super-resolution: a coarse climate is set right, members keep to what is known, folders need nothing else."""

from dataclasses import replace

import numpy as np
import pytest

import esmlearn
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.coarsening import coarsen
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.grids.consistency import consistency_error
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager
from esmlearn.settings import EnsembleSettings, TrainDownscaleSettings
from esmlearn.tasks import load_model
from esmlearn.tasks.downscale.apply import Downscaler, downscale, fine_template, interpolate, prepare, read_coarse
from esmlearn.tasks.downscale.model import TrainedDownscaler
from esmlearn.tasks.downscale.train import FineData, fit, train
from esmlearn.tasks.ensembles.sampling import sample_members
from esmlearn.trained.folder import CARD, write_folder
from tests.made_fields import make_cube
from tests.tasks.given import give

RATIO = 4
DRAW = EnsembleSettings(members=3, sampler={"steps": 3, "sigma_max": 20.0}, decorrelation_days=0.0)
N_DAYS = 900
CHLOROPHYLL = "mass_concentration_of_chlorophyll_in_sea_water"


def fine_field(*, warmer: float = 0.0) -> Field:
    """Smooth waves that drift over a season, on 12 x 16 cells of 0.25 degree, with land in a corner."""
    day, row, column = np.meshgrid(np.arange(N_DAYS), np.arange(12), np.arange(16), indexing="ij")
    values = 15 + warmer + 4 * np.sin(2 * np.pi * day / 365.25) + np.sin(0.35 * column - 0.2 * day) * np.cos(0.3 * row)
    values[:, :2, :3] = np.nan
    return Field.from_cube(make_cube(values))


def downscale_settings(**options) -> TrainDownscaleSettings:
    return TrainDownscaleSettings.model_validate(
        {
            "task": "downscale",
            "data": {
                "fine": "fine",
                "coarse": "coarse",
                "split": {"train": "2001/2001", "validation": "2002-02-01/2002-06-30", "test": "2002-08-01/2003-06-01"},
            },
            "denoiser": {
                "n_channels": 8,
                "channel_multipliers": (1, 1),
                "is_attention": (False, False),
                "coordinates": "none",
                "date": False,
            },
            "training": {"steps": 2, "regression_steps": 2, "batch_size": 4, "validate_every": 2},
            "window": (8, 8),
            **options,
        }
    )


@pytest.fixture(scope="module")
def fields() -> tuple[Field, Field]:
    fine = fine_field()
    coarse = coarsen(fine, RATIO)
    return fine, replace(coarse, values=coarse.values + np.float32(2.0))


@pytest.fixture(scope="module")
def trained(fields, tmp_path_factory) -> TrainedDownscaler:
    fine, coarse = fields
    static = {"orog": np.arange(12.0 * 16).reshape(12, 16)}
    settings = downscale_settings(
        conditions={"static": ["orog"], "coarse": ["psl"], "in_situ": {"share": (0.0, 0.1)}, "dropout": 0.2}
    )
    return fit(FineData(fine, {"coarse": coarse, "psl": coarse}, static), settings, tmp_path_factory.mktemp("run"))


def test_a_coarse_climate_that_is_off_is_set_right_from_the_start(fields, trained):
    """Two degrees too warm, and no training to speak of: the regression is about as good as right interpolation."""
    fine, coarse = fields
    some = slice(600, 640)
    template = fine_template(trained, coarse[some])
    task = prepare(trained, {"coarse": coarse[some]}, template, DRAW)
    truth = fine.values[some, 0]
    assert np.nanmean(task.first_guess().daily - truth) == pytest.approx(0.0, abs=0.3)
    bicubic = interpolate(trained, coarse[some], template, "bicubic").daily
    assert np.nanmean(bicubic - truth) == pytest.approx(2.0, abs=0.1)


def test_land_stays_land_and_the_sea_is_complete(fields, trained):
    _, coarse = fields
    template = fine_template(trained, coarse[:3])
    drawn = downscale(trained, {"coarse": coarse[:3]}, template, DRAW)
    assert np.isnan(drawn[..., trained.land]).all()
    assert np.isfinite(drawn[..., ~trained.land]).all()


def test_where_the_coarse_field_is_not_known_nothing_is_made(fields, trained):
    """A day without a coarse field is left open by members, regression and interpolation alike."""
    _, coarse = fields
    values = coarse.values[:4].copy()
    values[1] = np.nan
    gappy = replace(coarse[:4], values=values, observed=np.isfinite(values))
    template = fine_template(trained, gappy)
    task = prepare(trained, {"coarse": gappy}, template, DRAW)
    ways = (
        sample_members(trained, task, DRAW)[:, :, 0],
        *(result.daily[None] for result in (task.first_guess(), interpolate(trained, gappy, template, "bilinear"))),
    )
    for found in ways:
        assert np.isnan(found[:, 1]).all()
        assert np.isfinite(found[:, [0, 2, 3]][..., ~trained.land]).all()
    cube = Reconstruction.of_members(ways[0], template).to_cubes(template)[0]
    deviation = cube.ancillary_variables()[0].data
    assert cube.data.mask[1].all() and deviation.mask[1].all()
    assert not deviation.mask[0][~trained.land].any()


def test_a_member_is_the_same_however_many_there_are(fields, trained):
    _, coarse = fields
    template = fine_template(trained, coarse[:2])
    few = downscale(trained, {"coarse": coarse[:2]}, template, DRAW)
    more = downscale(trained, {"coarse": coarse[:2]}, template, DRAW.model_copy(update={"members": 5}))
    np.testing.assert_allclose(more[:3], few, atol=1e-4)


def test_consistent_members_average_to_the_coarse_field(fields, trained):
    _, coarse = fields
    some = coarse[:2]
    template = fine_template(trained, some)
    average = averager(trained.grid, RectilinearGrid.of(coarse.like[0]))
    errors = {
        asked: consistency_error(
            downscale(trained, {"coarse": some}, template, DRAW.model_copy(update={"consistent": asked})),
            some.values,
            average,
        )
        for asked in (False, True)
    }
    assert errors[False] > 0.1
    assert errors[True] == pytest.approx(0.0, abs=1e-4)


def test_a_condition_that_is_given_counts_and_one_that_is_left_out_does_not(fields, trained):
    """Whatever stands in a condition that is not given, the answer is that of nothing known."""
    fine, coarse = fields
    template = fine_template(trained, coarse[:2])
    alone = downscale(trained, {"coarse": coarse[:2]}, template, DRAW)
    beside = downscale(trained, {"coarse": coarse[:2], "psl": coarse[:2]}, template, DRAW)
    assert np.nanmax(np.abs(alone - beside)) > 1e-4
    hidden = replace(coarse, values=np.full_like(coarse.values, np.nan), observed=np.zeros_like(coarse.observed))
    masked = downscale(trained, {"coarse": coarse[:2], "psl": hidden[:2]}, template, DRAW)
    np.testing.assert_allclose(masked, alone, atol=1e-5)
    both, second = {"coarse": coarse[:2], "psl": coarse[:2]}, np.array([1])

    def sample_second(*without, **given):
        task = prepare(trained, both, template, DRAW, without=without, times=second, **given)
        return sample_members(trained, task, DRAW, times=second)

    np.testing.assert_allclose(sample_second(), beside[:, 1:], atol=1e-4)
    np.testing.assert_allclose(sample_second("psl"), alone[:, 1:], atol=1e-4)
    assert np.nanmax(np.abs(sample_second("orog") - beside[:, 1:])) > 1e-5
    assert np.nanmax(np.abs(sample_second(in_situ=fine) - beside[:, 1:])) > 1e-5
    np.testing.assert_allclose(sample_second("in_situ", in_situ=fine), beside[:, 1:], atol=1e-4)


def test_a_folder_needs_nothing_else(fields, trained, tmp_path):
    _, coarse = fields
    write_folder(tmp_path / "model", trained)
    assert "- fine grid " in (tmp_path / "model" / CARD).read_text()
    again = load_model(tmp_path / "model")
    template = fine_template(trained, coarse[:2])
    drawn, redrawn = (downscale(one, {"coarse": coarse[:2]}, template, DRAW) for one in (trained, again))
    np.testing.assert_allclose(redrawn, drawn, atol=1e-5)
    cube = esmlearn.load(tmp_path / "model").reconstruct(coarse.to_cubes()[0][:2])
    assert cube.shape == (2, 12, 16)
    assert cube.units == "degC"
    np.testing.assert_allclose(cube.coord("longitude").bounds, trained.grid.lon_edges)


def test_whole_fields_are_drawn_without_a_regression(fields, tmp_path):
    fine, coarse = fields
    trained = fit(FineData(fine, {"coarse": coarse}, {}), downscale_settings(learning="field"), tmp_path)
    drawn = downscale(trained, {"coarse": coarse[:2]}, fine_template(trained, coarse[:2]), DRAW)
    assert trained.regression is None
    assert np.isfinite(drawn[..., ~trained.land]).all()


def test_a_logarithm_never_gives_less_than_nothing(fields, tmp_path):
    fine, coarse = (replace(part, values=np.maximum(part.values - 16, 0)) for part in fields)
    settings = downscale_settings()
    data = settings.data.model_copy(update={"transform": "log1p", "log_scale": 0.5})
    trained = fit(FineData(fine, {"coarse": coarse}, {}), settings.model_copy(update={"data": data}), tmp_path)
    template = fine_template(trained, coarse[:4])
    drawn = downscale(trained, {"coarse": coarse[:4]}, template, DRAW)
    assert np.nanmin(drawn) >= 0
    with pytest.raises(SettingsError, match="`consistent` adds corrections"):
        downscale(trained, {"coarse": coarse[:4]}, template, DRAW.model_copy(update={"consistent": True}))


@pytest.fixture
def chlorophyll(tmp_path):
    """A fine and a coarse field of chlorophyll, and a mask whose land is larger than where no value is."""
    fine = fine_field()
    fine = replace(fine, values=np.exp(fine.values / 4 - 4))
    cubes = {"fine": fine.to_cubes()[0], "coarse": coarsen(fine, RATIO).to_cubes()[0]}
    for cube in cubes.values():
        cube.units = "mg m-3"
        cube.standard_name, cube.long_name, cube.var_name = CHLOROPHYLL, None, "chl"
    mask = cubes["fine"][0].copy(data=np.eye(12, 16, dtype=np.float32) * 100)
    mask.standard_name, mask.var_name, mask.units = "land_area_fraction", "sftlf", "%"
    mask.remove_coord("time")
    return give(tmp_path, **cubes, mask=mask), cubes


def test_a_logarithm_is_as_in_other_tasks(chlorophyll, tmp_path):
    """The network works in logarithms, results are in the units of the data, and land is what the setting says."""
    data, cubes = chlorophyll
    names = {**downscale_settings().data.model_dump(mode="json"), "transform": "log", "land": "mask"}
    variable = {"short_name": "chl", "standard_name": CHLOROPHYLL}
    model = train(data, downscale_settings(data=names), tmp_path, record={"variable": variable})
    assert model.record["units"] == "ln(re 1 mg m-3)"
    np.testing.assert_array_equal(np.diag(model.land), True)
    write_folder(tmp_path / "model", model)
    ready = esmlearn.load(tmp_path / "model")
    made = Downscaler(ready.trained, DRAW).reconstruct(cubes["coarse"][:4])
    assert made.units == "mg m-3"
    assert (made.data > 0).all()
    np.testing.assert_array_equal(np.ma.getmaskarray(made.data)[0], model.land)
    coarse = read_coarse(model, {"coarse": cubes["coarse"][:4]})
    template = fine_template(model, coarse["coarse"])
    cubic = interpolate(model, coarse["coarse"], template, "bicubic").to_cubes(template)[0]
    assert cubic.units == "mg m-3"
    assert 0.3 < np.ma.median(made.data / cubic.data) < 3
    with pytest.raises(SettingsError, match="`consistent` adds corrections"):
        prepare(model, coarse, template, DRAW.model_copy(update={"consistent": True}))


@pytest.mark.parametrize(
    ("given", "words"),
    [({"log_scale": 1.0}, "log_scale is of `transform: log1p`"), ({"transform": "log1p"}, "needs log_scale")],
)
def test_a_logarithm_of_what_can_be_zero_is_named(given, words):
    data = downscale_settings().data.model_dump(mode="json")
    with pytest.raises(ValueError, match=words):
        downscale_settings(data=data | given)


def test_a_coarse_domain_that_is_too_small_is_refused(fields, trained):
    _, coarse = fields
    part = coarse.region(slice(0, 2), slice(None))
    with pytest.raises(DataError, match="reaches beyond the coarse one"):
        downscale(trained, {"coarse": part[:2]}, fine_template(trained, part[:2]), DRAW)


def test_a_further_field_that_no_training_knew_is_refused(fields, trained, tmp_path):
    _, coarse = fields
    write_folder(tmp_path / "model", trained)
    cube = coarse.to_cubes()[0][:2]
    with pytest.raises(DataError, match="knows no coarse field uas; those of its training are coarse, psl"):
        esmlearn.load(tmp_path / "model").reconstruct(cube, {"uas": cube})
