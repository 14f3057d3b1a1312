"""Models that reconstruct: a transformer, and ensembles that fill gaps or complete levels."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from esmlearn.checkpoint import TrainedEnsemble, TrainedModel
from esmlearn.data.field import Field
from esmlearn.data.places import Places, split_places
from esmlearn.data.preparation import check_daily, select_role
from esmlearn.data.profiles import LevelFields, Sample, SparseLevels, same_dates
from esmlearn.data.scaling import Climatology, Scaling
from esmlearn.data.windows import DAYS, Anomalies, TrainingWindows, Window
from esmlearn.ensemble.filling import measure_spread
from esmlearn.errors import DataError, SettingsError
from esmlearn.fitting.common import describe, measure_amplitudes
from esmlearn.models.denoisers import build_denoiser, build_regression
from esmlearn.models.spatiotemporal import SpatioTemporalModel
from esmlearn.objectives.denoising import CALIBRATION_MEMBERS, DenoisingObjective
from esmlearn.objectives.densifying import ask_levels
from esmlearn.objectives.filling import FillingLessons
from esmlearn.objectives.reconstruction import ReconstructionObjective
from esmlearn.objectives.regression import Departures, RegressionObjective
from esmlearn.settings import EnsembleSettings, EnsembleTrainSettings, ModelSettings, TrainSettings
from esmlearn.training import train

VALIDATION_WINDOWS = 24
"""Fixed windows of the validation period that the best weights are chosen on."""

VALIDATION_SAMPLES = 144
"""Fixed samples of levels that the best weights are chosen on."""


def fit(
    observations: Field,
    target: Field | None,
    settings: TrainSettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any] | None = None,
) -> TrainedModel:
    """Train a model on fields: climatology and scaling from the training period, then the network.

    Parameters
    ----------
    observations
        What was observed, gaps and all, over the whole period; in the units of the settings.
    target
        The complete field on the same grid and days, for supervised learning.
    settings
        Settings of the script `train`.
    run_dir
        Folder for the log and the checkpoint.
    record
        What else the model shall know of itself: `variable`, `data`, `recipe`.

    Raises
    ------
    DataError
        If the fields do not fit each other, or leave a period of the split empty.
    """
    complete = target if settings.learning == "supervised" else observations
    if complete is None:
        raise DataError("Learning `supervised` needs data.target, the dataset with the complete field.")
    check_alike(observations, complete)
    if any(patch > cells for patch, cells in zip(settings.model.patch_size[1:], complete.land.shape, strict=True)):
        raise SettingsError(
            f"model.patch_size {settings.model.patch_size} (days, rows, columns) is larger than the region of "
            f"{complete.land.shape} cells; make the patch smaller or the region larger."
        )
    check_daily(observations)
    split = settings.data.split
    learned = select_role(complete, split, "train")
    climatology = Climatology.fit(learned, harmonics=settings.data.harmonics)
    scaling = Scaling.fit(learned, climatology, by=settings.data.scale_by)

    def windows(role: str, length: int, seed: int, decode_days: int = DAYS) -> TrainingWindows:
        return TrainingWindows(
            Anomalies.of(select_role(complete, split, role), climatology, scaling),
            select_role(observations, split, role).observed[:, 0],
            settings.model,
            hide_days=settings.training.hide_days if settings.learning == "self_supervised" else 1.0,
            decode_days=decode_days,
            seed=seed,
            length=length,
        )

    options = settings.training
    training = windows("train", options.steps * options.batch_size, options.seed, options.decode_days)
    fixed = windows("validation", VALIDATION_WINDOWS, options.seed + 1)
    torch.manual_seed(options.seed)
    network = SpatioTemporalModel(settings.model)
    objective = ReconstructionObjective(settings, [fixed[k] for k in range(len(fixed))])
    state = train(network, training, Window.stack, objective, settings, run_dir)
    spread = float(scaling.at(learned.year_fraction).mean())
    known = describe(learned, network, state)
    known["validation_rmse"] = {name: round(value * spread, 4) for name, value in state.best_validation.items()}
    return TrainedModel(network, settings, climatology, scaling, learned.land, {**known, **(record or {})})


def fit_filling(
    observations: Field,
    target: Field | None,
    settings: EnsembleTrainSettings,
    guide: TrainedModel | None,
    run_dir: Path,
    *,
    record: Mapping[str, Any] | None = None,
) -> TrainedEnsemble:
    """Train a denoiser that fills gaps, departing from what a trained model says or from the climatology.

    Parameters
    ----------
    observations, target
        As of `fit`; without a target, the denoiser learns from what more clouds hide of the observations.
    settings
        Settings of the script `train` with the task `fill`.
    guide
        The trained model; None for the climatology.
    run_dir, record
        As of `fit`.

    Raises
    ------
    DataError
        If the fields do not fit each other or the guide, or leave a period of the split empty.
    """
    complete = observations if target is None else target
    check_alike(observations, complete)
    check_daily(observations)
    split, options = settings.data.split, settings.training
    learned = select_role(complete, split, "train")
    if guide is None:
        climatology = Climatology.fit(learned, harmonics=settings.data.harmonics)
        scaling = Scaling.fit(learned, climatology, by=settings.data.scale_by)
        like = ModelSettings(window=settings.window, patch_size=(1, 1, 1), first_guess="climatology")
    else:
        check_guide(guide, complete)
        climatology, scaling, like = guide.climatology, guide.scaling, guide.settings.model

    def windows(role: str, length: int, seed: int) -> TrainingWindows:
        return TrainingWindows(
            Anomalies.of(select_role(complete, split, role), climatology, scaling),
            select_role(observations, split, role).observed[:, 0],
            like,
            hide_days=1.0 if target is not None else settings.hide_days,
            decode_days=options.decode_days,
            seed=seed,
            length=length,
        )

    # Other windows than those that the guide learned from: its errors there are not those that it will make.
    training = windows("train", options.steps * options.batch_size, options.seed + 2)
    fixed = windows("validation", VALIDATION_WINDOWS, options.seed + 3)
    validation = [Window.stack([fixed[k]]) for k in range(len(fixed))]
    lessons = FillingLessons(guide.network.eval().requires_grad_(False) if guide else None, settings.neighbour_days)
    torch.manual_seed(options.seed)
    network = build_denoiser(settings, 1)
    untold = settings.denoiser.coordinates_dropout
    objective = DenoisingObjective(settings.diffusion, lessons, validation, options.seed, untold)
    state = train(network, training, Window.stack, objective, settings, run_dir)
    known = describe(learned, network, state) | {"validation": state.best_validation}
    trained = TrainedEnsemble(
        network=network,
        settings=settings,
        climatologies=(climatology,),
        scalings=(scaling,),
        land=learned.land,
        amplitudes=np.ones(1, np.float32),
        record={**known, **(record or {})},
        guide=guide,
    )
    if guide is None:
        return trained
    right = select_role(complete, split, "validation")
    seen = select_role(observations, split, "validation") if target is not None else _under_other_clouds(right)
    drawing = EnsembleSettings(members=CALIBRATION_MEMBERS, seed=options.seed)
    amplitude, power = measure_spread(trained, seen, right, drawing)
    return replace(trained, amplitudes=np.array([amplitude], np.float32), power=power)


def _under_other_clouds(field: Field) -> Field:
    """Hide what the gaps of half a period later would have hidden: nobody knows what the own ones hide."""
    return field.hide(np.roll(~field.observed[:, 0] & ~field.land, len(field.dates) // 2, axis=0))


def fit_densifying(
    target: Field,
    surface: Field | None,
    settings: EnsembleTrainSettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any] | None = None,
) -> TrainedEnsemble:
    """Train a denoiser that completes levels from sparse profiles, and the surface if there is one.

    Each level has a climatology and a scaling of its own: with one for all, the deep levels would count for nothing.

    Parameters
    ----------
    target
        The complete levels; what is seen of them is drawn anew for each sample.
    surface
        The surface on the same grid, at least on the dates of the levels.
    settings
        Settings of the script `train` with the task `densify`.
    run_dir, record
        As of `fit`.

    Raises
    ------
    DataError
        If the surface does not fit the levels, or a period of the split is empty.
    """
    split, options = settings.data.split, settings.training
    above = None if surface is None else same_dates(surface, target)
    learned = select_role(target, split, "train")
    singles = [learned.level(index) for index in range(learned.values.shape[1])]
    singles += [] if above is None else [select_role(above, split, "train")]
    climatologies = tuple(Climatology.fit(single, harmonics=settings.data.harmonics) for single in singles)
    scalings = tuple(
        Scaling.fit(single, climatology, by=settings.data.scale_by)
        for single, climatology in zip(singles, climatologies, strict=True)
    )
    everywhere = ~target.land
    apart = settings.places
    places = (
        split_places(target.land, seed=options.seed, **apart.model_dump(), closes=target.closes)
        if apart
        else Places(everywhere, everywhere)
    )

    def samples(role: str, length: int, seed: int) -> SparseLevels:
        levels = LevelFields(
            select_role(target, split, role),
            tuple(zip(climatologies, scalings, strict=True)),
            None if above is None else select_role(above, split, role),
        )
        learns = role == "train"
        return SparseLevels(
            levels,
            settings,
            places=places.training if learns else places.validation,
            given=places.training if learns else everywhere,
            seed=seed,
            length=length,
        )

    training = samples("train", options.steps * options.batch_size, options.seed)
    fixed = samples("validation", VALIDATION_SAMPLES, options.seed + 1)
    batches = itertools.batched((fixed[k] for k in range(len(fixed))), options.batch_size)
    validation = [Sample.stack(list(batch)) for batch in batches]
    n_levels = target.values.shape[1]
    untold = settings.denoiser.coordinates_dropout
    regression = None
    torch.manual_seed(options.seed)
    if settings.first_guess == "regression":
        regression = build_regression(settings, n_levels)
        steps = {"steps": options.regression_steps, "resume": None}
        first = settings.model_copy(update={"training": options.model_copy(update=steps)})
        seen = samples("train", options.regression_steps * options.batch_size, options.seed + 2)
        aim = RegressionObjective(ask_levels, validation, untold)
        train(regression, seen, Sample.stack, aim, first, run_dir / "regression")
        regression.eval().requires_grad_(requires_grad=False)
    network = build_denoiser(settings, n_levels)
    lessons = Departures(ask_levels, regression)
    objective = DenoisingObjective(settings.diffusion, lessons, validation, options.seed, untold)
    state = train(network, training, Sample.stack, objective, settings, run_dir)
    known = describe(learned, network, state) | {"validation": state.best_validation}
    amplitudes = np.ones(n_levels, np.float32)
    if regression:
        amplitudes = measure_amplitudes(network, lessons, validation, settings.diffusion, options)
    known["levels"] = [] if target.levels is None else [float(level) for level in target.levels]
    return TrainedEnsemble(
        network=network,
        settings=settings,
        climatologies=climatologies,
        scalings=scalings,
        land=learned.land,
        amplitudes=amplitudes,
        record={**known, **(record or {})},
        regression=regression,
    )


def check_alike(observations: Field, complete: Field) -> None:
    """Refuse a target on another grid or of other days than the observations."""
    if complete.values.shape != observations.values.shape:
        raise DataError(
            f"data.target has shape {complete.values.shape} (time, variable, latitude, longitude),"
            f" data.observations has {observations.values.shape};"
            " bring both to one grid and one timerange in the preprocessor."
        )
    if (complete.dates != observations.dates).any():
        raise DataError(
            f"data.target starts on {complete.dates[0]:%Y-%m-%d}, observations on {observations.dates[0]:%Y-%m-%d}, "
            "or they differ later; give both one timerange and calendar."
        )


def check_guide(guide: TrainedModel, field: Field) -> None:
    """Refuse a guide of another grid, or one without standard deviations of days."""
    if not guide.climatology.covers(field.like[0]):
        raise DataError("The model to depart from was trained on another grid; train one on this grid first.")
    if not guide.settings.model.daily or guide.settings.training.loss != "gaussian":
        raise DataError(
            "The model to depart from says no standard deviation of days; train it with model.daily and the loss "
            "`gaussian`, or set first_guess: climatology."
        )
