"""Train super-resolution: a regression first, then a denoiser around it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import settle_training_land
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.fields.periods import select_role
from esmlearn.fields.static import read_static
from esmlearn.fields.times import match_times
from esmlearn.settings import EnsembleSettings, TrainDownscaleSettings
from esmlearn.tasks.downscale.apply import fine_template, prepare
from esmlearn.tasks.downscale.conditions import CoarseInput, StaticFields
from esmlearn.tasks.downscale.inputs import make_batch
from esmlearn.tasks.downscale.model import TrainedDownscaler, build_network, build_regression
from esmlearn.tasks.downscale.samples import FineSample, FineSamples
from esmlearn.tasks.ensembles.calibration import calibrate, calibration_times
from esmlearn.tasks.ensembles.regression import ResidualBatches
from esmlearn.tasks.ensembles.training import EnsembleTraining
from esmlearn.tasks.observations import find_land
from esmlearn.tasks.record import NOT_TRAINED, describe_training, describe_variable
from esmlearn.trained.folder import try_content
from esmlearn.training.checkpoint import State
from esmlearn.words import logarithm_of

VALIDATION_SAMPLES = 64
"""Fixed samples that the best weights are chosen on."""


@dataclass(frozen=True)
class FineData:
    """What super-resolution learns from.

    Attributes
    ----------
    fine
        The fine field.
    coarse
        The coarse field of the same quantity, and further ones, by the names that the recipe gives them.
    static
        Fields of the fine grid that never change, rows from south to north.
    """

    fine: Field
    coarse: Mapping[str, Field]
    static: Mapping[str, Float[np.ndarray, "lat lon"]]


def train(
    data: InputData,
    settings: TrainDownscaleSettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any],
) -> TrainedDownscaler:
    """Train on the datasets of a recipe."""
    names, conditions = settings.data, settings.conditions
    units = names.units or str(data.cube(names.fine).units)
    fine = data.field(names.fine, units=logarithm_of(units) if names.transform == "log" else units)
    fine = settle_training_land(fine, find_land(data, names.land), names.split)
    coarse = {names.coarse: data.field(names.coarse, units=fine.units)}
    coarse |= {name: data.field(name) for name in conditions.coarse}
    static = {name: read_static(data.cube(name), fine.grid, name) for name in conditions.static}
    record = describe_variable(data.find(names.fine)) | dict(record)
    return fit(FineData(fine, coarse, static), settings, run_dir, record=record)


def fit(
    data: FineData, settings: TrainDownscaleSettings, run_dir: Path, *, record: Mapping[str, Any] | None = None
) -> TrainedDownscaler:
    """Train super-resolution.

    Coarse fields are interpolated to the fine grid by its coordinates. Each variable, coarse or fine, is scaled by its
    own mean and deviation of the calendar month, so that the bias of a coarse climate is removed from the start.

    Parameters
    ----------
    data
        Fine and coarse fields.
    settings
        Settings of the script `train`.
    run_dir
        Folder for the log and the checkpoint.
    record
        What else the model shall know of itself.

    Raises
    ------
    DataError
        If the fine domain reaches beyond a coarse one, times are missing, or a period of the split is empty.
    """
    options = settings.training
    fine, log_scale = data.fine, settings.data.log_scale
    learned = select_role(fine, settings.data.split, "train")
    scaling = MonthlyScaling.fit(learned, by=settings.data.scale_by, log_scale=log_scale)
    static = StaticFields.of(dict(data.static), fine.land.shape)
    inputs = [
        CoarseInput.of(
            name, field, fine.grid, neighbours=settings.conditions.neighbours if name == settings.data.coarse else ()
        ).fit(
            learned,
            match_times(field, learned, names=(f"coarse field {name}", "fine field")),
            by=settings.data.scale_by,
            log_scale=log_scale if name == settings.data.coarse else None,
        )
        for name, field in data.coarse.items()
    ]

    def samples(role: str, length: int, seed: int) -> FineSamples:
        part = select_role(fine, settings.data.split, role)
        return FineSamples(part, scaling, inputs, static, settings, seed=seed, length=length)

    n_variables = fine.values.shape[1]

    def made(network: nn.Module, regression: nn.Module | None, state: State) -> TrainedDownscaler:
        known = describe_training(learned, network, state) | {
            "validation": state.best_validation,
            "units": fine.units,
            "coarse_units": [field.units for field in data.coarse.values()],
        }
        return TrainedDownscaler(
            network=network,
            settings=settings,
            scaling=scaling,
            coarse_scalings=tuple(given.scaling for given in inputs if given.scaling),
            static=static,
            grid=fine.grid,
            land=fine.land,
            amplitudes=np.ones(n_variables, np.float32),
            record={**known, **(record or {})},
            regression=regression,
        )

    def calibrated(trained: TrainedDownscaler, times: Int[np.ndarray, " time"]) -> TrainedDownscaler:
        task = prepare(trained, data.coarse, fine_template(trained, truth), EnsembleSettings(), times=times)
        found = calibrate(trained, task, truth, times, seed=options.seed)
        return replace(trained, amplitudes=np.array([amplitude for amplitude, _ in found], np.float32))

    truth = select_role(fine, settings.data.split, "validation")
    times = calibration_times(truth)
    around_regression = settings.learning == "residual"
    untrained = made(
        build_network(settings, n_variables),
        build_regression(settings, n_variables) if around_regression else None,
        NOT_TRAINED,
    )
    try_content(untrained)
    if around_regression:
        calibrated(untrained, times[:1])  # what would fail after the training shall fail before it
    training = EnsembleTraining(settings, samples, FineSample.stack, VALIDATION_SAMPLES, run_dir)
    torch.manual_seed(options.seed)
    regression = None
    if around_regression:
        regression = training.train_regression(build_regression(settings, n_variables), make_batch)
    network = build_network(settings, n_variables)
    trained = made(network, regression, training.train_denoiser(network, ResidualBatches(make_batch, regression)))
    return calibrated(trained, times) if around_regression else trained
