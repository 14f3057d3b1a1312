"""Fill gaps with a trained model and with the baselines, and leave CF netCDF.

Ancestors: the datasets, and the script that trained the model (or `model:`, the folder of one). Leaves, for each
method, a file with the complete days and one with the months; each holds the field, its standard deviation and what was
observed. The members of an ensemble are in files of their own, with the dimension `realization`.
"""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from esmlearn import baselines
from esmlearn.bridge.diagnostic import run_diagnostic, save_data
from esmlearn.bridge.fields import (
    find_dataset,
    load_dataset,
    load_field,
    load_observations,
    load_surface,
    without_surface,
)
from esmlearn.bridge.paths import find_models
from esmlearn.checkpoint import (
    SETTINGS,
    WEIGHTS,
    TrainedDownscaler,
    TrainedEnsemble,
    TrainedModel,
    load_model,
    sha256,
)
from esmlearn.data.field import Field
from esmlearn.data.preparation import select_period, select_role
from esmlearn.data.reconstruction import Reconstruction
from esmlearn.data.scaling import Climatology
from esmlearn.data.times import match_times
from esmlearn.data.withholding import withhold
from esmlearn.ensemble import EnsembleReconstructor, densify, downscale, fill, fine_template, interpolate
from esmlearn.errors import DataError
from esmlearn.reconstruct import Reconstructor, reconstruct
from esmlearn.settings import GapSettings, ReconstructSettings, SplitSettings, from_script

INTERPOLATIONS: dict[str, tuple[str, ...]] = {"nearest": (), "bilinear": (), "bicubic": ("keys1981",)}
"""Papers of the interpolations that stand beside super-resolution."""

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
    folders = find_models(cfg, settings.model)
    models = [load_model(folder) for folder in folders]
    downscalers = [model for model in models if isinstance(model, TrainedDownscaler)]
    reconstructors = [model for model in models if not isinstance(model, TrainedDownscaler)]
    densifiers = [m for m in reconstructors if isinstance(m, TrainedEnsemble) and m.settings.task == "densify"]
    if downscalers:
        refine(cfg, settings, folders, downscalers[0])
    elif densifiers:
        complete_levels(cfg, settings, folders, densifiers[0])
    else:
        fill_gaps(cfg, settings, folders, reconstructors)


def fill_gaps(
    cfg: dict[str, Any],
    settings: ReconstructSettings,
    folders: list[Path],
    models: Sequence[TrainedModel | TrainedEnsemble],
) -> None:
    """Fill the gaps of days with all methods."""
    guide, ensembles = sort_models(models)
    first = Reconstructor(guide) if guide else EnsembleReconstructor(ensembles[0], settings.ensemble)
    data = models[0].settings.data
    name = settings.observations or data.observations
    land = first.land_of(load_dataset(cfg, name))
    # A model from elsewhere meets data as they are, unless the recipe says what to hide.
    gaps = settings.gaps or (GapSettings() if settings.model else data.gaps)
    observations = load_observations(cfg, name, gaps, units=data.units, land=land)
    field = cut(observations, settings.period, data.split)
    if settings.withhold:
        field = withhold(field, settings.withhold)
    climatology, scaling = first.climate(field)
    said = []
    guess = None
    if guide:
        guess = reconstruct(guide, field, climatology, scaling, overlap=settings.overlap)
        said.append(Said("SpatioTemporalModel", "model", guess, {}, ("goh2024",)))
    for ensemble in ensembles:
        result = fill(ensemble, field, settings.ensemble, guide=guess if ensemble.guide else None)
        drawn = settings.ensemble.model_dump(mode="json")
        said.append(Said("ConditionalDiffusion", "model", result, drawn, ("karras2022", "lu2022")))
    said += run_baselines(field, observations, data.split, climatology, settings)
    for one in said:
        save(cfg, folders, settings, name, field, one, hidden_by(gaps, settings))


def complete_levels(
    cfg: dict[str, Any], settings: ReconstructSettings, folders: list[Path], trained: TrainedEnsemble
) -> None:
    """Complete levels with an ensemble, and each level by itself with the baselines."""
    aim = trained.settings
    below = without_surface(cfg, aim.surface)
    name = settings.observations or aim.data.observations
    gaps = settings.gaps or (GapSettings() if settings.model else aim.data.gaps)
    observations = load_observations(below, name, gaps, units=aim.data.units, land=trained.land)
    field = cut(observations, settings.period, aim.data.split)
    surface = load_surface(cfg, aim.surface, aim.data)
    members = densify(trained, field, surface, settings.ensemble)
    for index in range(members.shape[2]):
        level, climatology = field.level(index), trained.climatologies[index]
        result = Reconstruction.of_members(members[:, :, index], level)
        drawn = settings.ensemble.model_dump(mode="json")
        said = [Said("ConditionalDiffusion", "model", result, drawn, ("karras2022", "lu2022"))]
        said += run_baselines(level, observations.level(index), aim.data.split, climatology, settings)
        for one in said:
            save(below, folders, settings, name, level, one, hidden_by(gaps, settings))


