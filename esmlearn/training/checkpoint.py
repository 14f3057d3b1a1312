"""State of a training, and the checkpoint that it is resumed from."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from esmlearn.errors import ModelFolderError
from esmlearn.files import atomic_write
from esmlearn.settings import TrainScriptSettings

CHECKPOINT = "checkpoint.pt"


@dataclass
class State:
    """State of a training; all of it is in a checkpoint.

    Attributes
    ----------
    step, seconds
        Number of steps done, and the time that they took.
    skipped
        Steps without a loss, as no pixel of their batch counts.
    best, best_step, best_validation
        Lowest score of a validation, its step, and all parts of that validation.
    since_best
        Validations since the best one.
    plateau
        Factor on the learning rate of the schedule `plateau`.
    stopped
        Whether the training ended early.
    validation
        Parts of the last validation.
    """

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
        """The part of the last validation that the best weights are chosen by: the first one."""
        return next(iter(self.validation.values()), math.nan)


def find_checkpoint(run_dir: Path, resume: str | None) -> Path | None:
    """Find the checkpoint to resume from: this run's own, else that of the folder `training.resume`.

    Raises
    ------
    ModelFolderError
        If that folder has no checkpoint.
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


def _fingerprint(settings: TrainScriptSettings) -> str:
    """All settings except `training.resume`."""
    return settings.model_dump_json(exclude={"training": {"resume"}})


def save_checkpoint(
    path: Path,
    settings: TrainScriptSettings,
    state: State,
    parts: Mapping[str, Any],
    best: dict[str, Tensor],
) -> None:
    """Write all that is needed to resume a training: parts are networks and optimizer by name."""
    content = {
        "settings": _fingerprint(settings),
        "state": asdict(state),
        "best": best,
        "random": torch.get_rng_state(),
    } | {name: part.state_dict() for name, part in parts.items()}
    with atomic_write(path) as aside:
        torch.save(content, aside)


def restore_checkpoint(
    path: Path, settings: TrainScriptSettings, parts: Mapping[str, Any]
) -> tuple[State, dict[str, Tensor]]:
    """Load a checkpoint into networks and optimizer; return the state and the best weights.

    Raises
    ------
    ModelFolderError
        If the checkpoint was made with other settings.
    """
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content["settings"] != _fingerprint(settings):
        raise ModelFolderError(
            f"The checkpoint {path} was made with other settings; remove it to start anew, or give back its settings."
        )
    for name, part in parts.items():
        part.load_state_dict(content[name])
    torch.set_rng_state(content["random"])
    return State(**content["state"]), content["best"]
