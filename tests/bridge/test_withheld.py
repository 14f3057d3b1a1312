"""Real gaps without a truth, through the scripts: learned from, filled and scored with one dataset alone."""

import json
import runpy
from pathlib import Path

import iris
import numpy as np
import pytest

from esmlearn.data.field import Field
from esmlearn.data.preparation import select_role
from esmlearn.data.reconstruction import read_cube
from tests.small import small_ocean, small_settings

SCRIPTS = Path(__file__).parents[2] / "diagnostics"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run train, reconstruct and evaluate, and give their work folders; no file holds what the clouds hid."""
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
    settings = small_settings(target=False, steps=2).model_dump(mode="json")
    own = {
        "train": settings,
        "reconstruct": {"baselines": ["climatology"], "withhold": {"share": 0.2, "seed": 5}},
        "evaluate": {"truth": "Cloudy"},
    }
    for script, block in own.items():
        folders = {f"{kind}_dir": str(root / kind / script) for kind in ("run", "work", "plot")}
        for folder in folders.values():
            Path(folder).mkdir(parents=True)
        cfg = {
            "script": script,
            "recipe": "recipe_mock.yml",
            "version": "2.15.0",
            "input_data": {str(file): facets},
            "input_files": [str(root / "work" / name) for name in own],
        }
        runpy.run_path(str(SCRIPTS / f"{script}.py"))["main"](cfg | folders | block)
    return root / "work"


def given(run, method):
    cube = iris.load_cube(run / "reconstruct" / f"tos_Cloudy_{method}_day.nc")
    return cube, read_cube(cube)


def test_all_methods_are_given_the_same_part_of_the_observations(run):
    cloudy = select_role(small_ocean()[0], small_settings().data.split, "test")
    model, (values, _, observed) = given(run, "SpatioTemporalModel")
    np.testing.assert_array_equal(observed, given(run, "climatology")[1][2])
    assert not (observed & ~cloudy.observed[:, 0]).any()
    assert observed.sum() / cloudy.observed.sum() == pytest.approx(0.8, abs=0.05)
    withheld = cloudy.observed[:, 0] & ~observed
    assert (values[withheld] != cloudy.values[:, 0][withheld]).all()
    assert json.loads(model.attributes["esmlearn_withheld"]) == {"kind": "clouds", "share": 0.2, "days": 10, "seed": 5}


def test_scores_count_what_was_withheld_and_nothing_else(run):
    cube, (values, _, observed) = given(run, "SpatioTemporalModel")
    cloudy = select_role(small_ocean()[0], small_settings().data.split, "test")
    withheld = cloudy.observed[:, 0] & ~observed
    rows = json.loads((run / "evaluate" / "scores.json").read_text())
    (rmse,) = (row for row in rows if row["metric"] == "rmse" and row["role"] == "model" and row["region"] == "all")
    assert rmse["frequency"] == "day"  # no month is known whole
    assert rmse["n"] == withheld.sum()
    error = (values - cloudy.values[:, 0])[withheld]
    weights = np.broadcast_to(Field.from_cube(cube).area_weights, withheld.shape)[withheld]
    assert rmse["value"] == pytest.approx(np.sqrt(np.average(error**2, weights=weights)), rel=1e-4)
    (facts,) = json.loads((run / "evaluate" / "evaluation.json").read_text())
    assert facts["truth"] == "Cloudy" and not facts["complete"]
