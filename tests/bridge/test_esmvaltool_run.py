"""`esmvaltool run` resolves our tags and papers, with ESMValTool and without, and explains failures.

ESMValTool itself is large; a package of that name with the same layout has the same effect on ESMValCore.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from esmlearn.bridge.reasons import find_reason
from esmlearn.bridge.runs import find_report

REPOSITORY = Path(__file__).parents[2]

RECIPE = {
    "documentation": {
        "title": "Tags",
        "description": "One figure, one paper.",
        "authors": ["esmlearn_team"],
        "projects": ["esmlearn"],
        "references": ["goh2024"],
    },
    "diagnostics": {"ocean": {"scripts": {"plot": {"script": "diagnostics/plot.py", "refuse": False}}}},
}

SCRIPT = """
import matplotlib.pyplot as plt
from esmlearn.bridge.diagnostic import run_diagnostic, save_figure
from esmlearn.errors import DataError

with run_diagnostic() as cfg:
    if cfg["refuse"]:
        raise DataError("the region has no ocean; choose another one.")
    record = {
        "caption": "A line.",
        "ancestors": [],
        "authors": ["esmlearn_team"],
        "references": ["tong2022"],
        "plot_types": ["line"],
        "statistics": ["mean"],
    }
    save_figure("line", record, cfg, plt.figure())
"""


@pytest.fixture
def run(tmp_path):
    """Run the recipe in a folder with our tags, as in the root of the repository."""
    shutil.copytree(REPOSITORY / "references", tmp_path / "references")
    shutil.copy(REPOSITORY / "config-references.yml", tmp_path)
    (tmp_path / "config").mkdir()
    shutil.copy(REPOSITORY / "config-user.yml", tmp_path / "config")
    (tmp_path / "diagnostics").mkdir()
    (tmp_path / "diagnostics" / "plot.py").write_text(SCRIPT)

    def run(*packages, refuse=False):
        RECIPE["diagnostics"]["ocean"]["scripts"]["plot"]["refuse"] = refuse
        (tmp_path / "recipe_tags.yml").write_text(yaml.safe_dump(RECIPE))
        environment = {
            **os.environ,
            "ESMVALTOOL_CONFIG_DIR": str(tmp_path / "config"),
            "PYTHONPATH": os.pathsep.join(map(str, [*packages, REPOSITORY])),
        }
        command = [sys.executable, "-c", "from esmvalcore._main import run; run()", "run", "recipe_tags.yml"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr, tmp_path / "esmvaltool_output"

    return run


def assert_tags_are_resolved(output, *, statistic):
    (figure,) = output.glob("*/plots/ocean/plot/line.png")
    citation = figure.with_name("line_citation.bibtex").read_text()
    assert "VideoMAE" in citation  # the script's
    assert "MAESSTRO" in citation  # the recipe's
    provenance = figure.with_name("line_provenance.xml").read_text()
    assert "esmlearn, developers" in provenance
    assert "line plot" in provenance
    assert statistic in provenance
    overview = find_report(output)
    assert overview.name == "index.html"
    assert "line.png" in overview.read_text()
    assert "Goh" in overview.read_text()


@pytest.mark.skipif(find_spec("esmvaltool") is not None, reason="the package ESMValTool is installed here")
def test_without_esmvaltool(run):
    code, log, output = run()
    assert code == 0, log
    assert_tags_are_resolved(output, statistic="'mean'")


def test_with_esmvaltool(run, tmp_path):
    """ESMValTool's own tags keep their meaning, and ours are added."""
    package = tmp_path / "site" / "esmvaltool"
    (package / "references").mkdir(parents=True)
    (package / "__init__.py").touch()
    theirs = {"authors": {"someone": {"name": "One, Some", "institute": "", "orcid": None}}}
    theirs["statistics"] = {"mean": "what ESMValTool calls a mean"}
    (package / "config-references.yml").write_text(yaml.safe_dump(theirs))
    code, log, output = run(tmp_path / "site")
    assert code == 0, log
    assert_tags_are_resolved(output, statistic="what ESMValTool calls a mean")


def test_a_refusal_of_a_script_is_found_again(run):
    code, _, output = run(refuse=True)
    assert code == 1
    assert find_reason(output) == "ERROR esmlearn: the region has no ocean; choose another one."
