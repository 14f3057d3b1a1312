"""Super-resolution: a regression, and a denoiser that draws fine fields around it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.fields.periods import select_role
from esmlearn.fields.times import match_times
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.settings import DownscaleTrainSettings
from esmlearn.tasks.common import describe, measure_amplitudes
from esmlearn.tasks.downscale.batch import ask_fine
from esmlearn.tasks.downscale.conditions import CoarseInput, StaticFields
from esmlearn.tasks.downscale.samples import FinePairs, Pair
from esmlearn.tasks.ensembles.denoising import DenoisingObjective
from esmlearn.tasks.ensembles.regression import Departures, RegressionObjective
from esmlearn.tasks.networks import build_fine_denoiser, build_fine_regression, count_conditions
from esmlearn.trained.trained import TrainedDownscaler
from esmlearn.training.loop import train

VALIDATION_PAIRS = 64
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


def fit_downscaling(
    data: FineData, settings: DownscaleTrainSettings, run_dir: Path, *, record: Mapping[str, Any] | None = None
) -> TrainedDownscaler:
    """Train super-resolution.

    Coarse fields are carried to the fine grid by its coordinates. Each variable, coarse or fine, is scaled by its own
    mean and deviation of the calendar month, so that a coarse climate that is off is set right from the start.

    Parameters
    ----------
    data
        Fine and coarse fields.
    settings
        Settings of the script `train` with the task `downscale`.
    run_dir, record
        As of `fit`.

    Raises
    ------
    DataError
        If the fine domain reaches beyond a coarse one, times are missing, or a period of the split is empty.
    """
    options = settings.training
    fine, log_scale = data.fine, settings.data.log_scale
    learned = select_role(fine, settings.data.split, "train")
    grid = RectilinearGrid.of(fine.like[0])
    scaling = MonthlyScaling.fit(learned, by=settings.data.scale_by, log_scale=log_scale)
    static = StaticFields.of(dict(data.static), fine.land.shape)
    inputs = [
        CoarseInput.of(
            name, field, grid, neighbours=settings.conditions.neighbours if name == settings.data.coarse else ()
        ).fit(
            learned,
            match_times(field, learned, names=(f"coarse field {name}", "fine field")),
            by=settings.data.scale_by,
            log_scale=log_scale if name == settings.data.coarse else None,
        )
        for name, field in data.coarse.items()
    ]

    def pairs(role: str, length: int, seed: int) -> FinePairs:
        part = select_role(fine, settings.data.split, role)
        return FinePairs(part, scaling, inputs, static, settings, seed=seed, length=length)

    training = pairs("train", options.steps * options.batch_size, options.seed)
    fixed = pairs("validation", VALIDATION_PAIRS, options.seed + 1)
    batches = itertools.batched((fixed[k] for k in range(len(fixed))), options.batch_size)
    validation = [Pair.stack(list(batch)) for batch in batches]
    sizes = fine.values.shape[1], count_conditions(settings, fine.values.shape[1])
    torch.manual_seed(options.seed)
    regression = None
    if settings.learning == "residual":
        regression = _regression(settings, sizes, training, validation, run_dir / "regression")
    network = build_fine_denoiser(settings, *sizes)
    lessons = Departures(ask_fine, regression)
    untold = settings.denoiser.coordinates_dropout
    objective = DenoisingObjective(settings.diffusion, lessons, validation, options.seed, untold)
    state = train(network, training, Pair.stack, objective, settings, run_dir)
    known = describe(learned, network, state) | {
        "validation": state.best_validation,
        "units": fine.units,
        "coarse_units": [field.units for field in data.coarse.values()],
    }
    return TrainedDownscaler(
        network=network,
        settings=settings,
        scaling=scaling,
        coarse_scalings=tuple(told.scaling for told in inputs if told.scaling),
        static=static,
        grid=grid,
        land=fine.land,
        amplitudes=measure_amplitudes(network, lessons, validation, settings.diffusion, options)
        if regression
        else np.ones(sizes[0], np.float32),
        record={**known, **(record or {})},
        regression=regression,
    )


def _regression(
    settings: DownscaleTrainSettings,
    sizes: tuple[int, int],
    samples: FinePairs,
    validation: Sequence[Pair],
    run_dir: Path,
) -> ResidualUNet:
    """Train the network that members depart from; it sees the first samples of the training."""
    options = settings.training
    network = build_fine_regression(settings, *sizes)
    steps = {"steps": options.regression_steps, "resume": None}
    first = settings.model_copy(update={"training": options.model_copy(update=steps)})
    seen = FinePairs(
        samples.field,
        samples.scaling,
        samples.coarse,
        samples.static,
        settings,
        seed=options.seed + 2,
        length=options.regression_steps * options.batch_size,
    )
    untold = network.settings.coordinates_dropout
    train(network, seen, Pair.stack, RegressionObjective(ask_fine, validation, untold), first, run_dir)
    return network.eval().requires_grad_(requires_grad=False)
