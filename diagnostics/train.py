"""Train a model on what ESMValCore prepared, and leave it as a folder.

Ancestors: the datasets, and for an ensemble the script that trained the transformer that it departs from. Leaves
`model/` in the work folder, and in the run folder `train.jsonl` and `progress.json`, which are current while it trains
(`esmvaltool learn status`), and the checkpoint that a killed training goes on from.
"""

from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import ProvenanceLogger, run_diagnostic
from esmlearn.bridge.fields import (
    describe_inputs,
    find_dataset,
    load_field,
    load_surface,
    load_training,
    without_surface,
)
from esmlearn.bridge.paths import find_models, from_start
from esmlearn.checkpoint import TrainedEnsemble, TrainedModel, load_model, save_model
from esmlearn.errors import ModelFolderError
from esmlearn.fitting import fit, fit_densifying, fit_filling
from esmlearn.settings import AnyTrainSettings, DataSettings, EnsembleTrainSettings, TrainSettings, from_script

REFERENCES = {
    "transformer": [
        *("cressman1959", "barnes1964", "bratseth1986"),
        *("vaswani2017", "bertasius2021", "tong2022", "ronneberger2015", "seitzer2022", "goh2024"),
    ],
    "ensemble": ["ho2020", "karras2022", "liu2022", "perez2018"],
}


def main(cfg: dict[str, Any]) -> None:
    """Train one model: an ensemble where the settings name a task, else a transformer."""
    trained = train_ensemble(cfg) if "task" in cfg else train_transformer(cfg)
    name, references = (
        ("Ensemble by conditional diffusion", REFERENCES["ensemble"])
        if isinstance(trained, TrainedEnsemble)
        else ("Trained SpatioTemporalModel", REFERENCES["transformer"])
    )
    with ProvenanceLogger(cfg) as provenance:
        for file in save_model(Path(cfg["work_dir"], "model"), trained):
            provenance.log(
                file,
                {
                    "caption": f"{name}: {file.name}.",
                    "ancestors": sorted(cfg["input_data"]),
                    "authors": ["esmlearn_team"],
                    "references": references,
                },
            )


def train_transformer(cfg: dict[str, Any]) -> TrainedModel:
    """Train a transformer."""
    settings = from_start_of_run(from_script(TrainSettings, cfg))
    observations, target = load_training(cfg, settings.data)
    return fit(observations, target, settings, Path(cfg["run_dir"]), record=describe(cfg, settings.data))


def train_ensemble(cfg: dict[str, Any]) -> TrainedEnsemble:
    """Train an ensemble, with an ancestor's transformer as its guide if the settings ask for one."""
    settings = from_start_of_run(from_script(EnsembleTrainSettings, cfg))
    if settings.task == "densify":
        return train_densifier(cfg, settings)
    guide = load_guide(cfg, settings.model) if settings.first_guess == "model" else None
    observations, target = load_training(cfg, settings.data)
    record = describe(cfg, settings.data)
    return fit_filling(observations, target, settings, guide, Path(cfg["run_dir"]), record=record)


def train_densifier(cfg: dict[str, Any], settings: EnsembleTrainSettings) -> TrainedEnsemble:
    """Train an ensemble that completes levels."""
    surface = load_surface(cfg, settings.surface, settings.data)
    below = without_surface(cfg, settings.surface)
    target = load_field(below, str(settings.data.target), units=settings.data.units)
    record = {**describe(below, settings.data), "data": describe_inputs(cfg)}
    return fit_densifying(target, surface, settings, Path(cfg["run_dir"]), record=record)


def from_start_of_run[Kind: AnyTrainSettings](settings: Kind) -> Kind:
    """Take the folder to go on from as seen from where the run was started."""
    if not settings.training.resume:
        return settings
    resume = {"resume": str(from_start(settings.training.resume))}
    return settings.model_copy(update={"training": settings.training.model_copy(update=resume)})


def load_guide(cfg: dict[str, Any], folder: str | None) -> TrainedModel:
    """Load the transformer that an ensemble departs from."""
    guide = load_model(find_models(cfg, folder)[0])
    if isinstance(guide, TrainedEnsemble):
        raise ModelFolderError("`model` names an ensemble, but an ensemble departs from a SpatioTemporalModel.")
    return guide


def describe(cfg: dict[str, Any], data: DataSettings) -> dict[str, Any]:
    """What the folder of a model says of its data."""
    source = find_dataset(cfg, data.observations)
    return {
        "variable": {key: source[key] for key in ("short_name", "standard_name", "frequency") if key in source},
        "data": describe_inputs(cfg),
        "recipe": cfg["recipe"],
    }


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
