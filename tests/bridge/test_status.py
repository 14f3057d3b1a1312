"""The progress of a training can be shown while it runs."""

import json
import os

import pytest
from rich.console import Console

from esmlearn.bridge.status import SILENT_AFTER_SECONDS, show_status
from esmlearn.errors import DataError

PROGRESS = {
    "state": "training",
    "step": 150,
    "steps": 600,
    "loss": 0.5,
    "validation": None,
    "best": 0.25,
    "seconds": 75.0,
    "seconds_left": 225.0,
    "updated": "2026-11-20T18:25:00Z",
}


def training(run, script="train", **changes):
    folder = run / "run" / "sst" / script
    folder.mkdir(parents=True)
    (folder / "progress.json").write_text(json.dumps(PROGRESS | changes))
    return folder


def shown(folder):
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(show_status(folder))
    return console.export_text()


def test_it_shows_where_the_training_is(tmp_path):
    folder = training(tmp_path / "recipe_1")
    for start in (tmp_path, tmp_path / "recipe_1", folder):
        text = shown(start)
        for words in (
            "sst/train",
            "150 of 600",
            "0.5",
            "–, best 0.25",
            "75 s so far, 4 min left",
        ):
            assert words in text


def test_all_trainings_of_the_newest_run_are_shown_and_no_older_ones(tmp_path):
    old = training(tmp_path / "recipe_1", "old")
    os.utime(old / "progress.json", (1e9, 1e9))
    training(tmp_path / "recipe_2", "first", state="finished")
    training(tmp_path / "recipe_2", "second")
    text = shown(tmp_path)
    assert "sst/first" in text
    assert "sst/second" in text
    assert "sst/old" not in text


def test_a_silent_training_is_called_so(tmp_path):
    progress = training(tmp_path) / "progress.json"
    assert "but silent" not in shown(tmp_path)
    past = progress.stat().st_mtime - 2 * SILENT_AFTER_SECONDS
    os.utime(progress, (past, past))
    assert "silent for 10 min" in shown(tmp_path)


def test_the_loss_is_plotted_even_while_its_last_line_is_being_written(tmp_path):
    log = training(tmp_path) / "train.jsonl"
    rows = [{"step": step, "loss": 10 - step, "lr": 1e-3, "seconds": step} for step in range(10)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 10, "lo')
    line = next(line for line in shown(tmp_path).splitlines() if "loss" in line)
    assert "█" in line
    assert line.rstrip(" │").endswith("▁")


def test_a_folder_without_a_training_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"progress\.json"):
        show_status(tmp_path)
