"""Files of a training are current within a second, and no step waits for them."""

import json

import pytest
import torch

from esmlearn.training.checkpoint import State
from esmlearn.training.log import RunLog
from tests.small import small_settings


def rows_of(folder) -> list[dict]:
    return [json.loads(row) for row in (folder / "train.jsonl").read_text().splitlines()]


def progress_of(folder) -> dict:
    return json.loads((folder / "progress.json").read_text())


def log_steps(folder, seconds: list[float], *, start=0, always=()) -> None:
    """Log steps that end at these seconds; the loss of step k is k."""
    with RunLog(folder, small_settings(steps=100), State(step=start), main=True) as log:
        for step, now in enumerate(seconds, start + 1):
            state = State(step=step, seconds=now)
            log.step(state, {"loss": torch.tensor(float(step))}, 1e-3, always=step in always)
            assert now - progress_of(folder)["seconds"] < 1.0


def test_a_row_is_written_at_the_first_step_and_after_each_second(tmp_path):
    log_steps(tmp_path, [0.1, 0.4, 0.7, 1.0, 1.2, 1.9, 2.3, 4.0, 4.5, 4.6], always=[9])
    rows = rows_of(tmp_path)
    assert [row["step"] for row in rows] == [1, 5, 7, 8, 9]
    assert [row["loss"] for row in rows] == [1.0, 3.5, 6.5, 8.0, 9.0]  # means of the steps since the row before
    assert (progress_of(tmp_path)["step"], progress_of(tmp_path)["loss"]) == (9, 9.0)


def test_slow_steps_have_a_row_each(tmp_path):
    log_steps(tmp_path, [2.0, 5.0, 7.0])
    assert [row["loss"] for row in rows_of(tmp_path)] == [1.0, 2.0, 3.0]


def test_a_resumed_training_keeps_the_rows_up_to_its_checkpoint(tmp_path):
    log_steps(tmp_path, [1.0, 2.0, 3.0, 4.0])
    log_steps(tmp_path, [3.5], start=2)
    assert [(row["step"], row["seconds"]) for row in rows_of(tmp_path)] == [(1, 1.0), (2, 2.0), (3, 3.5)]


def test_parts_are_averaged_over_the_steps_that_have_them(tmp_path):
    with RunLog(tmp_path, small_settings(), State(), main=True) as log:
        log.step(State(step=1), {}, 1e-3)
        for step, parts in enumerate(({"loss": 4.0, "daily": 1.0}, {}, {"loss": 2.0}), 2):
            log.step(State(step=step, skipped=2), {name: torch.tensor(value) for name, value in parts.items()}, 1e-3)
        log.step(State(step=5, seconds=1.0), {}, 1e-3)
    skipped, row = rows_of(tmp_path)
    assert "loss" not in skipped
    assert (row["loss"], row["daily"]) == (3.0, 1.0)


@pytest.mark.parametrize("stopped", [True, False])
def test_the_end_is_logged(tmp_path, stopped):
    with RunLog(tmp_path, small_settings(), State(), main=True) as log:
        log.validated(State(step=3, validation={"daily": 0.5, "monthly": float("nan")}))
        assert progress_of(tmp_path)["state"] == "training"
        log.finished(State(step=3, stopped=stopped))
    assert rows_of(tmp_path) == [{"step": 3, "validation": 0.5, "validation_daily": 0.5, "validation_monthly": None}]
    assert progress_of(tmp_path)["state"] == ("stopped" if stopped else "finished")


def test_only_the_main_process_writes(tmp_path):
    with RunLog(tmp_path, small_settings(), State(), main=False) as log:
        log.step(State(step=1), {"loss": torch.tensor(1.0)}, 1e-3)
        log.finished(State(step=1))
    assert not list(tmp_path.iterdir())
