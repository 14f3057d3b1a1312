"""Train an ensemble that completes levels: a regression first, then a denoiser around it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import nn

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import settle_training_land
from esmlearn.fields.periods import select_role
from esmlearn.settings import TrainDensifySettings
from esmlearn.tasks.densify.analysis import REACH, fit_covariance
from esmlearn.tasks.densify.apply import hide_anew, load_surface, prepare
from esmlearn.tasks.densify.inputs import make_batch
from esmlearn.tasks.densify.model import TrainedDensifier, build_network, build_regression
from esmlearn.tasks.densify.places import Places, split_places
from esmlearn.tasks.densify.samples import LevelFields, LevelSample, LevelSamples, draw_errors, same_dates
from esmlearn.tasks.ensembles.calibration import calibrate, calibration_times
from esmlearn.tasks.ensembles.errors import add_errors, check_errors
from esmlearn.tasks.ensembles.regression import ResidualBatches
from esmlearn.tasks.ensembles.training import EnsembleTraining
from esmlearn.tasks.observations import find_land, load_observations
from esmlearn.tasks.record import NOT_TRAINED, describe_training, describe_variable
from esmlearn.trained.folder import try_content
from esmlearn.training.checkpoint import State

VALIDATION_SAMPLES = 144
"""Fixed samples that the best weights are chosen on."""


def train(
    data: InputData,
    settings: TrainDensifySettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any],
) -> TrainedDensifier:
    """Train on the datasets of a recipe."""
    surface = load_surface(data, settings)
    below = data.without(settings.surface_variable)
    target = below.field(str(settings.data.target), units=settings.data.field_units)
    target = settle_training_land(target, find_land(data, settings.data.land), settings.data.split)
    errors = None
    if settings.observation_errors:
        name, options = settings.data.observations, settings.data
        observations = load_observations(
            below, name, options.gaps, options, error=options.error, known=target.land, training=True
        )
        check_errors(settings, observations)
        errors = errors_of_profiles(observations)
    record = describe_variable(below.find(settings.data.observations)) | dict(record)
    return fit(target, surface, settings, run_dir, errors=errors, record=record)


def errors_of_profiles(observations: Field) -> Float[np.ndarray, "profile var"]:
    """Standard deviations of the errors of all profiles; of a level that one lacks, the median of the others."""
    time, row, column = np.nonzero(observations.observed.any(axis=1))
    there = time, slice(None), row, column
    observed, errors = observations.observed[there], observations.deviation[there]
    typical = [
        np.median(error[seen] if seen.any() else errors[observed])
        for error, seen in zip(errors.T, observed.T, strict=True)
    ]
    return np.where(observed, errors, np.array(typical, np.float32))


def fit(
    target: Field,
    surface: Field | None,
    settings: TrainDensifySettings,
    run_dir: Path,
    *,
    errors: Float[np.ndarray, "profile var"] | None = None,
    record: Mapping[str, Any] | None = None,
) -> TrainedDensifier:
    """Train a denoiser that completes levels from sparse profiles, and the surface if there is one.

    Each level has a climatology and a scaling of its own: with one for all, the deep levels would count for nothing.

    Parameters
    ----------
    target
        The complete levels; what is given of them is drawn anew for each sample.
    surface
        The surface on the same grid, at least on the dates of the levels.
    settings
        Settings of the script `train`.
    run_dir
        Folder for the log and the checkpoint.
    errors
        Standard deviations of the errors of the profiles that the ensemble will be applied to, from which those of its
        samples are drawn; needed for `observation_errors`, and used for nothing else.
    record
        What else the model shall know of itself.

    Raises
    ------
    DataError
        If the surface does not fit the levels, or a period of the split is empty.
    """
    split, options = settings.data.split, settings.training
    if settings.observation_errors != (errors is not None):
        raise DataError("Errors of profiles are given for observation_errors alone: give both or none.")
    above = None if surface is None else same_dates(surface, target)
    learned = select_role(target, split, "train")
    n_levels = target.values.shape[1]
    singles = [learned.level(index) for index in range(n_levels)]
    singles += [] if above is None else [select_role(above, split, "train")]
    climatologies = [Climatology.fit(single, harmonics=settings.data.harmonics) for single in singles]
    climates = tuple(
        (climatology, Scaling.fit(single, climatology, by=settings.data.scale_by))
        for single, climatology in zip(singles, climatologies, strict=True)
    )
    places = Places(~target.land, ~target.land)
    if settings.places:
        places = split_places(target.land, settings.places, seed=options.seed, closes=target.closes)

    share = sum(settings.hide.share) / 2
    sparse = hide_anew(learned, settings.hide, share, seed=options.seed)
    covariance = fit_covariance(sparse, LevelFields(sparse, climates, None).anomalies(), seed=options.seed)
    batches = partial(make_batch, covariance=covariance, errors=settings.observation_errors)

    def samples(role: str, length: int, seed: int) -> LevelSamples:
        levels = LevelFields(
            select_role(target, split, role), climates, None if above is None else select_role(above, split, role)
        )
        learns = role == "train"
        return LevelSamples(
            levels,
            settings,
            places=places.training if learns else places.validation,
            given=places.training if learns else ~target.land,
            reach_days=REACH * covariance.time_days,
            errors=errors,
            seed=seed,
            length=length,
        )

    def made(network: nn.Module, regression: nn.Module | None, state: State) -> TrainedDensifier:
        known = describe_training(learned, network, state) | {"validation": state.best_validation}
        known["covariance"] = asdict(covariance)
        known["levels"] = [] if target.levels is None else [float(level) for level in target.levels]
        return TrainedDensifier(
            network=network,
            settings=settings,
            climates=climates,
            covariance=covariance,
            land=learned.land,
            amplitudes=np.ones(n_levels, np.float32),
            record={**known, **(record or {})},
            regression=regression,
        )

    def calibrated(trained: TrainedDensifier, truth: Field) -> TrainedDensifier:
        given = hide_anew(truth, settings.hide, share, seed=options.seed)
        if errors is not None:
            rng = np.random.default_rng(options.seed)
            drawn = draw_errors(errors, (len(given.dates), *given.land.shape), rng)
            given = add_errors(given, rearrange(drawn, "var time lat lon -> time var lat lon"), rng)
        task = prepare(trained, given, above)
        found = calibrate(trained, task, truth, calibration_times(truth), seed=options.seed, where=places.validation)
        return replace(trained, amplitudes=np.array([amplitude for amplitude, _ in found], np.float32))

    truth = select_role(target, split, "validation")
    around_regression = settings.first_guess == "regression"
    untrained = made(
        build_network(settings, n_levels),
        build_regression(settings, n_levels) if around_regression else None,
        NOT_TRAINED,
    )
    try_content(untrained)
    if around_regression:
        calibrated(untrained, truth[:1])  # what would fail after the training shall fail before it
    training = EnsembleTraining(settings, samples, LevelSample.stack, VALIDATION_SAMPLES, run_dir)
    torch.manual_seed(options.seed)
    regression = None
    if around_regression:
        regression = training.train_regression(build_regression(settings, n_levels), batches)
    network = build_network(settings, n_levels)
    trained = made(network, regression, training.train_denoiser(network, ResidualBatches(batches, regression)))
    return calibrated(trained, truth) if around_regression else trained
