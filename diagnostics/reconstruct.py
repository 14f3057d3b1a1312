"""Fill gaps with a trained model and with the baselines, and leave CF netCDF.

Ancestors: the datasets, and the script that trained the model (or `model:`, the folder of one). Leaves, for each
method, a file with the complete days and one with the months; each holds the field, its standard deviation and what was
observed. The members of an ensemble are in files of their own, with the dimension `realization`, and so are their
quantiles if the recipe asks for some; `ablations/` holds members that were drawn otherwise. Figures show how they came
about.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from esmlearn import baselines
from esmlearn.bridge.diagnostic import run_diagnostic
from esmlearn.bridge.fields import load_dataset, load_field, load_observations, load_surface, without_surface
from esmlearn.bridge.paths import find_models
from esmlearn.bridge.products import ENSEMBLE, SAMPLING, Job, Said, save_ablations, save_diffusion, save_said
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_period, select_role
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.times import match_times
from esmlearn.gaps.withhold import withhold
from esmlearn.methods import METHODS
from esmlearn.settings import (
    GapSettings,
    ReconstructSettings,
    SplitSettings,
    ablation_problems,
    from_script,
)
from esmlearn.tasks.common import check_alike
from esmlearn.tasks.densify.apply import aim_at_levels
from esmlearn.tasks.downscale.apply import aim_at_fine, fine_template, interpolate
from esmlearn.tasks.ensembles.ablation import vary_fine, vary_gaps, vary_levels
from esmlearn.tasks.ensembles.sampling import draw
from esmlearn.tasks.fill.apply import aim_at_gaps
from esmlearn.tasks.fill.reconstructor import EnsembleReconstructor
from esmlearn.tasks.reconstruct.apply import Reconstructor, reconstruct
from esmlearn.trained.folder import load_model
from esmlearn.trained.trained import Trained, TrainedDownscaler, TrainedEnsemble, TrainedModel

INTERPOLATIONS: dict[str, tuple[str, ...]] = {"nearest": (), "bilinear": (), "bicubic": ("keys1981",)}
"""Papers of the interpolations that stand beside super-resolution."""

MOST_OF_A_YEAR = 0.9
"""Part of a year that a training must cover to tell what is normal."""


def main(cfg: dict[str, Any]) -> None:
    """Reconstruct one dataset with all methods."""
    settings = from_script(ReconstructSettings, cfg)
    folders = find_models(cfg, settings.model)
    models = [load_model(folder) for folder in folders]
    check_ablations(settings, models)
    if settings.every > 1 and not any(isinstance(model, TrainedDownscaler) for model in models):
        raise SettingsError("`every` is for super-resolution; gaps are filled day by day: leave it out.")
    downscalers = [model for model in models if isinstance(model, TrainedDownscaler)]
    reconstructors = [model for model in models if not isinstance(model, TrainedDownscaler)]
    densifiers = [m for m in reconstructors if isinstance(m, TrainedEnsemble) and m.settings.task == "densify"]
    if downscalers:
        refine(cfg, settings, folders, downscalers[0])
    elif densifiers:
        complete_levels(cfg, settings, folders, densifiers[0])
    else:
        fill_gaps(cfg, settings, folders, reconstructors)


def check_ablations(settings: ReconstructSettings, models: Sequence[Trained]) -> None:
    """Refuse ablations that a model can't do, before it has done anything else."""
    ensembles = [model for model in models if not isinstance(model, TrainedModel)]
    if settings.ablations and not ensembles:
        raise SettingsError("`ablations` are of an ensemble, but the model is none; leave them out.")
    problems = [problem for model in ensembles for problem in ablation_problems(settings.ablations, model.settings)]
    if problems:
        raise SettingsError(" ".join(problems))


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
    job = Job(cfg, folders, settings, name, gaps)
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
        told = guess if ensemble.guide else None
        aim = aim_at_gaps(ensemble, field, guide=told)
        members = draw(ensemble, aim, settings.ensemble)
        said.append(of_members(members[:, :, 0], field, settings))
        truth = load_truth(job, ensemble, field)
        save_ablations(job, field, members, partial(vary_gaps, ensemble, field, truth, told, settings.ensemble))
        save_diffusion(job, ensemble, aim, truth)
    said += run_baselines(field, observations, data.split, climatology, settings)
    for one in said:
        save_said(job, field, one)


