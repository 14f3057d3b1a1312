"""The scripts evaluate and report on super-resolution, from the files that a reconstruction leaves to the page."""

import json
import re
import runpy
from pathlib import Path

import iris
import numpy as np
import pytest
import yaml

from esmlearn.bridge.reconstructions import ancestor_folders, find_reconstructions
from esmlearn.errors import DataError
from esmlearn.evaluation.downscaling_choices import rich_times, richest_box
from esmlearn.evaluation.reading import read_cases
from esmlearn.evaluation.scoring import score_case
from esmlearn.fields.input_data import InputData
from esmlearn.report.weaknesses import weaknesses
from esmlearn.settings import EvaluateSettings
from tests.evaluation.downscaling_case import Downscaled, save

SCRIPTS = Path(__file__).parents[2] / "diagnostics"
OF_OBSERVATIONS = {"share_hidden", "distance_to_observation", "days_to_observation"}


def run(name, cfg):
    """Run a script's main, as ESMValTool would with these settings."""
    (Path(cfg["run_dir"]) / "diagnostic_provenance.yml").unlink(missing_ok=True)
    runpy.run_path(str(SCRIPTS / f"{name}.py"))["main"](cfg)
    return yaml.safe_load((Path(cfg["run_dir"]) / "diagnostic_provenance.yml").read_text(encoding="utf-8"))


def read(session, inputs=None, **settings):
    """The one case of a session; the datasets may be others than its own."""
    files = find_reconstructions(ancestor_folders(session.cfg("evaluate", ["reconstruct"])))
    (case,) = read_cases(files, InputData(inputs or session.inputs), EvaluateSettings.model_validate(settings))
    return case


def without(inputs, part):
    """Leave out files by a part of their name."""
    return {file: facets for file, facets in inputs.items() if part not in Path(file).name}


def value(rows, metric, method, **keys):
    (row,) = (
        row
        for row in rows
        if (row["metric"], row["method"]) == (metric, method)
        and "bin" not in row
        and all(row.get(key) == wanted for key, wanted in keys.items())
    )
    return row["value"]


def bins(rows):
    return {row["bin"]["by"] for row in rows if "bin" in row and row["frequency"] != "mon"}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Downscaled(tmp_path_factory.mktemp("daily"))


@pytest.fixture(scope="module")
def hourly(tmp_path_factory):
    root = tmp_path_factory.mktemp("hourly")
    return Downscaled(root, short_name="tas", part="6hr", n_days=12, land=False)


@pytest.fixture(scope="module")
def evaluated(session):
    records = run("evaluate", session.cfg("evaluate", ["reconstruct"], truth="tos_fine", block_days=10))
    return records, json.loads((session.work("evaluate") / "scores.json").read_text())


def test_members_that_are_as_likely_as_the_truth_are_found_to_be_so(evaluated):
    _, rows = evaluated
    ensemble = "ConditionalDiffusion"
    assert value(rows, "spectral_power_ratio", ensemble) == pytest.approx(1, abs=0.05)
    assert value(rows, "spectral_power_ratio", "bicubic") < 0.3
    assert value(rows, "coverage_90", ensemble, frequency="day") == pytest.approx(0.9, abs=0.01)
    assert value(rows, "frequency_bias_95", ensemble) == pytest.approx(1, abs=0.03)
    assert abs(value(rows, "quantile_bias_01", ensemble)) < abs(value(rows, "quantile_bias_01", "bilinear")) / 5
    crps, mae = value(rows, "crps", ensemble, frequency="day"), value(rows, "mae", "ResidualUNet", frequency="day")
    assert value(rows, "crpss", ensemble, frequency="day", against="ResidualUNet") == pytest.approx(1 - crps / mae)
    assert value(rows, "coarse_consistency", "nearest") == pytest.approx(0, abs=1e-5)
    assert value(rows, "coarse_consistency", ensemble) > value(rows, "coarse_consistency", "ResidualUNet") > 0.01
    assert not any(row["metric"].startswith("heatwave") for row in rows)


