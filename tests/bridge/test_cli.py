"""The commands, as `esmvaltool learn …` reaches them."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import fire
import pytest
from netCDF4 import Dataset

from esmlearn.bridge.cli import Learn
from esmlearn.datasets.demo_depth import write_demo_depth
from esmlearn.datasets.demo_ocean import FIRST_DAY, LAST_DAY, write_demo_ocean

REPOSITORY = Path(__file__).parents[2]


def test_esmvalcore_finds_the_commands():
    """`make test` has installed the package."""
    (learn,) = entry_points(group="esmvaltool_commands", name="learn")
    assert learn.load() is Learn


def test_every_run_pays_little_for_the_commands():
    """ESMValCore imports and instantiates them before each run."""
    heavy = ("torch", "iris", "matplotlib", "numpy", "yaml", "esmvalcore.config")
    code = f"import sys, esmlearn.bridge.cli as c; c.Learn(); print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_check_lists_problems_and_fails(tmp_path, capsys):
    recipe = tmp_path / "recipe.yml"
    recipe.write_text("documentation: {title: a, description: b}\ndiagnostics: {a: {scripts: {b: {script: c.py}}}}\n")
    with pytest.raises(SystemExit) as stop:
        Learn().check(str(recipe))
    assert stop.value.code == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_report_prints_one_absolute_path(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").touch()
    Learn().report("out")
    assert capsys.readouterr().out == f"{tmp_path / 'out' / 'report.html'}\n"


def test_report_links_esmvalcores_overview(tmp_path, capsys):
    report = tmp_path / "run_1" / "work" / "sst" / "report" / "report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    index = tmp_path / "run_1" / "index.html"
    index.write_text("<h1>Title</h1>")
    Learn().report(str(tmp_path))
    assert capsys.readouterr().out == f"{report}\n"
    assert 'href="work/sst/report/report.html"' in index.read_text()


def test_the_output_of_fill_has_a_short_name(tmp_path, monkeypatch):
    """As the documentation writes it; fire refuses one letter that several settings begin with."""
    asked = {}
    monkeypatch.setattr("esmlearn.bridge.filling.fill_files", lambda files, **options: asked.update(options) or [])
    fire.Fire(Learn, command=["fill", "some.nc", "-o", str(tmp_path / "out.nc")])
    assert asked["output"] == str(tmp_path / "out.nc")


@pytest.mark.parametrize("command", ["status", "report", "why"])
def test_a_folder_without_a_run_ends_in_one_line(tmp_path, capsys, command):
    with pytest.raises(SystemExit):
        getattr(Learn(), command)(str(tmp_path))
    assert capsys.readouterr().out.startswith("ERROR esmlearn: ")


def test_configure_says_what_it_did(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ESMVALTOOL_CONFIG_DIR", str(tmp_path))
    monkeypatch.chdir(REPOSITORY)
    Learn().configure()
    assert str(tmp_path / "config-user.yml") in capsys.readouterr().out


def test_demo_ocean_has_depth_when_asked(tmp_path, capsys):
    """Files of five days pass for the whole demo ocean here: what is there already is not made again."""
    for write in (write_demo_ocean, write_demo_depth):
        for path in write(tmp_path, last_day="2001-01-05"):
            with Dataset(path, "a") as file:
                file.period = f"{FIRST_DAY}/{LAST_DAY}"
            path.rename(path.with_name(path.name.replace("20010105", LAST_DAY.replace("-", ""))))
    Learn().demo_ocean(str(tmp_path))
    assert "(2 files)" in capsys.readouterr().out
    Learn().demo_ocean(str(tmp_path), depth=True)
    assert "(4 files)" in capsys.readouterr().out
