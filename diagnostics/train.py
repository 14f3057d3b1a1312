"""Train a model on what ESMValCore prepared, and leave it as a folder.

Ancestors: the datasets. Leaves `model/` in the work folder, and in the run folder `train.jsonl` and `progress.json`,
which are current while it trains (`esmvaltool learn status`), and the checkpoint that a killed training goes on from.
"""

from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import ProvenanceLogger, run_diagnostic
from esmlearn.bridge.fields import describe_inputs, find_dataset, load_training
from esmlearn.bridge.paths import from_start
from esmlearn.checkpoint import save_model
from esmlearn.settings import TrainSettings, from_script
from esmlearn.training import fit


def main(cfg: dict[str, Any]) -> None:
    """Train one model."""
    settings = from_script(TrainSettings, cfg)
    if settings.training.resume:
        resume = {"resume": str(from_start(settings.training.resume))}
        settings = settings.model_copy(update={"training": settings.training.model_copy(update=resume)})
    observations, target = load_training(cfg, settings.data)
    source = find_dataset(cfg, settings.data.observations)
    record = {
        "variable": {key: source[key] for key in ("short_name", "standard_name", "frequency") if key in source},
        "data": describe_inputs(cfg),
        "recipe": cfg["recipe"],
    }
    trained = fit(observations, target, settings, Path(cfg["run_dir"]), record=record)
    with ProvenanceLogger(cfg) as provenance:
        for file in save_model(Path(cfg["work_dir"], "model"), trained):
            provenance.log(
                file,
                {
                    "caption": f"Trained SpatioTemporalModel: {file.name}.",
                    "ancestors": sorted(cfg["input_data"]),
                    "authors": ["esmlearn_team"],
                    "references": [
                        *("cressman1959", "barnes1964", "bratseth1986"),
                        *("vaswani2017", "bertasius2021", "tong2022", "ronneberger2015", "seitzer2022", "goh2024"),
                    ],
                },
            )


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
