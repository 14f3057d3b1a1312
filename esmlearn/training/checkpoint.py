"""Where a training stands: the checkpoint it can go on from, and the log that shows it while it runs."""

import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from esmlearn.errors import ModelFolderError
from esmlearn.files import atomic_write, write_text
from esmlearn.settings import AnyTrainSettings

CHECKPOINT, LOG, PROGRESS = "checkpoint.pt", "train.jsonl", "progress.json"


@dataclass
class State:
    """Where a training stands; all of it is in a checkpoint."""

    step: int = 0
    seconds: float = 0.0
    skipped: int = 0
    best: float = math.inf
    best_step: int = 0
    since_best: int = 0
    plateau: float = 1.0
    stopped: bool = False
    validation: dict[str, float] = field(default_factory=dict)
    best_validation: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The number of the last validation that weights are chosen by."""
        return next(iter(self.validation.values()), math.nan)


def find_checkpoint(run_dir: Path, resume: str | None) -> Path | None:
    """Find the checkpoint to go on from: this run's own, else that of the run the settings name.

    Raises
    ------
    ModelFolderError
        If the settings name a folder without a checkpoint.
    """
    if (run_dir / CHECKPOINT).is_file():
        return run_dir / CHECKPOINT
    if resume is None:
        return None
    found = sorted(Path(resume).expanduser().rglob(CHECKPOINT), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ModelFolderError(
            f"training.resume is {resume}, but no {CHECKPOINT} is there; give the folder of a killed run."
        )
    return found[-1]


def _fingerprint(settings: AnyTrainSettings) -> str:
    """All settings but where the checkpoint comes from."""
    return settings.model_dump_json(exclude={"training": {"resume"}})


def save_checkpoint(
    path: Path,
    settings: AnyTrainSettings,
    state: State,
    network: nn.Module,
    averaged: nn.Module,
    best: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
) -> None:
    """Write all that a training needs to go on from here."""
    content = {
        "settings": _fingerprint(settings),
        "state": asdict(state),
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "best": best,
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
    }
    with atomic_write(path) as aside:
        torch.save(content, aside)


def restore_checkpoint(
    path: Path,
    settings: AnyTrainSettings,
    network: nn.Module,
    averaged: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> tuple[State, dict[str, Tensor]]:
    """Take up a checkpoint."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content["settings"] != _fingerprint(settings):
        raise ModelFolderError(
            f"The checkpoint {path} was made with other settings; remove it to start anew, or give back its settings."
        )
    network.load_state_dict(content["network"])
    averaged.load_state_dict(content["averaged"])
    optimizer.load_state_dict(content["optimizer"])
    torch.set_rng_state(content["random"])
    return State(**content["state"]), content["best"]


class RunLog:
    """`train.jsonl` and `progress.json`, current to the last step, and a bar where there is a terminal."""

    def __init__(self, run_dir: Path, settings: AnyTrainSettings, state: State, *, main: bool) -> None:
        self.run_dir, self.settings, self.main = run_dir, settings, main
        self.last_loss = math.nan
        run_dir.mkdir(parents=True, exist_ok=True)
        lines = run_dir / LOG
        if main:
            # What a killed run logged after its checkpoint is about to be done again.
            kept = (
                [row for row in lines.read_text().splitlines() if json.loads(row)["step"] <= state.step]
                if lines.is_file()
                else []
            )
            write_text(lines, "".join(f"{row}\n" for row in kept))
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

    def __exit__(self, *_: TracebackType | type[BaseException] | BaseException | None) -> None:
        self.bar.stop()
        if self.file:
            self.file.close()

    def step(self, state: State, losses: dict[str, float], rate: float) -> None:
        """Log one step."""
        self.last_loss = losses.get("loss", math.nan)
        self._write(
            {
                "step": state.step,
                **losses,
                "lr": rate,
                "seconds": round(state.seconds, 3),
                "skipped": state.skipped,
            }
        )
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


def _finite(value: Any) -> Any:
    """JSON knows no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
