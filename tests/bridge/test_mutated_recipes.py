"""Whatever slips into a recipe, `learn check` lists it in sentences with its key, and no script ends otherwise.

`make fuzz` (HYPOTHESIS_PROFILE=long) tries many more slips than a run of the tests.
"""

import json
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from esmlearn.bridge.check import check_content, check_recipe
from esmlearn.bridge.recipes import scripts_of
from esmlearn.errors import SettingsError
from esmlearn.settings import SCRIPTS, from_script, settings_of
from tests.bridge.mutated_recipes import KEYS, RECIPES, SEEDS, Slip, slips

COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
    "phases": [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
}
settings.register_profile("long", max_examples=3000, **COMMON)
settings.register_profile("quick", max_examples=100, derandomize=True, **COMMON)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

ROOT = Path(__file__).parents[2]
NAMED = {*KEYS, "script", "ancestors", "task", "preprocessor", "documentation"}
SCRIPT_OF_DEMO = "there is no model folder; train one first"
"""What recipe_sst_reconstruction_apply.yml lacks before the demo has run."""


PUT = ("", ":", "\n", "[", "- ", "&a [*a]", "2001-13-45", "{{", "1" * 5000, "!!set", "\t", "é")
ABLATION = {"script": "diagnostics/reconstruct.py", "model": "none", "ablations": {"steps": {"step": 10}}}
ONE_SCRIPT = {**SEEDS[0], "diagnostics": {"sst": {"scripts": {"reconstruct": ABLATION}}}}
"""The ablation has the name of a setting, and a slip below it."""

NO_RECIPES = ("[" * 5000, "a: &a [*a]", "\0", "a: !!python/object:os.system {}", "? {}\n: 1", "1e400")


@pytest.fixture(autouse=True, scope="module")
def _in_the_repository():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield


def checked(recipe):
    """Problems of a recipe, each in one line that names a key."""
    problems = [problem for problem in check_content(recipe, Path("recipe.yml")) if SCRIPT_OF_DEMO not in problem]
    for problem in problems:
        assert re.fullmatch(r".+[.?]", problem), problem
        assert NAMED & set(re.findall(r"\w+", problem.partition(": ")[2])), problem
    return problems


@pytest.mark.parametrize("recipe", SEEDS)
def test_a_recipe_with_all_settings_by_their_defaults_has_no_problem(recipe):
    assert checked(recipe) == []


@given(slips())
@settings(PROFILE)
@example(Slip(ONE_SCRIPT, ("step",)))
def test_a_slip_is_named(slip):
    problems = checked(slip.recipe)
    lost = {"ancestors", "script"} & {*slip.keys}  # what another script or dataset would have given
    assert not problems or lost or any(key in problem for problem in problems for key in slip.keys), problems


@given(slips())
@settings(PROFILE)
def test_a_script_takes_settings_or_refuses_them(slip):
    """What is taken comes back the same from the file of a model folder: without NaN, and of one type."""
    for _, _, own in scripts_of(slip.recipe):
        script = Path(str(own.get("script"))).stem
        if script in SCRIPTS:
            with suppress(SettingsError):
                block = from_script(settings_of(script, own), own)
                text = json.dumps(block.model_dump(mode="json"), allow_nan=False)
                assert type(block).model_validate_json(text) == block


@given(st.sampled_from(RECIPES), st.data())
@settings(PROFILE, max_examples=PROFILE.max_examples // 10)
def test_any_text_is_checked(tmp_path_factory, file, data):
    """A recipe with some characters cut out or put in."""
    text = file.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.integers(0, 300))
    put = data.draw(
        st.sampled_from(["", ":", "\n", "[", "- ", "&a [*a]", "2001-13-45", "{{", "1" * 5000, "!!set", "\t", "é"])
    )
    path = tmp_path_factory.mktemp("text") / "recipe.yml"
    path.write_text(text[:start] + put + text[end:], encoding="utf-8")
    for problem in check_recipe(path):
        assert re.fullmatch(r".+[.?]", problem), problem


@pytest.mark.parametrize(
    "text", ["[" * 5000, "a: &a [*a]", "\0", "a: !!python/object:os.system {}", "? {}\n: 1", "1e400"]
)
def test_what_is_no_recipe_is_refused(tmp_path, text):
    path = tmp_path / "recipe.yml"
    path.write_text(text)
    (problem,) = check_recipe(path)
    assert str(path) in problem


def test_a_recipe_that_holds_itself_is_checked(tmp_path):
    """YAML can name a list within itself."""
    recipe = yaml.safe_load(RECIPES[0].read_text(encoding="utf-8"))
    ring: list = []
    ring.append(ring)
    for _, _, one in scripts_of(recipe):
        one["data"] = ring
    assert checked(recipe)
