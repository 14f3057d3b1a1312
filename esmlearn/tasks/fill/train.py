"""Train an ensemble that fills gaps: reconstruct the training period, and learn where that errs."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import nn

from esmlearn.errors import DataError, ModelFolderError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.periods import check_daily, select_role
from esmlearn.fields.reference import Source, climatology_for
from esmlearn.settings import TrainFillSettings
from esmlearn.settings.data import TRAINING
from esmlearn.tasks.ensembles.calibration import calibrate, calibration_times
from esmlearn.tasks.ensembles.errors import add_errors, check_errors
from esmlearn.tasks.ensembles.training import EnsembleTraining
from esmlearn.tasks.fill.apply import GapSampling
from esmlearn.tasks.fill.model import TrainedFiller, build_network
from esmlearn.tasks.fill.samples import FillSample, FillSamples, FirstGuessDays, LearnedPeriod, make_batch
from esmlearn.tasks.observations import check_alike, climatology_source, load_training
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.record import NOT_TRAINED, describe_training, describe_variable
from esmlearn.trained.folder import Trained, try_content
from esmlearn.training.checkpoint import State

logger = logging.getLogger(__name__)

VALIDATION_SAMPLES = 144
"""Fixed samples that the best weights are chosen on."""

MOST_CELLS = 100_000_000
"""Cells of all reconstructions that are learned from, times days: some 2 GB with the truth beside them."""

LEAST_DAYS = 92
"""Days that a reconstruction has at least, if the period has as many."""


def train(
    data: InputData,
    settings: TrainFillSettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any],
    models: Sequence[Trained],
) -> TrainedFiller:
    """Train on the datasets of a recipe; `models` holds the base model, if the settings ask for one."""
    base_model = None
    if settings.first_guess == "model":
        transformers = [model for model in models if isinstance(model, TrainedTransformer)]
        if len(transformers) != 1 or len(models) != 1:
            raise ModelFolderError(
                f"An ensemble departs from one SpatioTemporalModel, but the script was given "
                f"{' and '.join(model.task for model in models) or 'no model'}; let `ancestors` or `model` name one."
            )
        base_model = transformers[0]
    observations, target = load_training(data, settings.data)
    record = describe_variable(data.find(settings.data.observations)) | dict(record)
    climatology = climatology_source(data, settings.data.climatology)
    return fit(observations, target, settings, base_model, run_dir, record=record, climatology=climatology)


def fit(
    observations: Field,
    target: Field | None,
    settings: TrainFillSettings,
    base_model: TrainedTransformer | None,
    run_dir: Path,
    *,
    record: Mapping[str, Any] | None = None,
    climatology: Source | None = None,
) -> TrainedFiller:
    """Train a denoiser whose members depart from the reconstruction of a trained model, or from the climatology.

    The base model reconstructs the training period some times, each under other clouds, as it will reconstruct what
    members are sampled for: so the denoiser learns from such errors as it will meet, and the base model runs once for
    each day.

    Parameters
    ----------
    observations, target
        As of `esmlearn.tasks.reconstruct.train.fit`; without a target, the denoiser learns from what more clouds hide
        of the observations.
    settings
        Settings of the script `train`.
    base_model
        The trained model; None for the climatology.
    run_dir
        Folder for the log and the checkpoint.
    record
        What else the model shall know of itself.
    climatology
        Climatology from elsewhere, if there is no base model; default: as in the settings.

    Raises
    ------
    DataError
        If the fields do not fit each other or the base model, or leave a period of the split empty.
    """
    complete = observations if target is None else target
    check_alike(observations, complete)
    check_daily(observations)
    check_errors(settings, observations)
    split, options = settings.data.split, settings.training
    learned = select_role(complete, split, "train")
    if base_model is None:
        source = settings.data.climatology if climatology is None else climatology
        fitted = climatology_for(learned, source, harmonics=settings.data.harmonics)
        scaling = Scaling.fit(learned, fitted, by=settings.data.scale_by)
    else:
        check_base_model(base_model, complete)
        fitted, scaling = base_model.climatology, base_model.scaling

    def with_guess(given: Field, truth: Field) -> LearnedPeriod:
        base = Reconstructor(base_model, TRAINING).reconstruct_field(given) if base_model else None
        days = FirstGuessDays.of(given, fitted, scaling, base, settings)
        return LearnedPeriod(days, Anomalies.of(truth, fitted, scaling))

    def made(network: nn.Module, state: State, seconds: float = 0.0) -> TrainedFiller:
        known = describe_training(learned, network, state) | {"validation": state.best_validation}
        known["training"]["seconds"] += round(seconds, 1)
        return TrainedFiller(
            network=network,
            settings=settings,
            land=learned.land,
            record={**known, **(record or {})},
            amplitudes=np.ones(1, np.float32),
            regression=None,
            climatology=fitted,
            scaling=scaling,
            power=0.0,
            base_model=base_model,
        )

    try_content(made(build_network(settings), NOT_TRAINED))
    began = time.monotonic()
    rng = np.random.default_rng(options.seed)
    seen = select_role(observations, split, "train")
    hide_days = settings.hide_days if target is None else 1.0
    # A complete target has no errors: those of the observations are drawn for the networks that look at them.
    looks = settings.observation_errors or (base_model is not None and base_model.settings.model.observation_errors)
    draws = looks and target is not None and seen.error is not None
    clouded = under_other_clouds(
        learned,
        seen.observed[:, 0],
        rng,
        count=settings.reconstructions,
        hide_days=hide_days,
        errors=seen.deviation[:, 0] if draws else None,
    )
    periods = [with_guess(given, truth) for given, truth in clouded]
    truth, given = (select_role(field, split, "validation") for field in (complete, observations))
    if target is None:
        given = borrow_clouds(truth, truth.observed[:, 0], rng)
    elif draws:
        given = add_errors(truth.hide(~given.observed), given.deviation, rng)
    validated = with_guess(given, truth)
    seconds = time.monotonic() - began

    def samples(role: str, length: int, seed: int) -> FillSamples:
        return FillSamples(periods if role == "train" else [validated], settings, seed=seed, length=length)

    torch.manual_seed(options.seed)
    network = build_network(settings)
    training = EnsembleTraining(settings, samples, FillSample.stack, VALIDATION_SAMPLES, run_dir)
    state = training.train_denoiser(network, make_batch)
    trained = made(network, state, seconds)
    if base_model is None:
        return trained
    task = GapSampling(given, validated.days, fitted, scaling, settings.neighbour_days)
    ((amplitude, power),) = calibrate(
        trained, task, truth, calibration_times(truth), seed=options.seed, with_power=True
    )
    return replace(trained, amplitudes=np.array([amplitude], np.float32), power=power)


def under_other_clouds(
    learned: Field,
    masks: Bool[np.ndarray, "time lat lon"],
    rng: np.random.Generator,
    *,
    count: int,
    hide_days: float,
    errors: Float[np.ndarray, "time lat lon"] | None = None,
) -> Iterator[tuple[Field, Field]]:
    """Give what is seen and what is right of the training period, so many times, each under other clouds.

    A large domain gives a part of the period each time, so that all of them fit into memory.
    """
    n_days = min(len(masks), max(LEAST_DAYS, MOST_CELLS // learned.land.size // count))
    for number in range(count):
        logger.info("Reconstruction %d of %d of the training period, to learn from", number + 1, count)
        first = int(rng.integers(len(masks) - n_days + 1))
        truth = learned[slice(first, first + n_days)]
        there = np.roll(np.arange(len(masks)), -first)
        with_them = None if errors is None else errors[there]
        yield borrow_clouds(truth, masks[there], rng, hide_days=hide_days, errors=with_them), truth


def borrow_clouds(
    field: Field,
    masks: Bool[np.ndarray, "other_time lat lon"],
    rng: np.random.Generator,
    *,
    hide_days: float = 1.0,
    errors: Float[np.ndarray, "other_time lat lon"] | None = None,
) -> Field:
    """Hide what the gaps of other days hide: later by a quarter to three quarters of the period that has masks.

    Parameters
    ----------
    field
        The complete field; or observations, of which nobody knows what their own gaps hide.
    masks
        Where something was observed, from the first day of the field on; the last day is followed by the first.
    rng
        Draws how much later, and the days.
    hide_days
        Share of the days on which they hide.
    errors
        Standard deviations of the errors of what was observed there, which are then drawn for what is shown of the
        field, as differences in its units; None: its values stay as they are.
    """
    n_days = len(masks)
    later = int(rng.integers(n_days // 4, 3 * n_days // 4 + 1)) + np.arange(len(field.dates))
    hides = rng.random(len(field.dates)) < hide_days
    shown = field.hide(~masks[later % n_days] & hides[:, None, None])
    return shown if errors is None else add_errors(shown, errors[later % n_days, None], rng)


def check_base_model(model: TrainedTransformer, field: Field) -> None:
    """Refuse a base model of another grid, or one without standard deviations of days."""
    if not model.climatology.covers(field.like[0]):
        raise DataError("The model to depart from was trained on another grid; train one on this grid first.")
    if not model.settings.model.daily or model.settings.training.loss != "gaussian":
        raise DataError(
            "The model to depart from says no standard deviation of days; train it with model.daily and the loss "
            "`gaussian`, or set first_guess: climatology."
        )
