"""Check of one script what its settings alone don't tell: files, and models that others train for it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from esmlearn.bridge.paths import NO_ANCESTOR, climatology_from_start, find_model_folder, from_start
from esmlearn.errors import EsmlearnError, SettingsError
from esmlearn.settings import (
    SCRIPTS,
    CompareSettings,
    EvaluateSettings,
    ReconstructSettings,
    TrainFillSettings,
    from_script,
    settings_of,
)
from esmlearn.settings.data import CLIMATOLOGIES
from esmlearn.settings.reconstruct import NO_MODEL
from esmlearn.tasks import check_application, load_model

type Settings = Mapping[str, Any]


def check_files(script: str, settings: Settings, datasets: Collection[str]) -> Iterator[str]:
    """Check that the climatology and the run to resume are there; `datasets` are the names of those of the script."""
    block = from_script(settings_of(script, settings), settings)
    source = getattr(getattr(block, "data", block), "climatology", None)
    resume = getattr(getattr(block, "training", None), "resume", None)
    try:
        if source not in (None, *CLIMATOLOGIES, *datasets):
            from esmlearn.fields.reference import find_climatology

            find_climatology(str(climatology_from_start(source, datasets)))
    except SettingsError as error:
        yield f"{'data.' if script == 'train' else ''}{error}"
    try:
        if resume and not from_start(resume, "training.resume").is_dir():
            yield f"training.resume is {resume}, which is no folder; give the folder of a killed run."
    except SettingsError as error:
        yield str(error)


def check_models(script: str, settings: Settings, ancestors: Sequence[Settings]) -> Iterator[str]:
    """Check that a script has the models that it needs, given the settings of the scripts among its ancestors."""
    block = from_script(settings_of(script, settings), settings)
    try:
        if isinstance(block, ReconstructSettings):
            if block.model == NO_MODEL:
                block.gap_fillers()
            elif trained := _trained(block.model, ancestors):
                check_application(block, trained)
        elif isinstance(block, EvaluateSettings | CompareSettings):
            names = _scripts(ancestors)
            if "reconstruct" not in names and all(name in SCRIPTS for name in names):
                yield "no ancestor reconstructs anything; add the script `reconstruct` to `ancestors`."
        elif isinstance(block, TrainFillSettings) and block.first_guess == "model":
            trained = _trained(block.model, ancestors)
            if trained and [task for task, _ in trained] != ["reconstruct"]:
                yield (
                    "first_guess `model` needs one trained transformer, but "
                    f"{'`model`' if block.model else '`ancestors`'} gives {' and '.join(task for task, _ in trained)}; "
                    "name the script that trains it."
                )
    except EsmlearnError as error:
        yield from map(str, error.args)


def _scripts(ancestors: Sequence[Settings]) -> list[str]:
    """Return the name of the file of each script."""
    return [Path(str(ancestor.get("script"))).stem for ancestor in ancestors]


def _trained(model: str | None, ancestors: Sequence[Settings]) -> list[tuple[str, Any]]:
    """Return task and settings of each model that a script will have; none where that can't be told before a run.

    Raises
    ------
    EsmlearnError
        If the model folder can't be read, or no ancestor trains one.
    """
    if model:
        loaded = load_model(find_model_folder(model))
        return [(loaded.task, loaded.settings)]
    names = _scripts(ancestors)
    trainings = [ancestor for name, ancestor in zip(names, ancestors, strict=True) if name == "train"]
    # A script of the user's own may leave a model, too.
    if not trainings and all(name in SCRIPTS for name in names):
        raise SettingsError(NO_ANCESTOR)
    try:
        blocks = [from_script(settings_of("train", training), training) for training in trainings]
    except SettingsError:  # listed as a problem of the training
        return []
    return [(str(getattr(block, "task", "")), block) for block in blocks]
