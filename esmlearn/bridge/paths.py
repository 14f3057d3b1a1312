"""Paths that a recipe names are seen from where `esmvaltool run` was started, not from where a script runs."""

import os
from pathlib import Path
from typing import Any

from esmlearn.errors import ModelFolderError

STARTED_FROM = "ESMLEARN_STARTED_FROM"
"""Environment variable that carries the folder from ESMValCore's process to the scripts."""


def from_start(path: str) -> Path:
    """Complete a path of a recipe."""
    return Path(os.environ.get(STARTED_FROM, Path.cwd())) / Path(path).expanduser()


def find_models(cfg: dict[str, Any], pattern: str | None) -> list[Path]:
    """Folders of models: the one that a setting names, else those that ancestors left, in the order of the ancestors.

    Raises
    ------
    ModelFolderError
        If there is none.
    """
    from esmlearn.trained.folder import SETTINGS

    if pattern:
        return [find_model_folder(pattern)]
    found = [Path(ancestor, "model") for ancestor in cfg["input_files"]]
    folders = [folder for folder in found if (folder / SETTINGS).is_file()]
    if not folders:
        raise ModelFolderError(
            "No ancestor left a model; add `train` to the ancestors, or set `model` to a model folder."
        )
    return folders


def find_model_folder(pattern: str) -> Path:
    """Find a model folder by its path, which may hold wildcards; the newest that fits.

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
