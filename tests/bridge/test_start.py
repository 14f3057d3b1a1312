"""Runs of our recipes are prepared; runs of other people's recipes are not changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from esmlearn.bridge.paths import STARTED_FROM
from esmlearn.bridge.start import prepare_run
from esmlearn.bridge.stopping import STARTED_BY

REPOSITORY = Path(__file__).parents[2]
RECIPE = {
    "diagnostics": {
        "a": {"variables": {"tos": None}, "scripts": None},
        "b": {"scripts": {"c": {"script": "c.R"}, "d": {"script": "diagnostics/train.py", "task": "fill"}}},
    }
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a script of ours, one of somebody else's, and a recipe for each."""
    monkeypatch.chdir(tmp_path)
    Path("diagnostics").mkdir()
    Path("diagnostics", "train.py").write_text('"""Train."""\n\nfrom esmlearn.tasks import TASKS\n')
    Path("c.R").write_bytes(b"# not esmlearn \xff\n")
    Path("ours.yml").write_text(yaml.safe_dump(RECIPE))
    Path("foreign.yml").write_text(yaml.safe_dump(RECIPE).replace("diagnostics/train.py", "c.R"))
    return tmp_path


def prepared(*argv):
    environ = {}
    prepare_run(["esmvaltool", *argv], environ)
    return environ


@pytest.mark.parametrize(
    "argv",
    [
        "run ours.yml",
        "run ours.yml --max_parallel_tasks=1",
        "run --config_dir elsewhere --log_level debug ours.yml",
        "run --recipe=ours.yml",
        "run --recipe $HERE/ours.yml",
    ],
)
def test_our_recipe_is_found_wherever_it_stands(folder, monkeypatch, argv):
    """Scripts get the folder where the run was started: paths in a recipe are relative to it."""
    monkeypatch.setenv("HERE", str(folder))
    assert prepared(*argv.split()) == {
        STARTED_FROM: str(folder),
        STARTED_BY: str(os.getpid()),
        "OMP_WAIT_POLICY": "PASSIVE",
    }


@pytest.mark.parametrize("argv", ["", "version", "learn check ours.yml", "run", "run foreign.yml", "run missing.yml"])
def test_nothing_is_set_for_other_calls(folder, argv):
    assert prepared(*argv.split()) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"a: [",
        b"\xff\xfe",
        b"words",
        b"",
        b"diagnostics: [1]",
        b"diagnostics: {a: {scripts: {b: c, d: {script: [1]}}}}",
    ],
)
def test_what_is_no_recipe_is_not_ours(folder, content, capsys):
    Path("odd.yml").write_bytes(content)
    assert prepared("run", "odd.yml") == {}
    assert capsys.readouterr() == ("", "")


def test_a_script_that_only_has_the_name_of_ours_is_not(folder):
    Path("diagnostics", "train.py").write_text("import sklearn\n")
    assert prepared("run", "ours.yml") == {}


def test_the_users_own_wait_policy_stays(folder):
    environ = {"OMP_WAIT_POLICY": "ACTIVE"}
    prepare_run(["esmvaltool", "run", "ours.yml"], environ)
    assert environ["OMP_WAIT_POLICY"] == "ACTIVE"


LOOK = """
import json, sys
from esmvalcore.config._diagnostics import DIAGNOSTICS, TAGS
from esmlearn.bridge.start import prepare_run
prepare_run(["esmvaltool", "run", sys.argv[1]], {})
print(json.dumps([dict(TAGS), type(DIAGNOSTICS).__name__, (DIAGNOSTICS.references / "paper.bibtex").is_file()]))
"""


@pytest.mark.parametrize("recipe", ["ours.yml", "foreign.yml"])
def test_esmvaltools_tags_and_papers_change_for_our_recipes_only(folder, recipe):
    package = folder / "site" / "esmvaltool"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    theirs = {"authors": {"someone": {"name": "One, Some"}}}
    (package / "config-references.yml").write_text(yaml.safe_dump(theirs))
    Path("config-references.yml").write_text(yaml.safe_dump({"authors": {"team": {"name": "Team"}}}))
    Path("references").mkdir()
    Path("references", "paper.bibtex").touch()

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package.parent), str(REPOSITORY)])}
    command = [sys.executable, "-c", LOOK, recipe]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    tags, kind, has_paper = json.loads(run.stdout)
    if recipe == "ours.yml":
        assert set(tags["authors"]) == {"someone", "team"} and has_paper
    else:
        assert (tags, kind, has_paper) == (theirs, "Diagnostics", False)
