"""The log of a training: its files, and its progress bar in a terminal."""

import json
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from esmlearn.files import write_text, writing
from esmlearn.settings import TrainScriptSettings
from esmlearn.training.checkpoint import State

LOG, PROGRESS = "train.jsonl", "progress.json"

LOG_EVERY_SECONDS = 1.0
"""Least time from one logged step to the next."""


class RunLog:
    """Rows of `train.jsonl`, `progress.json`, and a bar where there is a terminal; only the `main` process writes.

    Not every step is logged, because to read losses from a device one must wait for it. Rows of steps after `state`,
    left by a run that was killed after its checkpoint, are dropped.
    """

    def __init__(self, run_dir: Path, settings: TrainScriptSettings, state: State, *, main: bool) -> None:
        self.run_dir, self.settings, self.main = run_dir, settings, main
        self.last_loss, self.logged = math.nan, -math.inf
        self.unlogged: list[Mapping[str, Tensor]] = []
        self.state = state
        if main:
            rows = read_rows(run_dir / LOG)
            write_text(run_dir / LOG, "".join(f"{json.dumps(row)}\n" for row in rows if row["step"] <= state.step))
        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(), console=console, disable=not (console.is_terminal and main),
        )  # fmt: skip
        self.task = self.bar.add_task("training", total=settings.training.steps, completed=state.step, note="")

    def __enter__(self) -> "RunLog":
        self.file = (self.run_dir / LOG).open("a", buffering=1) if self.main else None
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.bar.stop()
        if self.file:
            with writing(self.run_dir / LOG):
                self.file.close()
        if error is not None and not isinstance(error, OSError):
            self._progress(self.state, "stopped" if isinstance(error, KeyboardInterrupt) else "failed")

    def step(self, state: State, losses: Mapping[str, Tensor], rate: float, *, always: bool = False) -> None:
        """Log a step: the first one, then one after each second; `always` logs it in any case.

        A row has the mean of the loss and of each of its parts over the steps since the last row that have it.
        """
        self.unlogged.append({name: value.detach() for name, value in losses.items()})
        if not always and state.seconds - self.logged < LOG_EVERY_SECONDS:
            return
        names = dict.fromkeys(name for step in self.unlogged for name in step)
        means = {
            name: torch.stack([step[name] for step in self.unlogged if name in step]).mean().item() for name in names
        }
        self.unlogged, self.logged = [], state.seconds
        self.last_loss = means.get("loss", math.nan)
        seconds = round(state.seconds, 3)
        self._write({"step": state.step, **means, "lr": rate, "seconds": seconds, "skipped": state.skipped})
        self.bar.update(self.task, completed=state.step, note=f"loss {self.last_loss:.4f}")
        self._progress(state, "training")

    def validated(self, state: State) -> None:
        """Log a validation."""
        parts = {f"validation_{name}": value for name, value in state.validation.items()}
        self._write({"step": state.step, "validation": state.score, **parts})
        self._progress(state, "training")

    def finished(self, state: State) -> None:
        """Log the end."""
        self._progress(state, "stopped" if state.stopped else "finished")

    def _write(self, row: dict[str, Any]) -> None:
        if self.file:
            with writing(self.run_dir / LOG):
                self.file.write(json.dumps({key: _finite(value) for key, value in row.items()}) + "\n")

    def _progress(self, state: State, word: str) -> None:
        if not self.main:
            return
        steps = self.settings.training.steps
        left = state.seconds / max(1, state.step) * (steps - state.step) if word == "training" else 0.0
        content = {
            "state": word,
            "step": state.step,
            "steps": steps,
            "loss": _finite(self.last_loss),
            "validation": _finite(state.score),
            "best": _finite(state.best),
            "best_step": state.best_step,
            "skipped": state.skipped,
            "seconds": round(state.seconds, 3),
            "seconds_left": round(left, 1),
            "updated": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        write_text(self.run_dir / PROGRESS, json.dumps(content, indent=1), durable=False)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of `train.jsonl`; lines that are none, such as the last one of a killed run, are left out."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        with suppress(json.JSONDecodeError):
            rows.append(json.loads(line))
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("step"), int)]


def _finite(value: Any) -> Any:
    """None for numbers that JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
