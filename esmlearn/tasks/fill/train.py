"""Ensembles that fill gaps: the training period is reconstructed, and a denoiser learns where that errs."""

import itertools
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.periods import check_daily, select_role
from esmlearn.settings import EnsembleSettings, EnsembleTrainSettings, SamplerSettings
from esmlearn.tasks.common import VALIDATION_SAMPLES, check_alike, describe
from esmlearn.tasks.ensembles.denoising import CALIBRATION_MEMBERS, DenoisingObjective
from esmlearn.tasks.fill.apply import guess_days, measure_spread
from esmlearn.tasks.fill.batch import teach_days
from esmlearn.tasks.fill.samples import GuessedSample, GuessedSamples, Reconstructed
from esmlearn.tasks.networks import build_denoiser
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.trained.trained import TrainedEnsemble, TrainedModel
from esmlearn.training.loop import train

logger = logging.getLogger(__name__)

MOST_CELLS = 100_000_000
"""Cells of all reconstructions that are learned from, times days: some 2 GB with the truth beside them."""

LEAST_DAYS = 92
"""Days that a reconstruction has at least, if the period has as many."""

SPREAD_SAMPLER = SamplerSettings(steps=5, sigma_max=20.0)
"""How members are drawn to measure their spread: as the recipe draws them. With 10 steps they lie 4 % closer."""


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

    The model reconstructs the training period some times, each under other clouds, as it will reconstruct what members
    are drawn for: so the denoiser learns from such errors as it will meet, and the model is asked for each day once.

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
    else:
        check_guide(guide, complete)
        climatology, scaling = guide.climatology, guide.scaling

    def guessed(seen: Field, right: Field) -> Reconstructed:
        said = Reconstructor(guide).reconstruct_field(seen) if guide else None
        return Reconstructed(guess_days(seen, climatology, scaling, said), Anomalies.of(right, climatology, scaling))

    def samples(periods: list[Reconstructed], length: int, seed: int) -> GuessedSamples:
        return GuessedSamples(periods, settings, seed=seed, length=length)

    hide_days = settings.hide_days if target is None else 1.0
    masks = select_role(observations, split, "train").observed[:, 0]
    rng = np.random.default_rng(options.seed)
    n_days = min(len(masks), max(LEAST_DAYS, MOST_CELLS // learned.land.size // settings.reconstructions))
    began = time.monotonic()
    periods = []
    for number in range(settings.reconstructions):
        logger.info(
            "Reconstruction %d of %d of the training period, to learn from", number + 1, settings.reconstructions
        )
        first = int(rng.integers(len(masks) - n_days + 1))
        right = learned[slice(first, first + n_days)]
        seen = borrow_clouds(right, np.roll(masks, -first, axis=0), rng, hide_days=hide_days)
        periods.append(guessed(seen, right))
    right, seen = (select_role(field, split, "validation") for field in (complete, observations))
    if target is None:
        seen = borrow_clouds(right, right.observed[:, 0], rng)
    validated = guessed(seen, right)
    guessing = time.monotonic() - began

    training = samples(periods, options.steps * options.batch_size, options.seed)
    fixed = samples([validated], VALIDATION_SAMPLES, options.seed + 1)
    batches = itertools.batched((fixed[k] for k in range(len(fixed))), options.batch_size)
    validation = [GuessedSample.stack(list(batch)) for batch in batches]
    torch.manual_seed(options.seed)
    network = build_denoiser(settings, 1)
    untold = settings.denoiser.coordinates_dropout
    objective = DenoisingObjective(settings.diffusion, teach_days, validation, options.seed, untold)
    state = train(network, training, GuessedSample.stack, objective, settings, run_dir)
    known = describe(learned, network, state) | {"validation": state.best_validation}
    known["training"]["seconds"] += round(guessing, 1)
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
    drawing = EnsembleSettings(members=CALIBRATION_MEMBERS, sampler=SPREAD_SAMPLER, seed=options.seed)
    amplitude, power = measure_spread(trained, seen, validated, drawing)
    return replace(trained, amplitudes=np.array([amplitude], np.float32), power=power)


def borrow_clouds(
    field: Field, masks: Bool[np.ndarray, "other_time lat lon"], rng: np.random.Generator, *, hide_days: float = 1.0
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
    """
    n_days = len(masks)
    later = int(rng.integers(n_days // 4, 3 * n_days // 4 + 1)) + np.arange(len(field.dates))
    hides = rng.random(len(field.dates)) < hide_days
    return field.hide(~masks[later % n_days] & hides[:, None, None])


def check_guide(guide: TrainedModel, field: Field) -> None:
    """Refuse a guide of another grid, or one without standard deviations of days."""
    if not guide.climatology.covers(field.like[0]):
        raise DataError("The model to depart from was trained on another grid; train one on this grid first.")
    if not guide.settings.model.daily or guide.settings.training.loss != "gaussian":
        raise DataError(
            "The model to depart from says no standard deviation of days; train it with model.daily and the loss "
            "`gaussian`, or set first_guess: climatology."
        )