def test_what_needs_observations_is_left_out_with_a_reason(session, evaluated):
    (fact,) = json.loads((session.work("evaluate") / "evaluation.json").read_text())
    assert set(fact["left_out"]) >= {"distance to observations", "height", "heatwaves"}
    assert fact["downscaled"]["coarse"] == {"name": "tos_coarse", "cells": [8, 12], "step": [1.0, 1.0]}
    assert fact["downscaled"]["fine_step"] == [0.25, 0.25]
    assert fact["downscaled"]["truth_consistency"] == pytest.approx(0, abs=1e-5)
    assert fact["downscaled"]["interpolation"] == "bicubic"
    assert not bins(json.loads((session.work("evaluate") / "breakdown.json").read_text())) & OF_OBSERVATIONS


def test_every_figure_of_super_resolution_is_drawn(evaluated):
    records, _ = evaluated
    names = {re.sub(r"\d{8}", "DATE", Path(file).stem) for file in records if file.endswith(".png")}
    assert names == {
        "calibration", "maps_bias", "maps_methods", "quantiles", "radial_spectra", "rank_histogram", "showcase_DATE",
        "showcase_DATE_zoom", "skill_by_difficulty_day", "skill_by_difficulty_mon", "skill_ranked", "spectra",
        "spread_skill", "time_series",
    }  # fmt: skip
    captions = " ".join(record["caption"] for record in records.values())
    assert not re.search("cloud|hidden|observed", captions)
    assert len({Path(file).with_suffix("") for file in records}) == len(records)


def test_the_page_speaks_of_grids_and_not_of_clouds(session, evaluated):
    run("report", session.cfg("report", ["reconstruct", "evaluate"]))
    page = (session.work("report") / "report.html").read_text(encoding="utf-8")
    for words in ("tos_fine was downscaled from 1° to 0.25° on 60 days", "What was downscaled", "Bias of quantiles",
                  "The CRPS of conditional diffusion is", "Of the truth&#39;s power at the scales",
                  "the mean absolute error of the regression", "DemoOcean (tos_coarse)",
                  "Averages over coarse cells miss", "8 × 12 cells of 1°", "The fine field is known from tos_fine",
                  "CRPS, which is the MAE of a method that is sure",
                  "Frequency bias, 95\N{NO-BREAK SPACE}%"):  # fmt: skip
        assert words in page
    text = re.sub(r"<style>.*?</style>|base64,[^\"]*", "", page, flags=re.DOTALL)
    assert not re.search("hidden (points|ocean)|cloud|of its ocean|Heatwave days", text)
    # The part comes after the whole, for each date.
    shown = re.findall(r"<figcaption>[^<]* on (\d+ \w+ 2003): the (coarse|part)", text)
    assert [part for _, part in shown] == ["coarse", "part"] * 2
    assert shown[0][0] == shown[1][0] != shown[2][0]


def test_sub_daily_fields_on_land_and_sea_are_sorted_by_hour_surface_and_height(hourly):
    case = read(hourly, height="orog", block_days=2)
    assert (case.frequency, case.truth_source.name, case.coarse.name) == ("6hr", "tas_fine", "tas_coarse")
    scored = score_case(case)
    assert {row["frequency"] for row in scored.rows} == {"6hr", "mon"}
    assert bins(scored.rows) == {"month", "season", "hour", "surface", "height"}
    hours = {row["bin"]["from"] for row in scored.rows if row.get("bin", {}).get("by") == "hour"}
    assert hours == {0, 6, 12, 18}
    on_land = {row["n"] for row in scored.rows if row.get("bin", {}).get("by") == "surface" and row["bin"]["to"] == 1}
    in_heights = [
        row["n"]
        for row in scored.rows
        if row.get("bin", {}).get("by") == "height" and (row["method"], row["metric"]) == ("nearest", "rmse")
    ]
    # The sea has no height.
    assert {sum(in_heights)} == on_land == {int(case.on_land.sum()) * 48}
    assert "6-hourly" not in scored.left_out.get("intervals", "")


def test_the_mask_of_the_recipe_tells_land_from_sea(hourly):
    share = np.zeros((32, 48))
    share[:, :24] = 80
    name = "sftlf"
    cube = iris.load_cube(next(file for file in hourly.inputs if file.endswith("orog.nc"))).copy(share[::-1])
    path = hourly.root / "preproc" / "sftlf.nc"
    save(cube, path)
    inputs = hourly.inputs | {str(path): {"short_name": name, "variable_group": name, "filename": str(path)}}
    case = read(hourly, inputs)
    assert case.on_land[:, :24].all()
    assert not case.on_land[:, 24:].any()


