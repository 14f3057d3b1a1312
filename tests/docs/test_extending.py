"""The examples of the pages on extending and on scores run as they stand there, and do what they say."""

import re
import runpy
from pathlib import Path
from unittest.mock import patch

import iris
import numpy as np
import pytest

from esmlearn.baselines import BASELINES
from esmlearn.gaps.simulate import KINDS
from esmlearn.methods import METHODS
from esmlearn.models.denoisers import DENOISERS
from esmlearn.settings import TRAIN
from esmlearn.tasks import TASKS
from esmlearn.tasks.reconstruct.train import fit
from esmlearn.trained.folder import write_folder
from tests.small import small_ocean, small_settings

DOCS = Path(__file__).parents[2] / "docs"
CODE = re.compile(r"(?:^`([\w./]+)`:\n\n)?^```(?:python|jinja)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks_of(page, heading):
    """Code under a heading: names of files, None for what is to be run, and their text."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", (DOCS / page).read_text("utf-8"), re.M | re.S)
    return [(name or None, text) for name, text in CODE.findall(section[1])]


@pytest.fixture
def run_example(tmp_path, monkeypatch):
    """Run the code under a heading beside two files of days; registries forget afterwards what it registered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, field in zip(("cloudy", "complete"), small_ocean(), strict=True):
        with iris.FUTURE.context(save_split_attrs=True):
            iris.save(field.to_cubes()[0], f"{name}.nc")

    def run(page, heading):
        for name, text in blocks_of(page, heading):
            path = tmp_path / (name or "example.py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return runpy.run_path("example.py")

    with (
        patch.dict(BASELINES),
        patch.dict(DENOISERS),
        patch.dict(KINDS),
        patch.dict(METHODS),
        patch.dict(TASKS),
        patch.dict(TRAIN),
    ):
        yield run


def hidden_ocean(observed):
    """Cells of the complete ocean that an observed cube lacks."""
    _, complete = small_ocean()
    return complete.observed[:, 0] & ~observed


def test_a_new_network_samples_members(run_example):
    found = run_example("extending.md", "A new network")
    members, days = found["result"].members, found["days"]
    observed = days.observed[:, 0]
    assert type(found["trained"].network).__name__ == "PlainNetwork"
    assert members.shape == (4, 10, 12, 16)
    np.testing.assert_array_equal(
        members[:, observed], np.broadcast_to(days.values[:, 0][observed], (4, observed.sum()))
    )
    assert np.isfinite(members[:, :, ~days.land]).all()
    hidden = ~observed & ~days.land
    truth = small_ocean()[1][500:510].values[:, 0]
    assert (members[:, hidden].std(axis=0) > 0).all()
    # After so few steps the network has learned the size of the anomalies, and which of them are alike.
    errors = [np.sqrt(np.mean((values[hidden] - truth[hidden]) ** 2)) for values in (members.mean(axis=0), members[0])]
    assert errors[0] < errors[1] < 3


def test_a_new_task_goes_from_training_to_output(run_example):
    found = run_example("extending.md", "A new task")
    cloudy, complete = small_ocean()
    observed, truth = cloudy.observed[:, 0], complete.values[:, 0]
    hidden = hidden_ocean(observed)
    days = found["days"].data.filled(np.nan)
    np.testing.assert_array_equal(days[observed], truth[observed])
    mean = np.nanmean(np.where(observed, truth, np.nan), axis=(1, 2))[:, None, None]
    test = slice(485, 730)  # from May of the second year on
    assert np.std((days - truth)[test][hidden[test]]) < 0.7 * np.std((mean - truth)[test][hidden[test]])
    output, application = found["output"], found["application"]
    assert (application.dataset, output.method) == ("Cloudy", "Nearby")
    assert str(output.field.dates[0])[:10] == "2002-05-01"
    inner = slice(1, -1)  # a neighbour of the first and the last day lies beyond the period
    np.testing.assert_allclose(output.result.daily[inner], days[test][inner], atol=1e-5)
    assert Path("model/README.md").read_text("utf-8").startswith("A convolution over the days nearby with 295 weights")


def test_a_new_baseline_is_scored_beside_the_others(run_example):
    found = run_example("extending.md", "A new baseline")
    scores, (cloudy, _) = found["scores"].set_index("method"), small_ocean()
    assert set(scores["role"]) == {"baseline"}
    assert scores.loc["mean_anomaly", "n"] == hidden_ocean(cloudy.observed[:, 0])[365:].sum()
    observed = cloudy.observed[365:, 0]
    cycle, shifted = (found["methods"][name].data.filled(np.nan) for name in ("climatology", "mean_anomaly"))
    anomalies = np.where(observed, cloudy.values[365:, 0] - cycle, 0.0)
    weights = observed * cloudy.area_weights
    shift = (weights * anomalies).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
    np.testing.assert_allclose(
        shifted, np.where(observed, cloudy.values[365:, 0], cycle + shift[:, None, None]), atol=1e-4
    )


def test_a_new_source_of_gaps_hides_its_share(run_example):
    found = run_example("extending.md", "A new source of gaps")
    hidden, cube = found["hidden"], found["cube"]
    assert hidden.mean() == pytest.approx(0.4, abs=0.01)
    assert (hidden == hidden[:, :, :1]).all()
    np.testing.assert_array_equal(hidden[1:, 1:], hidden[:-1, :-1])
    np.testing.assert_array_equal(np.ma.getmaskarray(cube.data), hidden | found["field"].land)


def test_a_new_score_is_what_a_sum_by_hand_gives(run_example):
    found = run_example("extending.md", "A new score")
    cloudy, complete = small_ocean()
    hidden = hidden_ocean(cloudy.observed[:, 0])[365:]
    area = np.broadcast_to(complete.area_weights, hidden.shape)[hidden]
    for row in found["rows"]:
        error = found["methods"][row["method"]].data.filled(np.nan) - complete.values[365:, 0]
        assert row["value"] == pytest.approx(np.average(np.abs(error[hidden]) < 0.5, weights=area), abs=1e-6)
        assert row["low"] < row["value"] < row["high"]
        assert (row["metric"], row["units"], row["n"]) == ("share_close", "1", hidden.sum())


@pytest.mark.parametrize(
    "heading", ["A new network", "A new task", "A new baseline", "A new source of gaps", "A new score"]
)
def test_an_example_is_short(heading):
    """Below fifty lines besides imports; for a package with a script that tries it, those of the package."""
    blocks = blocks_of("extending.md", heading)
    counted = [text for name, text in blocks if len(blocks) == 1 or str(name).endswith(".py")]
    lines = [line for text in counted for line in text.splitlines() if line and not re.match("import |from ", line)]
    assert 0 < len(lines) < 50


def test_scores_in_a_notebook(run_example, tmp_path):
    """Two files and a model, named as in the tutorial."""
    for name in ("cloudy", "complete"):
        Path(f"{name}.nc").rename(f"{name}_days.nc")
    settings = small_settings()
    Path("path/to").mkdir(parents=True)
    write_folder(Path("path/to/model"), fit(*small_ocean(), settings, tmp_path / "run"))
    found = run_example("tutorial.md", "6. Scores in a notebook")
    assert set(found["rmse"].index) == {"SpatioTemporalModel", "climatology", "time_interpolation"}
    assert (found["rmse"]["value"] > 0).all()
    assert found["first"].figure.axes
