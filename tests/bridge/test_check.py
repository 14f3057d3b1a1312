"""A recipe's mistakes, all at once."""

import copy
import sys
from types import SimpleNamespace

import pytest
import yaml

from esmlearn.bridge.check import check_recipe

RECIPE = {
    "documentation": {"title": "Test", "description": "Test.", "authors": ["esmlearn_team"]},
    "datasets": [{"dataset": "CLOUDY", "project": "OBS6"}],
    "diagnostics": {
        "sst": {
            "variables": {
                "tos": {"mip": "Oday", "additional_datasets": [{"dataset": "CLEAR", "mip": "Omon"}]},
                "sos": None,
            },
            "scripts": {
                "train": {"script": "diagnostics/train.py", "epochs": 3},
                "report": {"script": "diagnostics/report.py", "ancestors": ["train", "sst/t*"]},
                "other": {"script": "other.py", "anything": "goes"},
            },
        }
    },
}


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Write a recipe where the scripts are, check it, and note which settings were looked at."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "diagnostics").mkdir()
    for name in ("diagnostics/train.py", "diagnostics/report.py", "other.py"):
        (tmp_path / name).touch()
    looked_at = {}

    def check_script(script, settings, datasets):
        looked_at[script] = (settings, datasets)
        return [f"unknown setting {key}." for key in settings if key.startswith("un")]

    monkeypatch.setitem(sys.modules, "esmlearn.settings", SimpleNamespace(check_script=check_script))

    def check(recipe):
        path = tmp_path / "recipe.yml"
        path.write_text(recipe if isinstance(recipe, str) else yaml.safe_dump(recipe, sort_keys=False))
        return check_recipe(path), looked_at

    return check


def test_a_good_recipe_has_no_problem_and_its_settings_are_looked_at(check):
    problems, looked_at = check(RECIPE)
    assert problems == []
    settings, datasets = looked_at["train"]
    assert settings == {"epochs": 3}
    assert [(d["short_name"], d["dataset"], d.get("mip")) for d in datasets] == [
        ("tos", "CLOUDY", "Oday"),
        ("tos", "CLEAR", "Omon"),
        ("sos", "CLOUDY", None),
    ]
    assert looked_at["report"][0] == {}
    assert set(looked_at) == {"train", "report"}


def test_all_problems_come_at_once(check):
    recipe = copy.deepcopy(RECIPE)
    del recipe["documentation"]["authors"]
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    scripts["train"]["unknwon"] = 1
    scripts["report"]["ancestors"] = ["trian"]
    scripts["other"]["script"] = "missing.py"
    problems, _ = check(recipe)
    assert len(problems) == 4
    for words in (
        "`authors`",
        "sst/train: unknown setting unknwon",
        "trian; the recipe has sst/other",
        "missing.py",
    ):
        assert any(words in problem for problem in problems), words


def test_ancestors_are_a_list(check):
    recipe = copy.deepcopy(RECIPE)
    recipe["diagnostics"]["sst"]["scripts"]["train"]["ancestors"] = "tos"
    assert check(recipe)[0] == ["sst/train: `ancestors` must be a list, such as [tos]."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: [1,\nc: {", "line 3"),
        ("just words", "`diagnostics`"),
        ("diagnostics:\n", "`diagnostics`"),
        ("documentation:\ndiagnostics:\n  a:\n    scripts:\n      b:\n", "`script` must name a file"),
    ],
)
def test_what_is_no_recipe_is_told(check, text, words):
    assert any(words in problem for problem in check(text)[0])


def test_a_missing_file_is_told(tmp_path):
    assert check_recipe(tmp_path / "recipe_x.yml") == [f"there is no recipe {tmp_path / 'recipe_x.yml'}."]
