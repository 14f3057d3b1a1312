"""A network that says the mean and its deviation at once, which members then depart from."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.transformer.parts import LOG_STD_RANGE


class Guess(NamedTuple):
    """A first guess and the logarithm of its standard deviation, in scaled units."""

    mean: Float[Tensor, "map var lat lon"]
    log_std: Float[Tensor, "map var lat lon"]


def regress(
    network: Callable[[Tensor, Tensor, Condition], Tensor], condition: Condition, base: Float[Tensor, "map var lat lon"]
) -> Guess:
    """Ask a network for mean and deviation: there is no noisy state, and no noise.

    Parameters
    ----------
    network
        Its state has twice the variables.
    condition
        What it is told.
    base
        What its mean departs from: zero, which is the climatology, or an interpolated field.
    """
    nothing = torch.zeros_like(base).repeat(1, 2, 1, 1)
    departure, log_std = network(nothing, base.new_zeros(len(base)), condition).float().chunk(2, dim=1)
    return Guess(base + departure, log_std.clamp(*LOG_STD_RANGE))


def sure_of_observations(
    guess: Guess, values: Float[Tensor, "map var lat lon"], observed: Bool[Tensor, "map var lat lon"]
) -> Guess:
    """Put observations into a guess: where there is one, nothing is left to say."""
    return Guess(torch.where(observed, values, guess.mean), guess.log_std.masked_fill(observed, 0.0))
