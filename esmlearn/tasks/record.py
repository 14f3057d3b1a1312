"""What a trained model knows of itself: its variable, its training, its grid."""

import math
from collections.abc import Mapping
from typing import Any

from accelerate import Accelerator
from torch import nn

from esmlearn.fields.field import Field
from esmlearn.training.checkpoint import State

NOT_TRAINED = State(best_validation={"denoising": math.nan})
"""Stands for the state of a training that is to come, to try what is written after it."""


def describe_variable(facets: Mapping[str, Any]) -> dict[str, Any]:
    """What the record of a model says of its variable."""
    known = ("short_name", "standard_name", "long_name", "frequency")
    return {"variable": {key: facets[key] for key in known if key in facets}}


def describe_training(learned: Field, network: nn.Module, state: State) -> dict[str, Any]:
    """What the record of a model says of its training."""
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
