"""Train a model on what ESMValCore prepared, and leave it as a folder.

Ancestors: the datasets, and for an ensemble that fills gaps the script that trained the transformer that it departs
from. Leaves `model/` in the work folder, and in the run folder `train.jsonl` and `progress.json`, which are current
while it trains (`esmvaltool learn status`), and the checkpoint that a killed training goes on from.
"""

from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import ProvenanceLogger, run_diagnostic
from esmlearn.bridge.paths import find_models, from_start
from esmlearn.bridge.products import describe_inputs
from esmlearn.fields.input_data import InputData
from esmlearn.methods import method_info
from esmlearn.settings import from_script, settings_of
from esmlearn.settings.training import TrainScriptSettings
from esmlearn.tasks import TASKS, load_model
from esmlearn.trained.folder import write_folder


def main(cfg: dict[str, Any]) -> None:
    """Train one model: what the settings name as task, else a transformer."""
    settings = from_start_of_run(from_script(settings_of("train", cfg), cfg))
    task = TASKS[settings.task]
    data = InputData(cfg["input_data"])
    record = {"data": describe_inputs(data), "recipe": cfg["recipe"]}
    models = []
    if getattr(settings, "first_guess", None) == "model":
        models = [load_model(folder) for folder in find_models(cfg, settings.model)]
    trained = task.train(data, settings, Path(cfg["run_dir"]), record=record, models=models)
    references = list(method_info(task.method).training_references.get(task.name, ()))
    with ProvenanceLogger(cfg) as provenance:
        for file in write_folder(Path(cfg["work_dir"], "model"), trained):
            provenance.log(
                file,
                {
                    "caption": f"{task.title}: {file.name}.",
                    "ancestors": sorted(cfg["input_data"]),
                    "authors": ["esmlearn_team"],
                    **({"references": references} if references else {}),
                },
            )


def from_start_of_run[Kind: TrainScriptSettings](settings: Kind) -> Kind:
    """Take the folder to go on from as seen from where the run was started."""
    if not settings.training.resume:
        return settings
    resume = {"resume": str(from_start(settings.training.resume))}
    return settings.model_copy(update={"training": settings.training.model_copy(update=resume)})


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
