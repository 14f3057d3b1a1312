"""What is asked of a network that makes fine fields of coarse ones."""

import torch
from einops import rearrange

from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.tasks.downscale.inputs import downscale_maps
from esmlearn.tasks.downscale.samples import Pair
from esmlearn.tasks.ensembles.regression import Question


def ask_fine(pair: Pair) -> Question:
    """Ask for the fine field; a regression departs from the coarse field on the fine cells."""
    n_variables = pair.values.shape[1]
    return Question(
        Condition(
            downscale_maps(pair.told, pair.known, pair.land), centre(pair.position), pair.year_fraction, pair.hour
        ),
        pair.told[:, :n_variables].masked_fill(~pair.known[:, :n_variables], 0.0),
        pair.values,
        pair.valid,
        torch.zeros_like(pair.valid),
        pair.valid,
        rearrange(pair.position[:, 0].deg2rad().cos(), "n y x -> n 1 y x"),
    )