def test_names_are_variable_groups_of_one_dataset(session):
    """Both files are of DemoOcean: its name means the one on the fine grid, and that of a group the group's."""
    for truth in ("tos_fine", "DemoOcean", None):
        case = read(session, truth=truth)
        assert case.truth_source.file.endswith("tos_fine.nc")
        assert case.coarse.file.endswith("tos_coarse.nc")
        np.testing.assert_allclose(case.coarse.values, session.coarse, atol=1e-4)
        assert np.all(np.diff(case.coarse.grid.lat) > 0)
        assert case.coarse.grid.lat_edges[0].tolist() == [30.0, 31.0]
    with pytest.raises(DataError, match=r"tos_coarse.nc is not on the grid"):
        read(session, truth="tos_coarse")
    with pytest.raises(DataError, match=r"coarse: the script has no dataset 'tos_rough' with tos.*tos_coarse"):
        read(session, coarse="tos_rough")


def test_without_the_coarse_field_there_is_no_consistency(session):
    scored = score_case(read(session, without(session.inputs, "coarse")))
    assert "not among the ancestors" in scored.left_out["coarse consistency"]
    assert not any(row["metric"] == "coarse_consistency" for row in scored.rows)
    assert any(row["metric"] == "spectral_power_ratio" for row in scored.rows)


def test_observations_in_place_do_not_count_and_tell_how_near_they_are(tmp_path):
    session = Downscaled(tmp_path, in_situ=0.02, n_days=20)
    case = read(session)
    scored = score_case(case)
    assert 0 < case.observed.sum() < 0.03 * case.observed.size
    assert scored.points == (~case.observed & case.ocean).sum()
    assert np.array_equal(case.seen[case.observed], case.truth[case.observed])
    assert bins(scored.rows) >= {"distance_to_observation", "days_to_observation"}
    assert "share_hidden" not in bins(scored.rows)


def test_figures_without_a_truth(session):
    cfg = session.cfg("evaluate", ["reconstruct"])
    cfg["input_data"] = without(cfg["input_data"], "fine")
    records = run("evaluate", cfg)
    names = {re.sub(r"\d{8}", "DATE", Path(file).stem) for file in records if file.endswith(".png")}
    assert names == {"showcase_DATE", "showcase_DATE_zoom", "time_series"}


def test_the_zoom_finds_what_is_rich():
    structure = np.zeros((40, 60))
    structure[20:30, 41:55] = 1
    rows, columns = richest_box(structure)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (12, 18)
    assert structure[rows, columns].sum() == structure.sum()
    edge = np.zeros((40, 60))
    edge[:3, -3:] = 1
    assert richest_box(edge) == (slice(0, 12), slice(42, 60))
    assert richest_box(np.ones((8, 9))) == (slice(0, 8), slice(0, 9))


def test_times_are_a_typical_and_the_richest_one():
    structure = np.array([3.0, 1.0, 9.0, 2.0, 4.0])[:, None, None] * np.ones((1, 4, 4))
    assert rich_times(structure) == [0, 2]
    assert rich_times(structure[:1]) == [0]


@pytest.mark.parametrize(
    ("metric", "number", "says"),
    [
        ("crpss", -0.1, "the CRPS of conditional diffusion is worse than that of the regression"),
        (
            "spectral_power_ratio",
            1.3,
            "the members of conditional diffusion have 130\N{NO-BREAK SPACE}% of the truth's",
        ),
    ],
)
def test_the_page_says_where_an_ensemble_is_weak(metric, number, says):
    row = {"dataset": "tos", "method": "ConditionalDiffusion", "role": "model", "frequency": "day", "split": "test",
           "region": "all", "low": None, "high": None, "units": "1", "n": 9}  # fmt: skip
    rows = [row | {"metric": "crps_plain", "value": 0.2}, row | {"metric": metric, "value": number}]
    if metric == "crpss":
        rows[1] |= {"against": "ResidualUNet", "significant": None}
    (sentence,) = weaknesses(rows)
    assert says in sentence
    rows[1]["value"] = 0.9
    assert weaknesses(rows) == []
