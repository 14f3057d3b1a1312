"""State of a training, and the checkpoint that it is resumed from."""

import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from esmlearn.errors import ModelFolderError
from esmlearn.files import atomic_write, sha256
from esmlearn.settings import TrainScriptSettings

CHECKPOINT = "checkpoint.pt"

REGRESSION = "regression"
"""Folder, in that of a training, of the training of a regression before it."""

_DIGEST_BYTES = hashlib.sha256().digest_size


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


def find_checkpoint(run_dir: Path, resume: str | None, stage: str = "") -> Path | None:
    """Find the checkpoint of a stage to resume from: this run's own, else that of the folder `training.resume`.

    None if neither has one, as of a run that was killed before or after that stage.

    Raises
    ------
    ModelFolderError
        If the folder `training.resume` has no checkpoint of any stage.
    """
    if (run_dir / CHECKPOINT).is_file():
        return run_dir / CHECKPOINT
    if resume is None:
        return None
    folder = Path(resume).expanduser()
    found = sorted(folder.rglob(CHECKPOINT), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ModelFolderError(
            f"training.resume is {resume}, but no {CHECKPOINT} is there; give the folder of a killed run."
        )
    of_regression = [path for path in found if path.relative_to(folder).parent.name == REGRESSION]
    of_stage = of_regression if stage == REGRESSION else [path for path in found if path not in of_regression]
    return of_stage[-1] if of_stage else None


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
    """Write all that is needed to resume a training, then its hash; parts are networks and optimizer by name."""
    content = {
        "settings": _fingerprint(settings),
        "state": asdict(state),
        "best": best,
        "random": torch.get_rng_state(),
    } | {name: part.state_dict() for name, part in parts.items()}
    with atomic_write(path) as aside:
        torch.save(content, aside)
        digest = bytes.fromhex(sha256(aside))
        with aside.open("ab") as file:
            file.write(digest)


def restore_checkpoint(
    path: Path, settings: TrainScriptSettings, parts: Mapping[str, Any]
) -> tuple[State, dict[str, Tensor]]:
    """Load a checkpoint into networks and optimizer; return the state and the best weights.

    Raises
    ------
    ModelFolderError
        If the checkpoint was cut off or altered, is none of ours, or was made with other settings.
    """
    kept = path.read_bytes()
    whole, digest = kept[:-_DIGEST_BYTES], kept[-_DIGEST_BYTES:]
    if hashlib.sha256(whole).digest() != digest:
        raise ModelFolderError(
            f"The checkpoint {path} was cut off or altered, or is of another esmlearn; remove it to start anew."
        )
    try:
        content = torch.load(io.BytesIO(whole), map_location="cpu", weights_only=True)
        made_with = content["settings"]
        if made_with == _fingerprint(settings):
            for name, part in parts.items():
                part.load_state_dict(content[name])
            torch.set_rng_state(content["random"])
            return State(**content["state"]), content["best"]
    except Exception as error:
        # A file that is not ours makes torch raise errors of any kind.
        raise ModelFolderError(
            f"The checkpoint {path} is not that of this training; remove it to start anew."
        ) from error
    raise ModelFolderError(
        f"The checkpoint {path} was made with other settings; remove it to start anew, or give back its settings."
    )
