"""Real gaps without a truth, through the scripts: learned from, filled and scored with one dataset alone."""

import json
import runpy
from pathlib import Path

import iris
import numpy as np
import pytest

from esmlearn.bridge.reconstructions import ancestor_folders, find_reconstructions
from esmlearn.evaluation.facts import facts
from esmlearn.evaluation.reading import read_cases
from esmlearn.evaluation.scoring import score_case
from esmlearn.fields.input_data import InputData
from esmlearn.fields.periods import select_role
from esmlearn.fields.reconstruction import read_cube
from esmlearn.settings import EvaluateSettings
from tests.small import small_ocean, small_settings

SCRIPTS = Path(__file__).parents[2] / "diagnostics"


@pytest.fixture(scope="module")
def cfg(tmp_path_factory):
    """Train and reconstruct, and give the settings for a script after that; no file holds what the clouds hid."""
    root = tmp_path_factory.mktemp("real_gaps")
    file = root / "cloudy.nc"
    with iris.FUTURE.context(save_split_attrs=True):
        iris.save(small_ocean()[0].to_cubes()[0], file)
    facets = {
        "dataset": "Cloudy",
        "short_name": "tos",
        "standard_name": "sea_surface_temperature",
        "version": "1",
        "timerange": "2001/2002",
        "filename": str(file),
    }
    given = {"recipe": "recipe_mock.yml", "input_data": {str(file): facets}, "input_files": [str(root / "train")]}
    own = {
        "train": small_settings(target=False, steps=2).model_dump(mode="json"),
        "reconstruct": {"baselines": ["climatology"], "withhold": {"share": 0.2, "seed": 5}},
    }
    for script, block in own.items():
        (root / script).mkdir()
        folders = {"run_dir": str(root / script), "work_dir": str(root / script)}
        runpy.run_path(str(SCRIPTS / f"{script}.py"))["main"](given | folders | block)
    return given | {"input_files": [str(root / "reconstruct")]}


@pytest.fixture(scope="module")
def cloudy():
    return select_role(small_ocean()[0], small_settings().data.split, "test")


def read_result(cfg, method):
    cube = iris.load_cube(Path(cfg["input_files"][0], f"tos_Cloudy_{method}_day.nc"))
    return cube, *read_cube(cube)


def test_all_methods_are_given_the_same_part_of_the_observations(cfg, cloudy):
    cube, values, _, observed = read_result(cfg, "SpatioTemporalModel")
    np.testing.assert_array_equal(observed, read_result(cfg, "climatology")[3])
    assert not (observed & ~cloudy.observed[:, 0]).any()
    assert observed.sum() / cloudy.observed.sum() == pytest.approx(0.8, abs=0.05)
    withheld = cloudy.observed[:, 0] & ~observed
    assert (values[withheld] != cloudy.values[:, 0][withheld]).all()
    withheld = {"kind": "clouds", "share": 0.2, "days": 10, "seed": 5}
    assert json.loads(cube.attributes["esmlearn_withheld"]).items() >= withheld.items()


@pytest.mark.parametrize("truth", ["Cloudy", None])
def test_scores_count_what_was_withheld_and_nothing_else(cfg, cloudy, truth):
    """The truth may be named, or left to be what was withheld."""
    files = find_reconstructions(ancestor_folders(cfg))
    (case,) = read_cases(files, InputData(cfg["input_data"]), EvaluateSettings(truth=truth))
    scored = score_case(case)
    _, values, _, observed = read_result(cfg, "SpatioTemporalModel")
    withheld = cloudy.observed[:, 0] & ~observed
    (rmse,) = (row for row in scored.rows if row["metric"] == "rmse" and row["role"] == "model" and "bin" not in row)
    assert rmse["frequency"] == "day"  # no month is known whole
    assert rmse["n"] == withheld.sum()
    error = (values - cloudy.values[:, 0])[withheld]
    weights = np.broadcast_to(cloudy.area_weights, withheld.shape)[withheld]
    assert rmse["value"] == pytest.approx(np.sqrt(np.average(error**2, weights=weights)), rel=1e-4)
    record = facts(case, scored)
    assert record["withheld"] and record["truth"] == "Cloudy" and record["withhold"]["days"] == 10
