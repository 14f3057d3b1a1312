"""Read and check the settings of a script: each problem is a sentence with the key and what to change."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from esmlearn.errors import SettingsError
from esmlearn.settings.base import Block
from esmlearn.settings.compare import CompareSettings
from esmlearn.settings.data import LAND
from esmlearn.settings.densify import TrainDensifySettings
from esmlearn.settings.downscale import TrainDownscaleSettings
from esmlearn.settings.evaluation import EvaluateSettings, ReportSettings
from esmlearn.settings.fill import TrainFillSettings
from esmlearn.settings.reconstruct import ReconstructSettings
from esmlearn.settings.sentences import sentences
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
    "compare": {"": CompareSettings},
    "report": {"": ReportSettings},
}
"""Settings of all scripts, by task where a script has several; docs and tests read them too."""

ESMVALCORE_KEYS = {
    "ancestors", "auxiliary_data_dir", "exit_on_ncl_warning", "input_data", "input_files", "log_level",
    "output_file_type", "plot_dir", "profile_diagnostic", "quickplot", "realms", "recipe", "run_dir", "script",
    "themes", "version", "work_dir", "write_ncl_interface",
}  # fmt: skip

NAMES = ("dataset", "alias", "variable_group")
"""Facets of a dataset that a setting may name it by."""

REFERENCES = (
    *("observations", "target", "further_targets", "error", "land", "truth", "dataset", "models"),
    *("fine", "coarse", "static", "height"),
)
"""Keys of settings that name datasets, one or several."""


def from_script[T: Block](block: type[T], settings: Mapping[str, Any]) -> T:
    """Read the settings of a script, without the keys that ESMValCore adds.

    Raises
    ------
    SettingsError
        With one sentence for each problem, which names the key and the nearest known one.
    """
    try:
        return block.model_validate({key: value for key, value in settings.items() if key not in ESMVALCORE_KEYS})
    except ValidationError as error:
        raise SettingsError(*sentences(block, error)) from None


def settings_of(script: str, settings: Mapping[str, Any]) -> type[Block]:
    """Return the class of the settings of a script, by the key `task`; a SettingsError if there is no such task."""
    kinds = SCRIPTS[script]
    task = settings.get("task", next(iter(kinds))) if len(kinds) > 1 else next(iter(kinds))
    if task not in tuple(kinds):  # a list in a recipe is no key of a mapping
        raise SettingsError(f"Setting 'task' is {task!r}: choose from {', '.join(kinds)}.")
    return kinds[task]


def check_script(name: str, settings: Mapping[str, Any], datasets: Iterable[Mapping[str, Any]]) -> list[str]:
    """List the problems of the settings of a script, each in one sentence.

    Parameters
    ----------
    name
        Name of the script, a key of `SCRIPTS`.
    settings
        Its settings in the recipe.
    datasets
        Facets of its datasets in the recipe.
    """
    try:
        block = from_script(settings_of(name, settings), settings)
    except SettingsError as error:
        return list(error.args)
    known = names_of(datasets)
    return [
        f"{key} names the dataset '{wanted}', but the recipe has {', '.join(known) or 'none'}."
        for key, wanted in _dataset_names(block)
        if wanted not in known
    ]


def names_of(datasets: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return every name that a setting may use for one of these datasets, given their facets."""
    return sorted({str(facets[key]) for facets in datasets for key in NAMES if facets.get(key)})


def _dataset_names(block: Block) -> list[tuple[str, str]]:
    """Return all names of datasets in a block, with their keys."""
    found = []
    for key in type(block).model_fields:
        value = getattr(block, key)
        if isinstance(value, Block):
            found += [(f"{key}.{inner}", name) for inner, name in _dataset_names(value)]
        elif key in REFERENCES and isinstance(value, str | tuple):
            names = [value] if isinstance(value, str) else value
            found += [(key, name) for name in names if key != "land" or name not in LAND]
    return found
