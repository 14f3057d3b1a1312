"""Paths in a recipe are relative to the folder where `esmvaltool run` was started, not to that of a script."""

import os
from pathlib import Path
from typing import Any

from esmlearn.errors import ModelFolderError
from esmlearn.settings.reconstruct import NO_MODEL

STARTED_FROM = "ESMLEARN_STARTED_FROM"
"""Environment variable that passes this folder from ESMValCore's process to the scripts."""


def from_start(path: str) -> Path:
    """Make a path of a recipe absolute."""
    return Path(os.environ.get(STARTED_FROM, Path.cwd())) / Path(path).expanduser()


def find_models(cfg: dict[str, Any], pattern: str | None) -> list[Path]:
    """Return the folder of the model that a setting names, else those of all ancestors, in their order.

    None for the setting `none`, with which a recipe asks for baselines alone.

    Raises
    ------
    ModelFolderError
        If there is none.
    """
    from esmlearn.trained.folder import SETTINGS

    if pattern == NO_MODEL:
        return []
    if pattern:
        return [find_model_folder(pattern)]
    found = [Path(ancestor, "model") for ancestor in cfg["input_files"]]
    folders = [folder for folder in found if (folder / SETTINGS).is_file()]
    if not folders:
        raise ModelFolderError(
            "No ancestor left a model; add `train` to the ancestors, or set `model` to a model folder, or to `none`"
            " for baselines alone."
        )
    return folders


def find_model_folder(pattern: str) -> Path:
    """Return the newest model folder that a path fits, which may have wildcards.

    Raises
    ------
    ModelFolderError
        If there is none.
    """
    from esmlearn.trained.folder import SETTINGS

    path = from_start(pattern)
    found = [file.parent for file in Path(path.anchor).glob(str((path / SETTINGS).relative_to(path.anchor)))]
    if not found:
        raise ModelFolderError(
            f"The setting model is '{pattern}', but there is no model folder; train one first "
            "(`make demo` leaves one), or give the path of one."
        )
    return max(found, key=lambda folder: (folder / SETTINGS).stat().st_mtime)
