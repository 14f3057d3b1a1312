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
    load_static,
    load_surface,
    load_training,
    without_surface,
)
from esmlearn.bridge.paths import find_models, from_start
from esmlearn.errors import ModelFolderError
from esmlearn.settings import (
    AnyTrainSettings,
    DownscaleTrainSettings,
    EnsembleTrainSettings,
    TrainSettings,
    from_script,
)
from esmlearn.tasks.densify.train import fit_densifying
from esmlearn.tasks.downscale.train import FineData, fit_downscaling
from esmlearn.tasks.fill.train import fit_filling
from esmlearn.tasks.reconstruct.train import fit
from esmlearn.trained.folder import load_model, save_model
from esmlearn.trained.trained import TrainedDownscaler, TrainedEnsemble, TrainedModel

REFERENCES = {
    "transformer": [
        *("cressman1959", "barnes1964", "bratseth1986"),
        *("vaswani2017", "bertasius2021", "tong2022", "ronneberger2015", "seitzer2022", "goh2024"),
    ],
    "ensemble": ["ho2020", "karras2022", "liu2022", "perez2018"],
    "downscaler": ["ho2020", "karras2022", "mardani2025"],
}

NAMES = {
    "transformer": "Trained SpatioTemporalModel",
    "ensemble": "Ensemble by conditional diffusion",
    "downscaler": "Super-resolution by conditional diffusion",
}


def main(cfg: dict[str, Any]) -> None:
    """Train one model: what the settings name as task, else a transformer."""
    task = cfg.get("task")
    trained = {None: train_transformer, "downscale": train_downscaler}.get(task, train_ensemble)(cfg)
    kind = {None: "transformer", "downscale": "downscaler"}.get(task, "ensemble")
    with ProvenanceLogger(cfg) as provenance:
        for file in save_model(Path(cfg["work_dir"], "model"), trained):
            provenance.log(
                file,
                {
                    "caption": f"{NAMES[kind]}: {file.name}.",
                    "ancestors": sorted(cfg["input_data"]),
                    "authors": ["esmlearn_team"],
                    "references": REFERENCES[kind],
                },
            )


def train_transformer(cfg: dict[str, Any]) -> TrainedModel:
    """Train a transformer."""
    settings = from_start_of_run(from_script(TrainSettings, cfg))
    observations, target = load_training(cfg, settings.data)
    return fit(observations, target, settings, Path(cfg["run_dir"]), record=describe(cfg, settings.data.observations))


def train_ensemble(cfg: dict[str, Any]) -> TrainedEnsemble:
    """Train an ensemble, with an ancestor's transformer as its guide if the settings ask for one."""
    settings = from_start_of_run(from_script(EnsembleTrainSettings, cfg))
    if settings.task == "densify":
        return train_densifier(cfg, settings)
    guide = load_guide(cfg, settings.model) if settings.first_guess == "model" else None
    observations, target = load_training(cfg, settings.data)
    record = describe(cfg, settings.data.observations)
    return fit_filling(observations, target, settings, guide, Path(cfg["run_dir"]), record=record)


def train_densifier(cfg: dict[str, Any], settings: EnsembleTrainSettings) -> TrainedEnsemble:
    """Train an ensemble that completes levels."""
    surface = load_surface(cfg, settings.surface, settings.data)
    below = without_surface(cfg, settings.surface)
    target = load_field(below, str(settings.data.target), units=settings.data.units)
    record = {**describe(below, settings.data.observations), "data": describe_inputs(cfg)}
    return fit_densifying(target, surface, settings, Path(cfg["run_dir"]), record=record)


def train_downscaler(cfg: dict[str, Any]) -> TrainedDownscaler:
    """Train an ensemble that makes fine fields of coarse ones."""
    settings = from_start_of_run(from_script(DownscaleTrainSettings, cfg))
    data, told = settings.data, settings.conditions
    fine = load_field(cfg, data.fine, units=data.units)
    coarse = {data.coarse: load_field(cfg, data.coarse, units=fine.units)}
    coarse |= {name: load_field(cfg, name) for name in told.coarse}
    static = {name: load_static(cfg, name, fine) for name in told.static}
    return fit_downscaling(
        FineData(fine, coarse, static), settings, Path(cfg["run_dir"]), record=describe(cfg, data.fine)
    )


def from_start_of_run[Kind: AnyTrainSettings](settings: Kind) -> Kind:
    """Take the folder to go on from as seen from where the run was started."""
    if not settings.training.resume:
        return settings
    resume = {"resume": str(from_start(settings.training.resume))}
    return settings.model_copy(update={"training": settings.training.model_copy(update=resume)})


def load_guide(cfg: dict[str, Any], folder: str | None) -> TrainedModel:
    """Load the transformer that an ensemble departs from."""
    guide = load_model(find_models(cfg, folder)[0])
    if not isinstance(guide, TrainedModel):
        raise ModelFolderError("`model` names no transformer, but an ensemble departs from a SpatioTemporalModel.")
    return guide


def describe(cfg: dict[str, Any], dataset: str) -> dict[str, Any]:
    """What the folder of a model says of its data."""
    source = find_dataset(cfg, dataset)
    told = ("short_name", "standard_name", "long_name", "frequency")
    return {
        "variable": {key: source[key] for key in told if key in source},
        "data": describe_inputs(cfg),
        "recipe": cfg["recipe"],
    }


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
