"""Bad settings get one sentence each, all at once, naming the key and what to change."""

import runpy
from pathlib import Path

import pytest
from pydantic import ValidationError

from esmlearn.errors import SettingsError
from esmlearn.settings import (
    ESMVALCORE_KEYS,
    GapSettings,
    ModelSettings,
    ReconstructSettings,
    TrainReconstructSettings,
    check_script,
    from_script,
    period_dates,
)

SPLIT = {"train": "2001/2002", "validation": "2003-01-01/2003-06-30", "test": "2003-07-01/2004-12-31"}
GOOD = {"data": {"observations": "Cloudy", "target": "Complete", "split": SPLIT}}
DATASETS = [{"dataset": "Cloudy"}, {"dataset": "Complete"}]


def test_good_settings_pass():
    assert check_script("train", GOOD, DATASETS) == []
    settings = from_script(TrainReconstructSettings, {**GOOD, "script": "diagnostics/train.py", "run_dir": "x"})
    assert settings.learning == "supervised"


def test_all_problems_are_listed_at_once_with_the_nearest_key():
    bad = {
        "data": {"observations": "Cloudy", "taget": "Complete", "split": SPLIT},
        "model": {"embed_dim": 20, "patch_size": [1, 4]},
        "traning": {},
    }
    problems = check_script("train", bad, DATASETS)
    text = " ".join(problems)
    assert len(problems) == 4
    assert "'data.taget': did you mean 'target'?" in text
    assert "'traning': did you mean 'training'?" in text
    assert "embed_dim" in text
    assert "patch_size" in text
    with pytest.raises(SettingsError, match=r"taget.*embed_dim|embed_dim.*taget"):
        from_script(TrainReconstructSettings, bad)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": {"patch_size": [1, 64, 4]}}, "patch of 64 rows is larger than the window of 32"),
        ({"model": {"embed_dim": 24, "num_heads": 5}}, "multiple of num_heads"),
        ({"training": {"steps": -1}}, "'training.steps' is -1"),
        ({"training": {"learning": "guess"}}, "'training.learning' is 'guess'"),
        ({"data": {**GOOD["data"], "split": {**SPLIT, "test": "2004/2003"}}}, "ends before it starts"),
        ({"data": {**GOOD["data"], "split": {**SPLIT, "test": "2002/2004"}}}, "train and test overlap"),
        ({"data": {**GOOD["data"], "split": {**SPLIT, "test": "soon"}}}, "is not a period"),
        ({"data": {**GOOD["data"], "gaps": {"kind": "dataset"}}}, "kind `dataset` and the key `dataset` go together"),
        (
            {"data": {**GOOD["data"], "split": {**SPLIT, "test": "2005-13-45/2006"}}},
            "no day 2005-13-45 in any calendar",
        ),
        (
            {"data": {**GOOD["data"], "split": {**SPLIT, "test": "2005/2006-02-31"}}},
            "data.split.test: '2005/2006-02-31'",
        ),
        ({"data": {**GOOD["data"], "split": {**SPLIT, "test": "２００５/2006"}}}, "is not a period"),
        ({"data": {**GOOD["data"], "units": "degX"}}, "data.units: 'degX' is not a unit"),
        ({"data": {**GOOD["data"], "units": "days since 2000-01-01"}}, "data.units: 'days since"),
        ({"data": {**GOOD["data"], "error": -1}}, "Setting 'data.error' is -1: it should be greater than"),
        ({"data": {**GOOD["data"], "error": True}}, "Setting 'data.error' is True: it should be a number, not yes"),
        ({"training": {"steps": True}}, "Setting 'training.steps' is True: it should be a number, not yes"),
        (
            {"training": {"learning_rate": float("inf")}},
            "Setting 'training.learning_rate' is inf: it should be a finite",
        ),
        ({"training": {"weight_decay": float("nan")}}, "Setting 'training.weight_decay' is nan: it should be a finite"),
        ({"training": {"seed": 2**63}}, "'training.seed' is 9223372036854775808: it should be less than"),
        ({"model": {"unet": [8, True]}}, "Setting 'model.unet' is [8, True]: it should be a number, not yes"),
        ({"model": {"unet": 8}}, "Setting 'model.unet' is 8: it should be a list"),
        ({"model": 5}, "Setting 'model' is 5: it should be a block of settings"),
        ({1: 2}, "Unknown setting '1': known are data, model, task, training."),
        ({"model": {None: 2}}, "Unknown setting 'model.None'"),
        ({"data": {"observations": "Cloudy"}}, "'data.split' is missing"),
        ({"data": {**GOOD["data"], "observations": "Cloud"}}, "'Cloud', but the recipe has Cloudy, Complete"),
    ],
)
def test_each_problem_is_named(change, words):
    problems = check_script("train", {**GOOD, **change}, DATASETS)
    assert len(problems) == 1
    assert words in problems[0]


SLIP_BELOW_A_NAME = "Unknown setting 'ablations.steps.step': did you mean 'steps'?"


