"""Ensembles that complete levels: a regression, and a denoiser that draws levels around it."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.settings import EnsembleTrainSettings
from esmlearn.tasks.common import VALIDATION_SAMPLES, describe, measure_amplitudes
from esmlearn.tasks.densify.batch import ask_levels
from esmlearn.tasks.densify.places import Places, split_places
from esmlearn.tasks.densify.samples import LevelFields, Sample, SparseLevels, same_dates
from esmlearn.tasks.ensembles.denoising import DenoisingObjective
from esmlearn.tasks.ensembles.regression import Departures, RegressionObjective
from esmlearn.tasks.networks import build_denoiser, build_regression
from esmlearn.trained.trained import TrainedEnsemble
from esmlearn.training.loop import train


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
