"""All mistakes of a recipe are listed at once."""

import pytest
import yaml

from esmlearn.bridge.check import check_recipe

RECIPE = """
documentation: {title: Test, description: Test., authors: [esmlearn_team]}
datasets:
  - {dataset: CLOUDY, project: OBS6}
diagnostics:
  sst:
    variables:
      tos:
        mip: Oday
        additional_datasets:
          - {dataset: CLEAR, mip: Omon}
      sos:
    scripts:
      train:
        script: diagnostics/train.py
        data:
          observations: CLOUDY
          target: CLEAR
          split: {train: 2001/2002, validation: 2003/2003, test: 2004/2004}
      report: {script: diagnostics/report.py, ancestors: [train, sst/t*]}
      other: {script: other.py, anything: goes}
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Write a recipe where the scripts are, and check it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "diagnostics").mkdir()
    for name in ("diagnostics/train.py", "diagnostics/report.py", "other.py"):
        (tmp_path / name).touch()

    def check(recipe):
        path = tmp_path / "recipe.yml"
        path.write_text(recipe if isinstance(recipe, str) else yaml.safe_dump(recipe, sort_keys=False))
        return check_recipe(path)

    return check


@pytest.fixture
def recipe():
    return yaml.safe_load(RECIPE)


def test_a_good_recipe_has_no_problem(check, recipe):
    assert check(recipe) == []


def test_a_script_has_the_datasets_of_its_ancestors_alone(check, recipe):
    """By name and by variable; a dataset of the whole recipe belongs to each variable."""
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    scripts["train"]["data"]["target"] = "CLEARED"
    assert check(recipe) == [
        "sst/train: data.target names the dataset 'CLEARED', but the recipe has CLEAR, CLOUDY, sos, tos."
    ]
    scripts["train"]["ancestors"] = ["sos"]
    assert "'CLEARED', but the recipe has CLOUDY, sos." in check(recipe)[0]


def test_all_problems_come_at_once(check, recipe):
    del recipe["documentation"]["authors"]
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    scripts["train"]["unknwon"] = 1
    scripts["report"]["ancestors"] = ["trian"]
    scripts["other"]["script"] = "missing.py"
    problems = check(recipe)
    assert len(problems) == 4
    for words in (
        "`authors`",
        "sst/train: Unknown setting 'unknwon'",
        "trian; the recipe has sst/other",
        "missing.py",
    ):
        assert any(words in problem for problem in problems), words


def test_ancestors_are_a_list(check, recipe):
    recipe["diagnostics"]["sst"]["scripts"]["report"]["ancestors"] = "train"
    assert check(recipe) == ["sst/report: `ancestors` must be a list, such as [train]."]


@pytest.mark.parametrize("half_written", [None, "CLOUDY", ["CLOUDY"], {"dataset": "CLOUDY"}])
def test_datasets_that_are_only_begun_break_nothing(check, recipe, half_written):
    recipe["datasets"] = half_written
    recipe["diagnostics"]["sst"]["additional_datasets"] = half_written
    (problem,) = check(recipe)
    assert "names the dataset 'CLOUDY', but the recipe has CLEAR, tos." in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: [1,\nc: {", "line 3"),
        ("just words", "`diagnostics`"),
        ("diagnostics:\n", "`diagnostics`"),
        ("documentation:\ndiagnostics:\n  a:\n    scripts:\n      b:\n", "`script` must name a file"),
    ],
)
def test_what_is_no_recipe_is_a_problem(check, text, words):
    assert any(words in problem for problem in check(text))


def test_a_missing_file_is_a_problem(tmp_path):
    assert check_recipe(tmp_path / "recipe_x.yml") == [f"there is no recipe {tmp_path / 'recipe_x.yml'}."]


def test_a_preprocessor_that_is_not_there_is_a_problem(check, recipe):
    recipe["diagnostics"]["sst"]["variables"]["tos"]["preprocessor"] = "oceann"
    recipe["preprocessors"] = {"ocean": {}}
    assert check(recipe) == ["sst/tos: there is no preprocessor 'oceann'; the recipe has ocean."]