@pytest.mark.parametrize(
    ("script", "settings", "words"),
    [
        ("reconstruct", {"ablations": {"steps": {"step": 10}}}, SLIP_BELOW_A_NAME),
        ("reconstruct", {"ablations": {"ensemble": {"steps": True}}}, "'ablations.ensemble.steps' is True"),
        ("reconstruct", {"period": "lately"}, "period: 'lately' is not a period"),
        ("reconstruct", {"period": "2001-13-45/2002"}, "period: '2001-13-45/2002'"),
        ("reconstruct", {"period": "2001-05-01/2001-04"}, "period: '2001-05-01/2001-04' is not a period"),
        ("reconstruct", {"error": [1]}, "'error' is [1]: it should be a valid number, or should be a valid string."),
        ("reconstruct", {"baselines": ["guess"]}, "Setting 'baselines' is 'guess': it should be 'climatology', "),
        ("reconstruct", {"ensemble": {"quantiles": [0.1, 0.1]}}, "ensemble.quantiles: the same probability"),
        ("evaluate", {"dates": [20010501]}, "Setting 'dates' is [20010501]: it should be dates, such as"),
        ("evaluate", {"dates": ["2001-13-45"]}, "Setting 'dates' is '2001-13-45'"),
        ("evaluate", {"place": {"latitude": float("nan"), "longitude": 0}}, "'place.latitude' is nan"),
        (
            "evaluate",
            {"regions": {"steps": {"start": 1}}},
            "Unknown setting 'regions.steps.start': did you mean 'start_",
        ),
        ("evaluate", {"regions": {1: {}}}, "Setting 'regions.1' is 1: it should be a valid string."),
    ],
)
def test_problems_of_other_scripts_are_named(script, settings, words):
    problems = check_script(script, settings, DATASETS)
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("hide", "words"),
    [
        ({"share": [0.9, 0.1]}, "hide.share: [0.9, 0.1] is the least, then the greatest value"),
        ({"min_size": 9, "max_size": 2}, "hide: min_size 9 must not be larger than max_size 2"),
    ],
)
def test_ranges_rise(hide, words):
    (problem,) = check_script("train", {**GOOD, "task": "densify", "hide": hide}, DATASETS)
    assert words in problem


@pytest.mark.parametrize(
    ("period", "dates"),
    [
        ("2001-05-01/2001", ("2001-05-01", "2001-12-31")),
        ("2001/2001-01-01", ("2001-01-01", "2001-01-01")),
        ("2001/2001", ("2001-01-01", "2001-12-31")),
        ("2001-02-30/2001-02-30", ("2001-02-30", "2001-02-30")),  # the calendar 360_day has this day
    ],
)
def test_a_year_is_all_of_its_days(period, dates):
    assert period_dates(ReconstructSettings(period=period).period) == dates


def test_numbers_may_be_written_in_any_way():
    """YAML takes 1e-3 for a text."""
    settings = from_script(TrainReconstructSettings, {**GOOD, "training": {"learning_rate": "1e-3", "steps": 10.0}})
    assert (settings.training.learning_rate, settings.training.steps) == (1e-3, 10)


FINE = {"data": {"fine": "Complete", "coarse": "Cloudy", "split": SPLIT}}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({**GOOD, "task": "fill", "hide": {"kind": "profiles"}}, "Unknown setting 'hide'"),
        ({**GOOD, "task": "fill", "turns": True}, "Unknown setting 'turns'"),
        ({**GOOD, "task": "fill", "model": {"window": [8, 8]}}, "'model' is {'window': [8, 8]}"),
        ({**GOOD, "task": "fill", "first_guess": "regression"}, "'first_guess' is 'regression': it should be"),
        ({**GOOD, "task": "densify", "first_guess": "model"}, "'first_guess' is 'model': it should be"),
        ({**GOOD, "task": "densify", "neighbour_days": 2}, "Unknown setting 'neighbour_days'"),
        ({**FINE, "task": "downscale", "surface": {"dataset": "Cloudy"}}, "Unknown setting 'surface'"),
        ({**FINE, "task": "downscale", "hide_days": 0.5}, "Unknown setting 'hide_days'"),
        ({**GOOD, "denoiser": {"dim": 8}}, "Unknown setting 'denoiser'"),
    ],
)
def test_a_key_of_another_task_is_refused_by_its_name(settings, words):
    (problem,) = check_script("train", settings, DATASETS)
    assert words in problem


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"neighbours": [-1, 0]}, "0 is the time itself"),
        ({"neighbours": [3, 3]}, "the same condition is there twice"),
        ({"static": ["Complete", "Complete"]}, "the same condition is there twice"),
    ],
)
def test_a_condition_is_named_once(conditions, words):
    problems = check_script("train", {**FINE, "task": "downscale", "conditions": conditions}, DATASETS)
    assert len(problems) == 1
    assert words in problems[0]


@pytest.mark.parametrize("task", ["sharpen", ["fill"], None])
def test_an_unknown_task_is_refused_with_those_that_are_known(task):
    sentence = f"Setting 'task' is {task!r}: choose from reconstruct, fill, densify, downscale."
    assert check_script("train", {**GOOD, "task": task}, DATASETS) == [sentence]
    script = runpy.run_path(str(Path(__file__).parents[1] / "diagnostics" / "train.py"))
    with pytest.raises(SettingsError) as refused:
        script["main"]({**GOOD, "task": task})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("task", ["reconstruct", "fill", "densify", "downscale"])
def test_each_task_takes_its_own_settings(task):
    assert check_script("train", {**(FINE if task == "downscale" else GOOD), "task": task}, DATASETS) == []


def test_learning_needs_its_data():
    alone = {"data": {"observations": "Cloudy", "split": SPLIT}}
    assert TrainReconstructSettings.model_validate(alone).learning == "self_supervised"
    assert "needs data.target" in check_script("train", {**alone, "training": {"learning": "supervised"}}, DATASETS)[0]
    assert "needs the daily decoder" in check_script("train", {**alone, "model": {"daily": False}}, DATASETS)[0]


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        ModelSettings().embed_dim = 8


def test_periods_of_reconstruct():
    assert ReconstructSettings(period="2004/2005").period == "2004/2005"
    with pytest.raises(ValidationError):
        ReconstructSettings(period="lately")


def test_keys_of_esmvalcore_are_none_of_ours():
    for block in (TrainReconstructSettings, ReconstructSettings, GapSettings):
        assert not ESMVALCORE_KEYS & set(block.model_fields)
