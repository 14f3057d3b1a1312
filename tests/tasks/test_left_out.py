"""A method that fails is left out with its reason, and the results of the others are kept, scored and reported."""

import logging

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.errors import DataError, EsmlearnError, ModelFolderError, SettingsError
from esmlearn.tasks.left_out import leaving_out
from tests.made_fields import make_cube, wavy_ocean
from tests.tasks.promises import check_records
from tests.tasks.run_scripts import Run, read_json

TOO_SHORT = "The record is too short."


def failing(error):
    """A method that fails."""

    def fill(self, field, **options):
        raise error

    return fill


@pytest.fixture
def run(tmp_path):
    """A run with an ocean under clouds."""
    truth = wavy_ocean(400, 6, 8)
    clouds = np.random.default_rng(0).random(truth.shape) < 0.4
    run = Run(tmp_path)
    run.give("tos", "Complete", make_cube(truth))
    run.give("tos", "Cloudy", make_cube(np.where(clouds, np.nan, truth)))
    return run


def fill(run, names):
    return run.run("reconstruct", model="none", observations="Cloudy", period="2001-06-01/2001-06-30", baselines=names)


def test_what_others_found_is_kept_scored_and_reported(run, monkeypatch):
    monkeypatch.setattr(baselines.BASELINES["persistence"], "reconstruct_field", failing(TypeError("no such thing")))
    monkeypatch.setattr(baselines.BASELINES["time_interpolation"], "reconstruct_field", failing(DataError(TOO_SHORT)))
    names = ["persistence", "time_interpolation", "climatology", "observed_mean"]
    left = fill(run, names)
    evaluated = run.run("evaluate", "reconstruct", truth="Complete")
    fault, limit = read_json(left / "left_out.json")
    assert (limit["what"], limit["why"], limit["fault"]) == ("time_interpolation", TOO_SHORT, False)
    assert (fault["what"], fault["fault"]) == ("persistence", True)
    assert "TypeError: no such thing" in fault["why"]
    assert {path.stem.split("_", 2)[2] for path in left.glob("*_day.nc")} == {"climatology_day", "observed_mean_day"}
    assert {row["method"] for row in read_json(evaluated / "scores.json")} == {"climatology", "observed_mean"}
    (facts,) = read_json(evaluated / "evaluation.json")
    assert facts["methods_left_out"] == {one["what"]: one["why"] for one in (fault, limit)}
    check_records(run)
    with pytest.raises(EsmlearnError, match="persistence of Cloudy: left out by a fault of the program"):
        run.run("report", "reconstruct", "evaluate")
    page = (run.folder("work", "report") / "report.html").read_text(encoding="utf-8")
    assert f"linear interpolation in time of Cloudy. {TOO_SHORT}" in page
    assert "TypeError: no such thing" in page


def test_a_known_limit_does_not_fail_the_run(run, monkeypatch):
    monkeypatch.setattr(baselines.BASELINES["persistence"], "reconstruct_field", failing(DataError(TOO_SHORT)))
    names = ["persistence", "climatology"]
    fill(run, names)
    run.run("evaluate", "reconstruct", truth="Complete")
    run.run("report", "reconstruct", "evaluate")
    check_records(run)


@pytest.mark.parametrize("error", [TypeError("no such thing"), DataError(TOO_SHORT)])
def test_a_run_of_which_nothing_is_left_fails_by_the_first_error(run, monkeypatch, error):
    monkeypatch.setattr(baselines.BASELINES["persistence"], "reconstruct_field", failing(error))
    with pytest.raises(type(error), match=str(error)):
        run.run(
            "reconstruct",
            model="none",
            observations="Cloudy",
            period="2001-06-01/2001-06-30",
            baselines=["persistence"],
        )


@pytest.mark.parametrize(
    ("error", "level"), [(DataError(TOO_SHORT), logging.WARNING), (IndexError("5"), logging.ERROR)]
)
def test_the_log_has_the_reason_and_of_a_fault_the_traceback(error, level, caplog):
    with leaving_out("persistence") as failed:
        raise error
    assert [one.error for one in failed] == [error]
    (record,) = caplog.records
    assert record.levelno == level
    assert failed[0].why in record.getMessage()
    assert bool(record.exc_info) == (level == logging.ERROR)


@pytest.mark.parametrize(
    "error",
    [SettingsError("Change it."), ModelFolderError("Altered."), OSError(28, "No space left"), KeyboardInterrupt()],
)
def test_what_concerns_all_methods_is_raised(error):
    with pytest.raises(type(error)), leaving_out("persistence"):
        raise error


def test_nothing_is_left_out_where_nothing_fails():
    with leaving_out("persistence") as failed:
        pass
    assert failed == []
