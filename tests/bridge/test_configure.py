"""ESMValCore finds the demo ocean, and nobody's configuration is touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from esmlearn.bridge.configure import configure, user_config_folder
from esmlearn.errors import SettingsError

REPOSITORY = Path(__file__).parents[2]
OURS = (REPOSITORY / "config-user.yml").read_text()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A configuration folder that does not exist yet."""
    folder = tmp_path / "config"
    monkeypatch.setenv("ESMVALTOOL_CONFIG_DIR", str(folder))
    return folder


def contents(folder):
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_the_default_folder_is_esmvalcores(monkeypatch, tmp_path):
    monkeypatch.delenv("ESMVALTOOL_CONFIG_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_config_folder() == tmp_path / ".config" / "esmvaltool"


def test_a_newcomer_gets_our_file_once(folder):
    assert str(folder / "config-user.yml") in configure(REPOSITORY)
    assert contents(folder) == {"config-user.yml": OURS}
    configure(REPOSITORY)
    assert contents(folder) == {"config-user.yml": OURS}


@pytest.mark.parametrize("name", ["config-user.yml", "data-local.yaml"])
def test_a_users_file_is_never_touched(folder, name):
    folder.mkdir()
    (folder / name).write_text("output_dir: ~/mine\n")
    message = configure(REPOSITORY)
    assert "untouched" in message
    assert set(contents(folder)) == {name, "esmlearn-demo.yml"}
    assert contents(folder)[name] == "output_dir: ~/mine\n"
    added = yaml.safe_load(contents(folder)["esmlearn-demo.yml"])
    assert added == {"projects": yaml.safe_load(OURS)["projects"]}
    before = contents(folder)
    configure(REPOSITORY)
    assert contents(folder) == before


def test_our_file_may_be_changed_afterwards(folder):
    configure(REPOSITORY)
    (folder / "config-user.yml").write_text(OURS.replace("output_dir: esmvaltool_output", "output_dir: ~/mine"))
    configure(REPOSITORY)
    assert set(contents(folder)) == {"config-user.yml"}


def test_another_file_of_our_name_is_left_alone_and_named(folder):
    folder.mkdir()
    (folder / "esmlearn-demo.yml").write_text("projects: {}\n")
    with pytest.raises(SettingsError, match=r"esmlearn-demo\.yml"):
        configure(REPOSITORY)
    assert contents(folder) == {"esmlearn-demo.yml": "projects: {}\n"}


def test_a_broken_file_of_the_users_is_left_to_esmvalcore(folder):
    folder.mkdir()
    (folder / "mine.yml").write_text("a: [")
    configure(REPOSITORY)
    assert contents(folder)["mine.yml"] == "a: ["


def test_elsewhere_than_in_the_repository_it_says_where_to_go(folder, tmp_path):
    with pytest.raises(SettingsError, match="repository"):
        configure(tmp_path)
    assert not folder.exists()


FIND = """
import json, os, sys
from esmvalcore.config import CFG
from esmvalcore.dataset import Dataset

found = [str(CFG["output_dir"])]
for clone in sys.argv[1:]:
    os.chdir(clone)
    demo = {"project": "OBS6", "dataset": "DEMO", "type": "sat", "version": "v1", "tier": 2}
    dataset = Dataset(**demo, mip="Oday", short_name="tos")
    dataset.session = CFG.start_session("test")
    found += [os.path.abspath(str(file)) for file in dataset.files]
print(json.dumps(found))
"""


@pytest.mark.parametrize("users_own", [None, "output_dir: mine\n"])
def test_esmvalcore_finds_the_demo_ocean_of_whatever_repository_it_runs_in(folder, tmp_path, users_own):
    """One configuration serves two copies of the repository, with a user's own configuration and without."""
    if users_own:
        folder.mkdir()
        (folder / "config-user.yml").write_text(users_own)
    configure(REPOSITORY)
    clones, files = [tmp_path / "first", tmp_path / "second"], []
    for clone in clones:
        files.append(clone / "demo_data" / "Tier2" / "DEMO" / "OBS6_DEMO_sat_v1_Oday_tos_20000101-20001231.nc")
        files[-1].parent.mkdir(parents=True)
        files[-1].touch()
    command = [sys.executable, "-c", FIND, *map(str, clones)]
    run = subprocess.run(command, cwd=clones[0], env=os.environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    output, *found = map(Path, json.loads(run.stdout.splitlines()[-1]))
    assert found == files
    assert output == clones[0] / ("mine" if users_own else "esmvaltool_output")