def refine(cfg: dict[str, Any], settings: ReconstructSettings, folders: list[Path], trained: TrainedDownscaler) -> None:
    """Make fine fields of coarse ones, with an ensemble and by interpolation."""
    aim, units = trained.settings, trained.record["coarse_units"]
    name = settings.observations or aim.data.coarse
    interpolations = settings.interpolations()
    field = cut(load_field(cfg, name, units=units[0]), settings.period, aim.data.split)
    further = {
        told: load_field(cfg, told, units=unit) for told, unit in zip(aim.conditions.coarse, units[1:], strict=True)
    }
    fine = fine_template(trained, field)
    coarse = {aim.data.coarse: field} | {told: load_field(cfg, told, units=unit) for told, unit in further.items()}
    stations = aim.conditions.in_situ.dataset if aim.conditions.in_situ else None
    in_situ = load_field(cfg, stations, units=fine.units, land=trained.land) if stations else None
    drawn = downscale(trained, coarse, fine, settings.ensemble, in_situ=in_situ)
    members = Reconstruction.of_members(drawn.members[:, :, 0], fine)
    told = settings.ensemble.model_dump(mode="json")
    said = [Said("ConditionalDiffusion", "model", members, told, ("karras2022", "lu2022", "mardani2025"))]
    if drawn.mean is not None:
        std = None if drawn.std is None else drawn.std[:, 0]
        mean = Reconstruction.of_days(drawn.mean[:, 0], fine, std)
        said.append(Said("ResidualUNet", "model", mean, {}, ("ho2020",)))
    for method in interpolations:
        said.append(Said(method, "baseline", interpolate(trained, field, fine, method), {}, INTERPOLATIONS[method]))
    if in_situ is not None:
        fine = replace(
            fine, observed=in_situ[match_times(in_situ, fine, names=("in-situ data", "coarse field"))].observed
        )
    for one in said:
        save(cfg, folders, settings, name, fine, one, {"esmlearn_task": aim.task, "esmlearn_coarse": name})


def run_baselines(
    field: Field, observations: Field, split: SplitSettings, climatology: Climatology, settings: ReconstructSettings
) -> list[Said]:
    """Fit the baselines to the days of the training, and let them reconstruct."""
    training = training_days(field, observations, split)
    said = []
    for method in settings.gap_fillers():
        baseline = baselines.fit(method, training, climatology=climatology, settings=settings)
        result = baseline.reconstruct_field(field)
        said.append(Said(method, "baseline", result, baseline.parameters, baseline.references))
    return said


def sort_models(
    models: Sequence[TrainedModel | TrainedEnsemble],
) -> tuple[TrainedModel | None, list[TrainedEnsemble]]:
    """Tell the transformer, which may be in the folder of an ensemble only, from the ensembles."""
    ensembles = [model for model in models if isinstance(model, TrainedEnsemble)]
    guides = [model for model in models if isinstance(model, TrainedModel)]
    guides += [ensemble.guide for ensemble in ensembles if ensemble.guide]
    return guides[0] if guides else None, ensembles


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


def hidden_by(gaps: GapSettings, settings: ReconstructSettings) -> dict[str, str]:
    """What was hidden and withheld, as attributes."""
    withheld = {"esmlearn_withheld": settings.withhold.model_dump_json()} if settings.withhold else {}
    return {"esmlearn_gaps": gaps.model_dump_json(exclude_none=True), **withheld}


def save(
    cfg: dict[str, Any],
    folders: list[Path],
    settings: ReconstructSettings,
    name: str,
    field: Field,
    said: Said,
    how: dict[str, str],
) -> None:
    """Write days and months of one method, and those of its members if it has any; `how` goes into the attributes."""
    source = find_dataset(cfg, name)
    attributes = {
        "esmlearn_method": said.method,
        "esmlearn_role": said.role,
        "esmlearn_dataset": source["dataset"] if "esmlearn_task" in how else name,
        "esmlearn_frequency": field.frequency,
        "esmlearn_parameters": json.dumps(said.parameters),
        "esmlearn_split": settings.period,
        **how,
        "esmlearn_model_folder": str(folders[0]),
        "esmlearn_model_sha256": sha256(folders[0] / SETTINGS),
    }
    files = [str(folder / part) for folder in folders for part in (WEIGHTS, SETTINGS) if not settings.model]
    depth = "" if field.levels is None else f" at {field.levels[0]:g} m"
    level = [] if field.levels is None else [f"{field.levels[0]:g}m"]
    basename = "_".join([source["short_name"], attributes["esmlearn_dataset"], said.method, *level])
    parts = (field.frequency, "mon")
    cubes = dict(zip(parts, said.result.to_cubes(field), strict=True))
    if said.result.members is not None:
        cubes |= {f"{part}_members": cube for part, cube in zip(parts, said.result.member_cubes(field), strict=True)}
    for part, cube in cubes.items():
        cube.attributes.update(attributes)
        members = ", its members" if part.endswith("members") else ""
        record = {
            "caption": f"{cube.name()} of {name}{depth}, by {said.method}{members}.",
            "ancestors": [*cfg["input_data"], *files],
            "authors": ["esmlearn_team"],
            **({"references": list(said.references)} if said.references else {}),
        }
        save_data(f"{basename}_{part}", record, cfg, cube)


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
