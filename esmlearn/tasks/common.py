"""What the trainings of all tasks share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from accelerate import Accelerator
from jaxtyping import Float
from torch import nn

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.settings import DiffusionSettings, LoopSettings
from esmlearn.tasks.ensembles.denoising import Lesson, find_amplitudes
from esmlearn.training.checkpoint import State

VALIDATION_SAMPLES = 144
"""Fixed samples that the best weights of a denoiser that fills gaps or completes levels are chosen on."""

CALIBRATION_SAMPLES = 32
"""About as many of the validation samples are drawn members for, to measure their spread."""


def measure_amplitudes(
    network: nn.Module,
    teach: Callable[[Any], Lesson],
    validation: Sequence[Any],
    diffusion: DiffusionSettings,
    options: LoopSettings,
) -> Float[np.ndarray, " var"]:
    """Measure the spread on some of the batches that the weights were chosen on."""
    n_batches = max(1, CALIBRATION_SAMPLES // options.batch_size)
    some = (teach(batch) for batch in validation[:: max(1, len(validation) // n_batches)])
    return find_amplitudes(network, some, diffusion, seed=options.seed)


def describe(learned: Field, network: nn.Module, state: State) -> dict[str, Any]:
    """What a model folder knows of its training."""
    return {
        "variable": {"short_name": learned.like[0].var_name, "standard_name": learned.like[0].standard_name},
        "data": [],
        "training": {
            "steps": state.step,
            "best_step": state.best_step,
            "seconds": round(state.seconds, 1),
            "skipped": state.skipped,
            "device": str(Accelerator().device),
            "parameters": sum(weights.numel() for weights in network.parameters()),
        },
        "grid": {
            "cells": list(learned.land.shape),
            "latitude": [float(learned.lat[0]), float(learned.lat[-1])],
            "longitude": [float(learned.lon[0]), float(learned.lon[-1])],
        },
    }


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
