"""Train a model on what ESMValCore prepared, and save it as a folder.

Ancestors: the datasets, and for an ensemble that fills gaps the script that trained the transformer of its first guess.
Leaves `model/` in the work folder. The run folder gets `train.jsonl` and `progress.json`, which are updated during the
training (`esmvaltool learn status`), and the checkpoint from which a killed training is resumed.
"""

from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import log_provenance, run_diagnostic
from esmlearn.bridge.paths import find_models, from_start
from esmlearn.bridge.products import describe_inputs
from esmlearn.fields.input_data import InputData
from esmlearn.methods import method_info
from esmlearn.settings import from_script, settings_of
from esmlearn.settings.training import TrainScriptSettings
from esmlearn.tasks import TASKS, load_model
from esmlearn.trained.folder import write_folder


def main(cfg: dict[str, Any]) -> None:
    """Train the model of one task; without the key `task` it is the transformer."""
    settings = _absolute_resume(from_script(settings_of("train", cfg), cfg))
    task = TASKS[settings.task]
    data = InputData(cfg["input_data"])
    description = {"data": describe_inputs(data), "recipe": cfg["recipe"]}
    models = []
    if getattr(settings, "first_guess", None) == "model":
        models = [load_model(folder) for folder in find_models(cfg, settings.model)]
    trained = task.train(data, settings, Path(cfg["run_dir"]), record=description, models=models)
    record = {"ancestors": sorted(cfg["input_data"]), "authors": ["esmlearn_team"]}
    if references := method_info(task.method).training_references.get(task.name):
        record["references"] = list(references)
    for file in write_folder(Path(cfg["work_dir"], "model"), trained):
        log_provenance(file, {"caption": f"{task.title}: {file.name}.", **record}, cfg)


def _absolute_resume[Settings: TrainScriptSettings](settings: Settings) -> Settings:
    """Make the path of the run to resume absolute: a recipe gives it relative to where the run was started."""
    if not settings.training.resume:
        return settings
    resume = {"resume": str(from_start(settings.training.resume))}
    return settings.model_copy(update={"training": settings.training.model_copy(update=resume)})


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
