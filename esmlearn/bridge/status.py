"""Show the progress of trainings, from the files that they update while they run."""

import json
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table

from esmlearn.bridge.runs import newest
from esmlearn.errors import DataError
from esmlearn.words import duration

SILENT_AFTER_SECONDS = 300
"""A training that has not written for longer may have been killed."""


def show_status(folder: Path) -> Group:
    """Make a panel for each training of the newest run in the output of ESMValCore, of one run, or of one script."""
    latest = newest(folder, "progress.json")
    if latest is None:
        raise DataError(f"no training has left its progress.json in {folder} yet.")
    files = [file for file in folder.rglob("progress.json") if _run_of(file) == _run_of(latest)]
    return Group(*map(_panel, sorted(files)))


def _run_of(progress: Path) -> Path:
    """Return the folder that one `esmvaltool run` wrote: OUTPUT/RUN/run/DIAGNOSTIC/SCRIPT/progress.json."""
    folders = progress.absolute().parents
    return folders[3] if len(folders) > 3 and folders[2].name == "run" else folders[0]


def _panel(file: Path) -> Panel:
    progress = json.loads(file.read_text(encoding="utf-8"))
    step, steps = progress.get("step") or 0, progress.get("steps") or 0
    table = Table.grid(padding=(0, 2))
    table.add_row("state", _state(str(progress.get("state")), silent=time.time() - file.stat().st_mtime))
    table.add_row("step", f"{step} of {steps}")
    table.add_row("", ProgressBar(total=max(steps, 1), completed=step, width=40))
    table.add_row("loss", _number(progress.get("loss")) + _trend(file.with_name("train.jsonl")))
    table.add_row("validation", f"{_number(progress.get('validation'))}, best {_number(progress.get('best'))}")
    table.add_row("time", f"{duration(progress.get('seconds'))} so far, {duration(progress.get('seconds_left'))} left")
    return Panel(table, title=f"{file.parent.parent.name}/{file.parent.name}", subtitle=str(file.parent), expand=False)


def _state(state: str, *, silent: float) -> str:
    """Describe the state of a training that has not written for so many seconds."""
    if state == "training" and silent > SILENT_AFTER_SECONDS:
        return f"training, but silent for {duration(silent)}: it may have been killed"
    return state


def _trend(log: Path, *, width: int = 20) -> str:
    """Plot the loss over the steps as one line of blocks of different heights."""
    rows = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        with suppress(json.JSONDecodeError):  # the last line may be incomplete: it is being written
            rows.append(json.loads(line))
    losses = [row["loss"] for row in rows if isinstance(row.get("loss"), int | float)]
    if len(losses) < 2:
        return ""
    shown = [losses[index * (len(losses) - 1) // (width - 1)] for index in range(width)]
    low, high = min(shown), max(shown)
    blocks = "▁▂▃▄▅▆▇█"
    scale = (len(blocks) - 1) / (high - low) if high > low else 0.0
    return "  " + "".join(blocks[round((loss - low) * scale)] for loss in shown)


def _number(value: int | float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
