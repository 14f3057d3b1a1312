"""Train a model on what ESMValCore prepared, and save it as a folder.

Ancestors: the datasets, and for an ensemble that fills gaps the script that trained the transformer of its first guess.
Leaves `model/` in the work folder. The run folder gets `train.jsonl` and `progress.json`, which are updated during the
training (`esmvaltool learn status`), and the checkpoint from which a killed training is resumed.
"""

import os
from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import log_provenance, run_diagnostic
from esmlearn.bridge.paths import climatology_from_start, find_models, from_start
from esmlearn.bridge.products import describe_inputs
from esmlearn.bridge.refusals import one_sentence
from esmlearn.fields.input_data import InputData
from esmlearn.methods import method_info
from esmlearn.settings import from_script, settings_of
from esmlearn.settings.training import TrainScriptSettings
from esmlearn.tasks import TASKS, load_model
from esmlearn.trained.folder import write_folder
from esmlearn.training.loop import refuse_several_processes


def main(cfg: dict[str, Any]) -> None:
    """Train the model of one task; without the key `task` it is the transformer."""
    settings = from_script(settings_of("train", cfg), cfg)
    data = InputData(cfg["input_data"])
    settings = _absolute_paths(settings, data)
    task = TASKS[settings.task]
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


def _absolute_paths[Settings: TrainScriptSettings](settings: Settings, data: InputData) -> Settings:
    """Make paths absolute: a recipe gives them relative to where the run was started."""
    update = {}
    if settings.training.resume:
        resume = str(from_start(settings.training.resume, "training.resume"))
        update["training"] = settings.training.model_copy(update={"resume": resume})
    if source := getattr(settings.data, "climatology", None):
        source = climatology_from_start(source, data.all_names)
        update["data"] = settings.data.model_copy(update={"climatology": source})
    return settings.model_copy(update=update)


if __name__ == "__main__":
    with one_sentence():  # before a second process makes a folder, or meets the first one's lock
        refuse_several_processes(os.environ)
    with run_diagnostic() as config:
        main(config)