def complete_levels(
    cfg: dict[str, Any], settings: ReconstructSettings, folders: list[Path], trained: TrainedEnsemble
) -> None:
    """Complete levels with an ensemble, and each level by itself with the baselines."""
    data = trained.settings.data
    below = without_surface(cfg, trained.settings.surface)
    name = settings.observations or data.observations
    gaps = settings.gaps or (GapSettings() if settings.model else data.gaps)
    job = Job(below, folders, settings, name, gaps)
    observations = load_observations(below, name, gaps, units=data.units, land=trained.land)
    field = cut(observations, settings.period, data.split)
    surface = load_surface(cfg, trained.settings.surface, data)
    aim = aim_at_levels(trained, field, surface, tile=settings.ensemble.tile)
    members = draw(trained, aim, settings.ensemble)
    for index in range(members.shape[2]):
        level, climatology = field.level(index), trained.climatologies[index]
        said = [of_members(members[:, :, index], level, settings)]
        said += run_baselines(level, observations.level(index), data.split, climatology, settings)
        for one in said:
            save_said(job, level, one)
    truth = load_truth(job, trained, field)
    save_ablations(job, field, members, partial(vary_levels, trained, field, truth, surface, settings.ensemble))
    save_diffusion(job, trained, aim, truth)


def refine(cfg: dict[str, Any], settings: ReconstructSettings, folders: list[Path], trained: TrainedDownscaler) -> None:
    """Make fine fields of coarse ones, with an ensemble and by interpolation."""
    aim, units = trained.settings, trained.record["coarse_units"]
    interpolations = settings.interpolations()
    job = Job(cfg, folders, settings, settings.observations or aim.data.coarse, None)
    field = cut(load_field(cfg, job.name, units=units[0]), settings.period, aim.data.split)
    fine = fine_template(trained, field[:: settings.every])
    further = zip(aim.conditions.coarse, units[1:], strict=True)
    coarse = {aim.data.coarse: field} | {name: load_field(cfg, name, units=unit) for name, unit in further}
    stations = aim.conditions.in_situ.dataset if aim.conditions.in_situ else None
    in_situ = load_field(cfg, stations, units=fine.units, land=trained.land) if stations else None
    if in_situ is not None:
        times = match_times(in_situ, fine, names=("in-situ data", "coarse field"))
        fine = replace(fine, observed=in_situ.observed[times])
    what, guess = aim_at_fine(trained, coarse, fine, settings.ensemble, in_situ=in_situ)
    members = draw(trained, what, settings.ensemble)
    said = [of_members(members[:, :, 0], fine, settings)]
    if trained.regression:
        said.append(Said("ResidualUNet", "model", guess.in_units(fine), {}, ("mardani2025",)))
    for method in interpolations:
        said.append(Said(method, "baseline", interpolate(trained, field, fine, method), {}, INTERPOLATIONS[method]))
    for one in said:
        save_said(job, fine, one)
    save_ablations(job, fine, members, partial(vary_fine, trained, coarse, fine, in_situ, settings.ensemble))
    save_diffusion(job, trained, what, load_fine(job, trained, fine))


def load_fine(job: Job, trained: TrainedDownscaler, fine: Field) -> Field | None:
    """Load the fine field of the training at the times of another; None where it is not given."""
    try:
        truth = load_field(job.cfg, trained.settings.data.fine, units=fine.units, land=trained.land)
        return truth[match_times(truth, fine, names=("fine field", "coarse field"))]
    except DataError:
        return None


def of_members(members: Float[np.ndarray, "member time lat lon"], field: Field, settings: ReconstructSettings) -> Said:
    """What an ensemble says of one variable or level."""
    drawn = settings.ensemble.model_dump(mode="json")
    return Said(ENSEMBLE, "model", Reconstruction.of_members(members, field), drawn, SAMPLING)


def load_truth(job: Job, trained: TrainedEnsemble, field: Field) -> Field | None:
    """Load the complete field that an ensemble learned from on the dates of another; None where it is not given.

    Raises
    ------
    DataError
        If an ablation needs it.
    """
    data, settings = trained.settings.data, job.settings
    try:
        complete = load_field(job.cfg, str(data.target), units=data.units, land=trained.land)
        truth = cut(complete, settings.period, data.split)
        check_alike(field, truth)
    except DataError:
        if any(ablation.share is not None for ablation in settings.ablations.values()):
            raise
        return None
    return truth


def run_baselines(
    field: Field, observations: Field, split: SplitSettings, climatology: Climatology, settings: ReconstructSettings
) -> list[Said]:
    """Fit the baselines to the days of the training, and let them reconstruct."""
    training = training_days(field, observations, split)
    said = []
    for method in settings.gap_fillers():
        baseline = baselines.fit(method, training, climatology=climatology, settings=settings)
        result = baseline.reconstruct_field(field)
        said.append(Said(method, "baseline", result, baseline.parameters, METHODS[method].references))
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


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
