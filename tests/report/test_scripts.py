"""The scripts evaluate and report, from settings to products and records."""

import json
import runpy
from datetime import date
from pathlib import Path

import iris
import numpy as np
import pytest
import yaml

from esmlearn.errors import DataError, SettingsError
from tests.report.conftest import DIAGNOSTIC

SCRIPTS = Path(__file__).parents[2] / "diagnostics"


def run(name, cfg):
    """Run a script's main, as ESMValTool would with these settings."""
    (Path(cfg["run_dir"]) / "diagnostic_provenance.yml").unlink(missing_ok=True)
    runpy.run_path(str(SCRIPTS / f"{name}.py"))["main"](cfg)
    return yaml.safe_load((Path(cfg["run_dir"]) / "diagnostic_provenance.yml").read_text(encoding="utf-8"))


def rmse(rows, frequency):
    return {row["method"]: row["value"] for row in rows if row["metric"] == "rmse" and row["frequency"] == frequency}


def test_evaluate_leaves_scores_and_figures_with_their_records(session):
    cfg = session.cfg("evaluate", ["reconstruct"], truth="Complete")
    records = run("evaluate", cfg)
    rows = json.loads((session.work("evaluate") / "scores.json").read_text())
    for frequency in ("day", "mon"):
        assert rmse(rows, frequency) == pytest.approx(
            {"climatology": 1.0, "time_interpolation": 0.5, "Net": 0.2}, abs=1e-4
        )
    n = next(row["n"] for row in rows if row["frequency"] == "day")
    assert n == (~session.gappy.observed[:, 0] & ~session.full.land).sum()
    assert all("bin" not in row for row in rows)
    parts = json.loads((session.work("evaluate") / "breakdown.json").read_text())
    assert {row["bin"]["by"] for row in parts} == {
        "month",
        "season",
        "share_hidden",
        "distance_to_observation",
        "distance_to_coast",
        "days_to_observation",
    }
    figures = {Path(file).stem for file in records if file.endswith(".png")}
    assert figures == {
        "skill_ranked",
        "maps_methods",
        "maps_day",
        "maps_month",
        "maps_bias",
        "time_series",
        "skill_by_difficulty_day",
        "skill_by_difficulty_mon",
        "calibration",
    }
    assert all(Path(file).is_file() for file in records)
    # Two files with one stem in one folder would share one record of ESMValCore's, and stop the run.
    assert len({Path(file).with_suffix("") for file in records}) == len(records)
    assert (session.work("evaluate") / "scores.csv").is_file()
    for record in records.values():
        assert record["caption"]
        assert set(session.inputs) <= set(record["ancestors"])


def test_an_ensemble_is_evaluated_and_reported_beside_the_model_it_departs_from(make_session):
    """Two trainings, by scripts with other names than their files; the recipe has the files."""
    session = make_session()
    session.train("Card of Net.")
    session.train("Card of Draw.", script="draw", task="fill")
    session.reconstruct(members=6)
    scripts = {"train": "train", "draw": "train", "reconstruct": "reconstruct", "evaluate": "evaluate"}
    blocks = {name: {"script": f"diagnostics/{file}.py"} for name, file in scripts.items()}
    recipe = {"diagnostics": {DIAGNOSTIC: {"scripts": blocks}}}
    (session.root / "run").mkdir(exist_ok=True)
    (session.root / "run" / "recipe_mock.yml").write_text(yaml.safe_dump(recipe))
    records = run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))
    found = {Path(file).name for file in records}
    assert {"ensemble.json", "ensemble_members.png", "rank_histogram.png", "spread_skill.png"} <= found
    ensembles = json.loads((session.work("evaluate") / "ensemble.json").read_text())
    assert [(record["method"], record["frequency"], record["members"]) for record in ensembles] == [
        ("ConditionalDiffusion", "day", 6),
        ("ConditionalDiffusion", "mon", 6),
    ]
    rows = json.loads((session.work("evaluate") / "scores.json").read_text())
    assert {"crps_plain", "energy_score", "psnr", "ssim"} <= {
        row["metric"] for row in rows if row["method"] == "ConditionalDiffusion"
    }
    records = run("report", session.cfg("report", ["train", "draw", "reconstruct", "evaluate"]))
    assert {"training_curve_train.png", "training_curve_draw.png"} <= {Path(file).name for file in records}
    page = (session.work("report") / "report.html").read_text(encoding="utf-8")
    for words in ("Card of Net.", "Card of Draw.", "Training: draw", "task: fill\n", "decorrelation_days",
                  "Conditional diffusion samples members", "the CRPS of conditional diffusion", "PSNR (dB)",
                  "The daily intervals of Net that should hold"):  # fmt: skip
        assert words in page
    first, second = (page.index(f"On daily fields of Gappy, {name} has") for name in ("conditional diffusion", "Net"))
    assert first < second


def test_withheld_values_of_the_dataset_itself_count_without_a_truth(make_session):
    """A complete dataset that was hidden by the script that reconstructs is its own truth."""
    session = make_session(name="Complete")
    session.inputs = {file: facets for file, facets in session.inputs.items() if "gappy" not in file}
    session.reconstruct()
    run("evaluate", session.cfg("evaluate", ["reconstruct"]))
    rows = json.loads((session.work("evaluate") / "scores.json").read_text())
    assert rmse(rows, "day")["Net"] == pytest.approx(0.2, abs=1e-4)


