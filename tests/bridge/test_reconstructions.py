"""The reconstruction that climate models are held against is found, and the script `compare` leaves its products."""

import iris
import pandas as pd
import pytest

from esmlearn.bridge.reconstructions import find_reference
from esmlearn.errors import DataError
from tests.made_months import monthly
from tests.tasks.run_scripts import Run, read_json

ROLES = {"Net": "model", "climatology": "baseline", "dineof": "baseline"}


def leave(folder, *methods, dataset="Cloudy"):
    """Leave monthly reconstructions as the script `reconstruct` does."""
    folder.mkdir(parents=True, exist_ok=True)
    for method in methods:
        cube = monthly(std=0.1 if ROLES[method] == "model" else None)
        cube.attributes.update(esmlearn_method=method, esmlearn_role=ROLES[method], esmlearn_dataset=dataset)
        with iris.FUTURE.context(save_split_attrs=True):
            iris.save(cube, folder / f"tos_{dataset}_{method}_mon.nc")
    return folder


def test_the_reference_is_the_model_unless_another_is_named(tmp_path):
    folder = leave(tmp_path / "reconstruct", "climatology", "Net", "dineof")
    path, cube = find_reference([folder], None)
    assert (path.name, cube.attributes["esmlearn_method"]) == ("tos_Cloudy_Net_mon.nc", "Net")
    assert find_reference([folder], "dineof")[0].name == "tos_Cloudy_dineof_mon.nc"


def test_without_a_model_the_only_method_is_the_reference(tmp_path):
    assert find_reference([leave(tmp_path, "dineof")], None)[0].name == "tos_Cloudy_dineof_mon.nc"


@pytest.mark.parametrize(
    ("methods", "asked", "message"),
    [
        (("climatology", "dineof"), None, "2 monthly reconstructions fit 'the model'.*have climatology, dineof"),
        (("Net",), "dineof", "0 monthly reconstructions fit 'dineof'.*have Net"),
        ((), None, "0 monthly reconstructions fit 'the model'.*have none"),
    ],
)
def test_no_reference_or_several_are_refused(tmp_path, methods, asked, message):
    with pytest.raises(DataError, match=message):
        find_reference([leave(tmp_path, *methods)], asked)


def test_two_datasets_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"2 monthly reconstructions fit 'the model'.*one dataset"):
        find_reference([leave(tmp_path / "a", "Net"), leave(tmp_path / "b", "Net", dataset="Other")], None)


@pytest.fixture
def run(tmp_path):
    """Two climate models, and the observations that were reconstructed."""
    run = Run(tmp_path)
    run.give("models", "Warm", monthly(2, offset=0.8, first=1985, calendar="noleap"))
    run.give("models", "Cold", monthly(2, offset=-0.5, first=1985, calendar="360_day", units="K"))
    run.give("observations", "Cloudy", monthly())
    leave(run.folder("work", "reconstruct"), "climatology", "Net")
    return run


def test_the_script_compares_all_models_but_not_the_observations(run):
    work = run.run("compare", "reconstruct")
    rows = read_json(work / "model_scores.json")
    biases = {row["dataset"]: row["value"] for row in rows if row["metric"] == "bias"}
    assert biases == pytest.approx({"Warm": 0.8, "Cold": -0.5}, abs=1e-4)
    assert len(pd.read_csv(work / "model_scores.csv")) == len(rows)
    assert run.products("compare") == {
        str(run.folder(part, "compare") / name)
        for part, name in (
            ("work", "model_scores.json"),
            ("plots", "maps_model_bias.png"),
            ("plots", "seasonal_cycles.png"),
        )
    }
    records = run.records["compare"]
    # Two files with one stem in one folder would share one record of ESMValCore's, and stop the run.
    assert set(records) == run.products("compare")
    for record in records.values():
        assert {file.rsplit("_", 2)[-2] for file in record["ancestors"]} == {"Net", "Warm", "Cold"}


def test_the_script_compares_the_models_that_it_is_asked_for(run):
    rows = read_json(run.run("compare", "reconstruct", models=["Cold"]) / "model_scores.json")
    assert {row["dataset"] for row in rows} == {"Cold"}


def test_without_any_climate_model_the_script_says_what_is_missing(tmp_path):
    run = Run(tmp_path)
    run.give("observations", "Cloudy", monthly())
    leave(run.folder("work", "reconstruct"), "Net")
    with pytest.raises(DataError, match="no climate model among its ancestors"):
        run.run("compare", "reconstruct")
