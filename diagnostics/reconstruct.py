"""Fill gaps with a trained model and with the baselines, and leave CF netCDF.

Ancestors: the datasets, and the script that trained the model (or `model:`, the folder of one). Leaves, for each
method, a file with the complete days and one with the months; each holds the field, its standard deviation and what was
observed.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import esmlearn
from esmlearn import baselines
from esmlearn.bridge.diagnostic import run_diagnostic, save_data
from esmlearn.bridge.fields import find_dataset, load_dataset, load_observations
from esmlearn.bridge.paths import find_model_folder
from esmlearn.checkpoint import SETTINGS, WEIGHTS, sha256
from esmlearn.data.field import Field
from esmlearn.data.preparation import select_period, select_role
from esmlearn.data.reconstruction import Reconstruction
from esmlearn.data.withholding import withhold
from esmlearn.errors import DataError, ModelFolderError
from esmlearn.reconstruct import reconstruct
from esmlearn.settings import GapSettings, ReconstructSettings, SplitSettings, from_script

MOST_OF_A_YEAR = 0.9
"""Part of a year that a training must cover to tell what is normal."""


@dataclass(frozen=True)
class Said:
    """What a method says, who it is, and whose papers it follows."""

    method: str
    role: str
    result: Reconstruction
    parameters: dict[str, Any]
    references: tuple[str, ...]


def main(cfg: dict[str, Any]) -> None:
    """Reconstruct one dataset with all methods."""
    settings = from_script(ReconstructSettings, cfg)
    folder = find_model(cfg, settings.model)
    model = esmlearn.load(folder)
    data = model.trained.settings.data
    name = settings.observations or data.observations
    land = model.land_of(load_dataset(cfg, name))
    # A model from elsewhere meets data as they are, unless the recipe says what to hide.
    gaps = settings.gaps or (GapSettings() if settings.model else data.gaps)
    observations = load_observations(cfg, name, gaps, units=data.units, land=land)
    field = cut(observations, settings.period, data.split)
    if settings.withhold:
        field = withhold(field, settings.withhold)
    climatology, scaling = model.climate(field)
    result = reconstruct(model.trained, field, climatology, scaling, overlap=settings.overlap)
    said = [Said("SpatioTemporalModel", "model", result, {}, ("goh2024",))]
    training = training_days(field, observations, data.split)
    for method in settings.baselines:
        baseline = baselines.fit(method, training, climatology=climatology, settings=settings)
        result = baseline.reconstruct_field(field)
        said.append(Said(method, "baseline", result, baseline.parameters, baseline.references))
    ancestors = [*cfg["input_data"], *(str(folder / name) for name in (WEIGHTS, SETTINGS) if not settings.model)]
    for one in said:
        attributes = {
            "esmlearn_method": one.method,
            "esmlearn_role": one.role,
            "esmlearn_dataset": name,
            "esmlearn_parameters": json.dumps(one.parameters),
            "esmlearn_split": settings.period,
            "esmlearn_gaps": gaps.model_dump_json(exclude_none=True),
            **({"esmlearn_withheld": settings.withhold.model_dump_json()} if settings.withhold else {}),
            "esmlearn_model_folder": str(folder),
            "esmlearn_model_sha256": sha256(folder / SETTINGS),
        }
        save(cfg, ancestors, f"{find_dataset(cfg, name)['short_name']}_{name}_{one.method}", field, one, attributes)


def find_model(cfg: dict[str, Any], folder: str | None) -> Path:
    """Folder of the model: the one named, else the one that an ancestor left."""
    if folder:
        return find_model_folder(folder)
    for ancestor in map(Path, cfg["input_files"]):
        if (ancestor / "model" / SETTINGS).is_file():
            return ancestor / "model"
    raise ModelFolderError("No ancestor left a model; add `train` to the ancestors, or set `model` to a model folder.")


def cut(field: Field, period: str, split: SplitSettings) -> Field:
    """Days of a role of the split, of a period, or all."""
    if period == "all":
        return field
    return select_period(field, period) if "/" in period else select_role(field, split, period)


def training_days(field: Field, observations: Field, split: SplitSettings) -> Field:
    """Days that the baselines are fitted to: those of the training if the data have a year of them, else all there is.

    A model may be applied to data that do not reach back to its training. Where the field does, its own days are taken:
    what is withheld from the model is withheld from all.
    """
    for source in (field, observations):
        with contextlib.suppress(DataError):
            training = select_role(source, split, "train")
            if np.ptp(training.year_fraction) >= MOST_OF_A_YEAR:
                return training
    return field


def save(
    cfg: dict[str, Any],
    ancestors: list[str],
    basename: str,
    field: Field,
    said: Said,
    attributes: dict[str, Any],
) -> None:
    """Write days and months of one method."""
    for cube, frequency in zip(said.result.to_cubes(field), ("day", "mon"), strict=True):
        cube.attributes.update(attributes)
        record = {
            "caption": f"{cube.name()} of {attributes['esmlearn_dataset']}, completed by {said.method}.",
            "ancestors": ancestors,
            "authors": ["esmlearn_team"],
            **({"references": list(said.references)} if said.references else {}),
        }
        save_data(f"{basename}_{frequency}", record, cfg, cube)


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
