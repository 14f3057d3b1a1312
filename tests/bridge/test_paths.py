"""Paths of a recipe are those of the folder where it was started; scripts run in another one."""

import runpy
from pathlib import Path

import pytest

from esmlearn.bridge.paths import STARTED_FROM, climatology_from_start, find_models
from esmlearn.settings import from_script, settings_of

ROOT = Path(__file__).parents[2]
SPLIT = {"train": "2001/2002", "validation": "2003/2003", "test": "2004/2004"}


@pytest.fixture
def started(tmp_path, monkeypatch):
    """The folder where a run was started; the script runs in another one."""
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.setenv(STARTED_FROM, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", [None, "packaged", "zero", "Ours"])
def test_what_is_no_path_stays(started, name):
    assert climatology_from_start(name, ["Ours"]) == name


def test_a_climatology_is_found_from_where_the_run_was_started(started):
    assert climatology_from_start("months.nc", ["Ours"]) == str(started / "months.nc")


def test_train_makes_its_paths_absolute(started):
    class Names:
        all_names = ("Ours",)

    given = {
        "data": {"observations": "Ours", "split": SPLIT, "climatology": "months.nc"},
        "training": {"resume": "run"},
    }
    script = runpy.run_path(str(ROOT / "diagnostics" / "train.py"))
    settings = script["_absolute_paths"](from_script(settings_of("train", given), given), Names())
    assert settings.data.climatology == str(started / "months.nc")
    assert settings.training.resume == str(started / "run")


def test_two_patterns_may_fit_one_training(started):
    (started / "train" / "model").mkdir(parents=True)
    (started / "train" / "model" / "settings.json").touch()
    folder = str(started / "train")
    assert find_models({"input_files": [folder, folder]}, None) == [started / "train" / "model"]