def test_a_truth_that_two_files_fit_is_refused(make_session):
    """Both are on the grid and have the same variable group: either might be the wrong one."""
    session = make_session(name="Complete")
    session.reconstruct()
    with pytest.raises(DataError, match=r"The name 'Complete' fits several files \(complete.nc, gappy.nc\)"):
        run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))
    first, second = session.inputs
    session.inputs[second] |= {"variable_group": "tos_gappy"}
    session.inputs[first] |= {"variable_group": "Complete"}
    run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))
    assert rmse(json.loads((session.work("evaluate") / "scores.json").read_text()), "day")["Net"] > 0.1


def test_real_gaps_are_shown_and_not_scored(session):
    records = run("evaluate", session.cfg("evaluate", ["reconstruct"]))
    assert json.loads((session.work("evaluate") / "scores.json").read_text()) == []
    assert {Path(file).stem for file in records if file.endswith(".png")} == {"maps_day", "maps_month", "time_series"}
    run("report", session.cfg("report", ["train", "reconstruct", "evaluate"]))
    page = (session.work("report") / "report.html").read_text(encoding="utf-8")
    assert "There are no scores in this report" in page
    assert "can be looked at, but not scored" in page


@pytest.mark.parametrize(
    ("own", "error", "message"),
    [
        ({"truth": "Perfect"}, DataError, "truth: the script has no dataset 'Perfect'.*Complete"),
        (
            {"truth": "Complete", "dates": [date(1999, 1, 1)]},
            SettingsError,
            "dates: 1999-01-01.*2004-01-15 to 2004-03-14",
        ),
        ({"truth": "Complete", "place": {"latitude": -60, "longitude": 0}}, SettingsError, "place:.*outside"),
    ],
)
def test_wrong_settings_are_refused_in_one_sentence(session, own, error, message):
    with pytest.raises(error, match=message):
        run("evaluate", session.cfg("evaluate", ["reconstruct"], **own))


def test_the_only_split_there_is_counts_under_its_own_name(session):
    run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete", split="all"))
    rows = json.loads((session.work("evaluate") / "scores.json").read_text())
    assert {row["split"] for row in rows} == {"test"}


def test_nothing_reconstructed_is_said(session):
    with pytest.raises(DataError, match="no reconstruction of the split 'test'"):
        run("evaluate", session.cfg("evaluate", ["train"], truth="Complete"))


def test_a_truth_that_lacks_dates_is_refused(session):
    path = next(iter(session.inputs))
    cube = iris.load_cube(path)
    cube.data  # noqa: B018  the file is about to be replaced
    iris.save(cube[5:], path)
    with pytest.raises(DataError, match="lacks 5 of the 60 dates"):
        run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))


def test_methods_with_other_observations_are_refused(session):
    path = session.work("reconstruct") / "tos_gappy_Net_day.nc"
    cube = iris.load_cube(path)
    cube.data  # noqa: B018
    flag = cube.ancillary_variable("sea_surface_temperature status_flag")
    flag.data = np.ma.masked_array(1 - flag.data.filled(0), mask=np.ma.getmaskarray(flag.data))
    iris.save(cube, path)
    with pytest.raises(DataError, match="other observations"):
        run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))


def test_report_gathers_the_run(session):
    run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))
    (session.root / "run" / "recipe_mock.yml").write_text(
        "documentation: {title: Warm water, description: A try.}\npreprocessors: {grid: {regrid: {target_grid: 1x1}}}\n"
    )
    weights = session.work("train") / "model" / "model.safetensors"
    weights.with_name("model_provenance.xml").write_text("<xml/>")
    records = run("report", session.cfg("report", ["train", "reconstruct", "evaluate"], summary="Look & see."))
    page = (session.work("report") / "report.html").read_text(encoding="utf-8")
    for words in ("Warm water", "Look &amp; see.", "Synthetic data.", "target_grid: 1x1", "A model.",
                  "60\N{NO-BREAK SPACE}% below", "esmvaltool run recipes/recipe_mock.yml",
                  "../train/model/model_provenance.xml", "Net, Anna: On nets.", "https://doi.org/10.1/net",
                  "memory days 12.5", "on abacus", "<dd>2001 to 2003</dd>", "<td>9 min</td><td>3.5 GB</td>",
                  "What was hidden is known from Complete.", "<dt>train.training.seed</dt><dd>3</dd>"):  # fmt: skip
        assert words in page
    poster = next(file for file in records if file.endswith("report.png"))
    assert "work/reconstruction/report/report.html" in records[poster]["caption"]
    assert "Root-mean-square error of each method" in records[poster]["caption"]
    known = {str(path) for folder in ("train", "reconstruct", "evaluate") for path in session.work(folder).rglob("*")}
    plots = {str(path) for path in (session.root / "plots").rglob("*.png")}
    assert all(set(record["ancestors"]) <= known | plots for record in records.values())


def test_report_does_without_a_training(make_session):
    session = make_session(source="a satellite")
    session.reconstruct()
    run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="Complete"))
    run("report", session.cfg("report", ["reconstruct", "evaluate"]))
    page = (session.work("report") / "report.html").read_text(encoding="utf-8")
    assert "Parameters of the methods" in page
    assert "Model card" not in page
    assert "Best validation" not in page
    assert "Synthetic data." not in page
