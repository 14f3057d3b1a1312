"""Settings of a script, read and checked: every problem is a sentence that names the key and what to change."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from esmlearn.errors import SettingsError
from esmlearn.settings.base import Block
from esmlearn.settings.densify import TrainDensifySettings
from esmlearn.settings.downscale import TrainDownscaleSettings
from esmlearn.settings.evaluation import EvaluateSettings, ReportSettings
from esmlearn.settings.fill import TrainFillSettings
from esmlearn.settings.reconstruct import ReconstructSettings
from esmlearn.settings.training import TrainReconstructSettings, TrainScriptSettings

TRAIN: dict[str, type[TrainScriptSettings]] = {
    "reconstruct": TrainReconstructSettings,
    "fill": TrainFillSettings,
    "densify": TrainDensifySettings,
    "downscale": TrainDownscaleSettings,
}
"""Settings of the script `train` by its key `task`; without that key, the first."""

SCRIPTS: dict[str, Mapping[str, type[Block]]] = {
    "train": TRAIN,
    "reconstruct": {"": ReconstructSettings},
    "evaluate": {"": EvaluateSettings},
    "report": {"": ReportSettings},
}
"""Settings of all scripts: what checks a recipe, and what docs and tests read."""

ESMVALCORE_KEYS = {
    "ancestors", "auxiliary_data_dir", "exit_on_ncl_warning", "input_data", "input_files", "log_level",
    "output_file_type", "plot_dir", "profile_diagnostic", "quickplot", "realms", "recipe", "run_dir", "script",
    "themes", "version", "work_dir", "write_ncl_interface",
}  # fmt: skip


NAMES = ("dataset", "alias", "variable_group")
"""Facets whose values a setting may name a dataset by."""

REFERENCES = ("observations", "target", "truth", "dataset", "fine", "coarse", "static", "height")
"""Keys of settings that name datasets, one or several."""


def from_script[T: Block](block: type[T], settings: Mapping[str, Any]) -> T:
    """Read the settings of a script, leaving out the keys that ESMValCore adds.

    Raises
    ------
    SettingsError
        With all problems at once, each naming the key and the nearest known one.
    """
    problems = _problems(block, settings)
    if problems:
        raise SettingsError(" ".join(problems))
    return block.model_validate(_own(settings))


def settings_of(script: str, settings: Mapping[str, Any]) -> type[Block]:
    """Settings class of one of our scripts: what is trained is said by the key `task`.

    Raises
    ------
    SettingsError
        If there is no such task.
    """
    kinds = SCRIPTS[script]
    task = settings.get("task", next(iter(kinds))) if len(kinds) > 1 else next(iter(kinds))
    if task not in kinds:
        raise SettingsError(f"Setting 'task' is {task!r}: choose from {', '.join(kinds)}.")
    return kinds[task]


def check_script(name: str, settings: Mapping[str, Any], datasets: Iterable[Mapping[str, Any]]) -> list[str]:
    """List what is wrong with the settings of one of our scripts, one sentence for each problem.

    Parameters
    ----------
    name
        Name of the script: train, reconstruct, evaluate or report.
    settings
        Its settings as the recipe has them.
    datasets
        The datasets that the recipe gives to it.
    """
    try:
        block = settings_of(name, settings)
    except SettingsError as error:
        return [str(error)]
    problems = _problems(block, settings)
    if not problems:
        known = sorted(
            {
                str(value)
                for entry in datasets
                for key in ("dataset", "alias", "variable_group")
                if (value := entry.get(key))
            }
        )
        for key, wanted in _dataset_names(block.model_validate(_own(settings))):
            if wanted not in known:
                problems.append(f"{key} names the dataset '{wanted}', but the recipe has {', '.join(known) or 'none'}.")
    return problems


def _dataset_names(block: Block) -> list[tuple[str, str]]:
    """All names of datasets in a block, with the keys that hold them."""
    found = []
    for key in type(block).model_fields:
        value = getattr(block, key)
        if isinstance(value, Block):
            found += [(f"{key}.{inner}", name) for inner, name in _dataset_names(value)]
        elif key in REFERENCES and value is not None:
            found += [(key, name) for name in ([value] if isinstance(value, str) else value)]
    return found


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in ESMVALCORE_KEYS}


def _problems(block: type[Block], settings: Mapping[str, Any]) -> list[str]:
    try:
        block.model_validate(_own(settings))
    except ValidationError as error:
        return [_sentence(block, problem) for problem in error.errors()]
    return []


def _sentence(block: type[Block], problem: Any) -> str:
    """Say one of pydantic's findings as a sentence that names the key and what to change."""
    path = [part for part in problem["loc"] if isinstance(part, str)]
    key = ".".join(path)
    if problem["type"] == "extra_forbidden":
        known = sorted(_known_keys(block, path[:-1]))
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}."
        return f"Unknown setting '{key}': {hint}"
    if problem["type"] == "missing":
        return f"Setting '{key}' is missing; add it to the recipe."
    message = problem["msg"].removeprefix("Value error, ")
    place = f"Setting '{key}' is {problem['input']!r}: " if key and problem["type"] != "value_error" else ""
    return f"{place}{key + ': ' if key and not place else ''}{message[0].lower() + message[1:] if place else message}."


def _known_keys(block: type[BaseModel], path: list[str]) -> set[str]:
    """Keys of the block that a path of keys leads to."""
    for part in path:
        if part not in block.model_fields:  # the name that a recipe gave to one of several
            continue
        annotation = block.model_fields[part].annotation
        block = next(
            kind
            for kind in (annotation, *get_args(annotation))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        )
    return set(block.model_fields)
