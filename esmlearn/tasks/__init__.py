"""What the tool does: one room for each task, and the one registry of them.

Nothing here loads torch before a task is used: commands and checks must start quickly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esmlearn.errors import ModelFolderError, SettingsError
from esmlearn.settings import TRAIN, ReconstructSettings, ablation_problems
from esmlearn.settings.training import TrainScriptSettings

if TYPE_CHECKING:
    from esmlearn.fields.input_data import InputData
    from esmlearn.tasks.outputs import Application
    from esmlearn.trained.folder import Content, Trained


@dataclass(frozen=True)
class Task:
    """A task, whose room has the modules `samples`, `model`, `train` and `apply`.

    Attributes
    ----------
    name
        Name of the room, and the value of the key `task` in a recipe.
    title
        What a training leaves, for captions.
    method
        Name of what it makes, in files and reports.
    base
        Task whose model may stand beside this one's among the ancestors; None for a task that stands alone.
    package
        Where the room is; default: here.
    """

    name: str
    title: str
    method: str
    base: str | None = None
    package: str = __name__

    @property
    def settings(self) -> type[TrainScriptSettings]:
        """Settings of the script `train` for this task."""
        return TRAIN[self.name]

    def train(
        self,
        data: "InputData",
        settings: TrainScriptSettings,
        run_dir: Path,
        *,
        record: Mapping[str, Any],
        models: Sequence["Trained"] = (),
    ) -> "Trained":
        """Train on the datasets of a recipe, with the log and the checkpoint in `run_dir`.

        The record is what else the model shall know of itself: hashes of its data, the recipe. A task with a base gets
        the trained models of the ancestors, or the one that its settings name.
        """
        base = {"models": models} if self.base else {}
        return self._module("train").train(data, settings, run_dir, record=record, **base)

    def apply(self, models: Mapping[str, "Trained"], data: "InputData", settings: ReconstructSettings) -> "Application":
        """Apply models, given by the names of their tasks, to the datasets of a recipe."""
        return self._module("apply").apply(models, data, settings)

    def read(self, content: "Content") -> "Trained":
        """Make a trained model of what its folder holds."""
        return self._module("model").read(content)

    def ready(self, trained: "Trained") -> Any:
        """Give a trained model a method `reconstruct`, which takes and gives cubes."""
        return self._module("apply").Ready(trained)

    def _module(self, name: str) -> Any:
        return import_module(f"{self.package}.{self.name}.{name}")


TASKS = {
    task.name: task
    for task in (
        Task("reconstruct", "Trained SpatioTemporalModel", "SpatioTemporalModel"),
        Task("fill", "Ensemble by conditional diffusion", "ConditionalDiffusion", base="reconstruct"),
        Task("densify", "Ensemble of levels by conditional diffusion", "ConditionalDiffusion"),
        Task("downscale", "Super-resolution by conditional diffusion", "ConditionalDiffusion"),
    )
}


def load_model(folder: str | Path) -> "Trained":
    """Read a model folder.

    Raises
    ------
    ModelFolderError
        If a file is missing or altered, or if the folder is for an unknown task or of another format.
    """
    from esmlearn.trained.folder import read_folder

    content = read_folder(Path(folder))
    if content.task not in TASKS:
        raise ModelFolderError(
            f"The model in {folder} is for the task '{content.task}', not {' or '.join(map(repr, TASKS))}; give a "
            "model that `train` made."
        )
    return content.of(TASKS[content.task].read)


def load(folder: str | Path) -> Any:
    """Load a trained model from its folder, ready for cubes.

    Returns
    -------
    object
        With a method `reconstruct`, see the module `apply` of the task: a cube with gaps gives a complete one, sparse
        profiles give complete levels, a coarse cube gives a fine one.

    Raises
    ------
    ModelFolderError
        If the folder is incomplete, altered, or made for another task.
    """
    trained = load_model(folder)
    return TASKS[trained.task].ready(trained)


def apply(models: Sequence["Trained"], data: "InputData", settings: ReconstructSettings) -> "Application":
    """Apply trained models to the datasets of a recipe, beside the baselines of their task; without any, those alone.

    Raises
    ------
    SettingsError
        If the models don't go together, or the settings ask for what they can't do; before any work starts.
    """
    if not models:
        from esmlearn.tasks import without_model

        return without_model.apply(data, settings)
    by_task = {model.task: model for model in models}
    task = check_application(settings, [(model.task, model.settings) for model in models])
    return task.apply(by_task, data, settings)


def check_application(settings: ReconstructSettings, trained: Sequence[tuple[str, Any]]) -> Task:
    """Return the task whose models are applied, given task and settings of each training.

    Raises
    ------
    SettingsError
        If the models don't go together, or the settings ask for what they can't do.
    """
    by_task = dict(trained)
    if len(by_task) < len(trained):
        names = ", ".join(name for name, _ in trained)
        raise SettingsError(
            f"The ancestors train several models of one task ({names}), and which one is meant is not clear; "
            "name one script that trains for each task in `ancestors`."
        )
    task = next((task for task in map(TASKS.__getitem__, by_task) if {*by_task} <= {task.name, task.base}), None)
    if task is None:
        raise SettingsError(
            f"Models of the tasks {' and '.join(by_task)} can't be applied by one script; give each its own "
            "`reconstruct` with its own `ancestors`."
        )
    _check_settings(settings, task, by_task[task.name])
    return task


def _check_settings(settings: ReconstructSettings, task: Task, trained: Any) -> None:
    """Refuse settings that a model can't follow, before it has done anything else."""
    if settings.every > 1 and task.name != "downscale":
        raise SettingsError("`every` is for super-resolution; gaps are filled day by day: leave it out.")
    if settings.smooth_observed and task.name != "reconstruct" and (obstacle := trained.why_no_smoothing):
        raise SettingsError(obstacle)
    if settings.outliers != "ignore" and task.name == "downscale":
        raise SettingsError("`outliers` are of observations with gaps; super-resolution has none: leave it out.")
    if settings.climatology is not None and task.name not in ("reconstruct", "fill"):
        raise SettingsError(f"`climatology` is for gaps in days; the task `{task.name}` has its own: leave it out.")
    if settings.ablations and task.name == "reconstruct":
        raise SettingsError("`ablations` are of an ensemble, but the model is none; leave them out.")
    problems = ablation_problems(settings.ablations, trained) if settings.ablations else []
    if problems:
        raise SettingsError(*problems)
    _ = settings.interpolations() if task.name == "downscale" else settings.gap_fillers()
