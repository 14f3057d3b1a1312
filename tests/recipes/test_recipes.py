"""Every recipe passes its check, and mistakes of users are found before ESMValCore starts.

The demo recipes are run whole, from set-up to report, by `.ci/run`.
"""

from pathlib import Path

import pytest
import yaml

from esmlearn.bridge.check import check_recipe

REPOSITORY = Path(__file__).parents[2]
RECIPES = sorted((REPOSITORY / "recipes").glob("recipe_*.yml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_recipe_is_fine(recipe, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    # The apply recipe needs the model that `make demo` leaves, which a clone does not have.
    assert [problem for problem in check_recipe(recipe) if "there is no model folder" not in problem] == []


def test_a_missing_model_folder_is_found_before_the_run(monkeypatch, tmp_path):
    monkeypatch.setenv("ESMLEARN_STARTED_FROM", str(tmp_path))
    monkeypatch.chdir(REPOSITORY)
    problems = check_recipe(REPOSITORY / "recipes" / "recipe_sst_reconstruction_apply.yml")
    assert len(problems) == 1
    assert "there is no model folder; train one first" in problems[0]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_recipe_is_a_tutorial_on_two_screens(recipe):
    lines = recipe.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) <= 100


def test_all_mistakes_of_a_recipe_are_found_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    recipe = yaml.safe_load((REPOSITORY / "recipes" / "recipe_sst_reconstruction.yml").read_text())
    scripts = recipe["diagnostics"]["sst"]["scripts"]
    scripts["train"]["data"]["target"] = "DemoOcaen"
    scripts["train"]["model"] = {"patch_sise": [1, 4, 4]}
    scripts["reconstruct"]["period"] = "2004/2003"
    scripts["evaluate"]["ancestors"] = ["tos", "reconstrct"]
    file = tmp_path / "recipe_wrong.yml"
    file.write_text(yaml.safe_dump(recipe))
    text = "\n".join(check_recipe(file))
    assert "did you mean 'patch_size'" in text
    assert "ends before it starts" in text
    assert "reconstrct" in text
    del scripts["train"]["model"]
    file.write_text(yaml.safe_dump(recipe))
    assert "'DemoOcaen', but the recipe has DemoOcean, DemoOceanCloudy" in "\n".join(check_recipe(file))


def test_an_ablation_of_an_unknown_condition_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    recipe = yaml.safe_load((REPOSITORY / "recipes" / "recipe_depth_densification.yml").read_text())
    scripts = recipe["diagnostics"]["depth"]["scripts"]
    scripts["reconstruct"]["ablations"] = {"blind": {"without": ["surfaec"]}}
    file = tmp_path / "recipe_wrong.yml"
    file.write_text(yaml.safe_dump(recipe))
    (problem,) = check_recipe(file)
    assert "ablations.blind.without names surfaec" in problem
    assert "do without surface, place, date only" in problem
