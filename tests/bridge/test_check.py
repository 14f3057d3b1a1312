"""All mistakes of a recipe are listed at once."""

import pytest
import yaml

from esmlearn.bridge.check import check_recipe
from esmlearn.bridge.paths import find_model_folder

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

SCRIPT_FILES = ("diagnostics/reconstruct.py", "diagnostics/evaluate.py")


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Write a recipe where the scripts are, and check it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "diagnostics").mkdir()
    for name in ("diagnostics/train.py", "diagnostics/report.py", "other.py", *SCRIPT_FILES):
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


RECONSTRUCT = {"script": "diagnostics/reconstruct.py", "ancestors": ["tos", "train"]}


def reconstruct(recipe, **settings):
    """Add a script that reconstructs, and return the settings of all scripts."""
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    scripts["reconstruct"] = {**RECONSTRUCT, **settings}
    return scripts


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"climatology": "clim*.nc"}, "climatology is '"),
        ({"climatology": "~no.such.user/x"}, "climatology is '~no.such.user/x', where no file can be found"),
        ({"climatology": "x" * 300}, "File name too long"),
        ({"model": "runs/**x"}, "The setting model is 'runs/**x', which is no pattern of paths"),
        ({"model": "runs/*/model"}, "The setting model is 'runs/*/model', but there is no model folder"),
        ({"ancestors": ["tos"]}, "No ancestor left a model; add `train` to the ancestors"),
        ({"baselines": ["bicubic"]}, "baselines: bicubic can't fill gaps; choose from climatology"),
        ({"baselines": ["bicubic"], "model": "none"}, "baselines: bicubic can't fill gaps"),
        ({"baselines": "best"}, "baselines: `best` is for `model: none`"),
        ({"every": 2}, "`every` is for super-resolution"),
        ({"ablations": {"fewer": {"steps": 2}}}, "`ablations` are of an ensemble"),
        ({"ancestors": ["tos", "train", "*"]}, "the `ancestors` of"),
    ],
)
def test_what_the_script_would_refuse_after_the_training_is_found_before(check, recipe, settings, words):
    reconstruct(recipe, **settings)
    (problem,) = check(recipe)
    assert problem.startswith("sst/") and words in problem


def test_a_climatology_may_be_a_file_a_folder_or_a_dataset(check, recipe, tmp_path):
    for name in ("file.nc", "folder/settings.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("file.nc", "folder", "CLEAR", "packaged", "zero", None):
        reconstruct(recipe, climatology=name)
        assert check(recipe) == []


def test_a_run_to_resume_is_a_folder(check, recipe, tmp_path):
    train = recipe["diagnostics"]["sst"]["scripts"]["train"]
    train["training"] = {"resume": "earlier"}
    assert check(recipe) == [
        "sst/train: training.resume is earlier, which is no folder; give the folder of a killed run."
    ]
    (tmp_path / "earlier").mkdir()
    assert check(recipe) == []


def test_an_ensemble_needs_one_transformer(check, recipe):
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    fill = {"script": "diagnostics/train.py", "task": "fill", "data": scripts["train"]["data"]}
    scripts |= {"fill": {**fill, "ancestors": ["tos", "train"]}, "twice": {**fill, "ancestors": ["tos", "fill"]}}
    (problem,) = check(recipe)
    assert "sst/twice: first_guess `model` needs one trained transformer, but `ancestors` gives fill" in problem
    scripts["twice"]["ancestors"] = ["tos"]
    assert "sst/twice: No ancestor left a model" in check(recipe)[0]
    scripts["twice"]["first_guess"] = "climatology"
    assert check(recipe) == []


def test_scores_need_a_reconstruction(check, recipe):
    scripts = reconstruct(recipe)
    scripts["evaluate"] = {"script": "diagnostics/evaluate.py", "ancestors": ["tos"]}
    assert check(recipe) == [
        "sst/evaluate: no ancestor reconstructs anything; add the script `reconstruct` to `ancestors`."
    ]
    scripts["evaluate"]["ancestors"] = ["tos", "reconstruct"]
    assert check(recipe) == []


def test_a_ring_of_ancestors_is_found(check, recipe):
    """ESMValCore would follow it until Python gives up."""
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    scripts["train"]["ancestors"] = ["tos", "report"]
    scripts["report"]["ancestors"] = ["train"]
    (problem,) = check(recipe)
    assert "the `ancestors` of sst/" in problem and "sst/train" in problem and "sst/report" in problem


def test_a_folder_may_have_brackets_in_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs [1]" / "model").mkdir(parents=True)
    (tmp_path / "runs [1]" / "model" / "settings.json").touch()
    assert find_model_folder("runs [1]/model") == tmp_path / "runs [1]" / "model"


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
        ("a: 1\nb: 2001-13-45", "line 2 is not valid YAML: 2001-13-45: month must be in 1..12"),
        ("a: 1\nb: " + "1" * 5000, "line 2"),
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
