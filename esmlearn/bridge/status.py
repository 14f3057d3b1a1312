"""Show how a training gets on, from the files that it keeps current."""

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table

from esmlearn.bridge.runs import newest
from esmlearn.errors import DataError

SILENT_AFTER_SECONDS = 300
"""A training that has written nothing for so long may have been killed."""


def show_status(folder: Path) -> Group:
    """Show the trainings of the newest run in or below a folder.

    Parameters
    ----------
    folder
        Any folder above the `progress.json` of a training: ESMValCore's output, one run, or one script.

    Returns
    -------
    rich.console.Group
        One panel for each training.
    """
    latest = newest(folder, "progress.json")
    if latest is None:
        raise DataError(f"no training has left its progress.json in {folder} yet.")
    files = [file for file in folder.rglob("progress.json") if _run_of(file) == _run_of(latest)]
    return Group(*(_panel(file) for file in sorted(files)))


def _run_of(progress: Path) -> Path:
    """Return the folder that one `esmvaltool run` wrote: OUTPUT/RUN/run/DIAGNOSTIC/SCRIPT/progress.json."""
    folders = progress.absolute().parents
    return folders[3] if len(folders) > 3 and folders[2].name == "run" else folders[0]


def _panel(file: Path) -> Panel:
    progress = json.loads(file.read_text(encoding="utf-8"))
    step, steps = progress.get("step") or 0, progress.get("steps") or 0
    table = Table.grid(padding=(0, 2))
    table.add_row("state", _state(progress, seconds_silent=time.time() - file.stat().st_mtime))
    table.add_row("step", f"{step} of {steps}")
    table.add_row("", ProgressBar(total=max(steps, 1), completed=step, width=40))
    table.add_row("loss", _number(progress.get("loss")) + _trend(file.with_name("train.jsonl")))
    table.add_row("validation", f"{_number(progress.get('validation'))}, best {_number(progress.get('best'))}")
    table.add_row(
        "time", f"{_duration(progress.get('seconds'))} so far, {_duration(progress.get('seconds_left'))} left"
    )
    return Panel(table, title=f"{file.parent.parent.name}/{file.parent.name}", subtitle=str(file.parent), expand=False)


def _state(progress: dict[str, Any], *, seconds_silent: float) -> str:
    state = str(progress.get("state"))
    if state == "training" and seconds_silent > SILENT_AFTER_SECONDS:
        return f"training, but silent for {_duration(seconds_silent)}: it may have been killed"
    return state


def _trend(log: Path, *, width: int = 20) -> str:
    """Show the course of the loss in one line of blocks, from low to high."""
    losses = [row["loss"] for row in _read_rows(log) if isinstance(row.get("loss"), int | float)]
    if len(losses) < 2:
        return ""
    shown = [losses[index * (len(losses) - 1) // (width - 1)] for index in range(width)]
    low, high = min(shown), max(shown)
    blocks = "▁▂▃▄▅▆▇█"
    scale = (len(blocks) - 1) / (high - low) if high > low else 0.0
    return "  " + "".join(blocks[round((loss - low) * scale)] for loss in shown)


def _read_rows(log: Path) -> list[dict[str, Any]]:
    rows = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # the line that is being written
    return rows


def _number(value: int | float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _duration(seconds: int | float | None) -> str:
    """Write a duration as one would say it.

    >>> _duration(4000), _duration(75), _duration(None)
    ('1 h 6 min', '1 min 15 s', '–')
    """
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
