"""Paths in a recipe are relative to the folder where `esmvaltool run` was started, not to that of a script."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from esmlearn.errors import ModelFolderError, SettingsError
from esmlearn.settings.data import CLIMATOLOGIES
from esmlearn.settings.reconstruct import NO_MODEL

STARTED_FROM = "ESMLEARN_STARTED_FROM"
"""Environment variable that passes this folder from ESMValCore's process to the scripts."""

NO_ANCESTOR = (
    "No ancestor left a model; add `train` to the ancestors, or set `model` to a model folder, or to `none` for "
    "baselines alone."
)


def from_start(path: str, key: str) -> Path:
    """Make a path of a recipe absolute.

    Raises
    ------
    SettingsError
        If no file can have it, with the key of the setting.
    """
    try:
        absolute = Path(os.environ.get(STARTED_FROM, Path.cwd())) / Path(path).expanduser()
        absolute.exists()  # an OSError where a name is too long, or a folder can't be looked into
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(f"{key} is '{path}', where no file can be found: {error}; correct the path.") from error
    return absolute


def climatology_from_start(source: str | None, datasets: Collection[str]) -> str | None:
    """Make the path of a climatology absolute; what is no path stays: a dataset, `packaged`, `zero` or nothing."""
    return source if source in (None, *CLIMATOLOGIES, *datasets) else str(from_start(str(source), "climatology"))


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
    found = dict.fromkeys(Path(ancestor, "model") for ancestor in cfg["input_files"])  # two patterns may fit one
    folders = [folder for folder in found if (folder / SETTINGS).is_file()]
    if not folders:
        raise ModelFolderError(NO_ANCESTOR)
    return folders


def find_model_folder(pattern: str) -> Path:
    """Return the newest model folder that a path fits, which may have wildcards.

    Raises
    ------
    ModelFolderError
        If there is none.
    """
    from esmlearn.trained.folder import SETTINGS

    path = from_start(pattern, "model")
    if (path / SETTINGS).is_file():  # its name may have brackets or stars of its own
        return path
    try:
        found = [file.parent for file in Path(path.anchor).glob(str((path / SETTINGS).relative_to(path.anchor)))]
    except ValueError as error:  # a pattern such as **x
        raise SettingsError(f"The setting model is '{pattern}', which is no pattern of paths: {error}.") from error
    if not found:
        raise ModelFolderError(
            f"The setting model is '{pattern}', but there is no model folder; train one first "
            "(`make demo` leaves one), or give the path of one."
        )
    return max(found, key=lambda folder: (folder / SETTINGS).stat().st_mtime)
