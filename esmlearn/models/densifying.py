"""What a denoiser is told when it completes levels: sparse values, where they are, the surface, and a first guess."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.models.condition import Condition
from esmlearn.models.parts import LOG_STD_RANGE


class LevelsGuess(NamedTuple):
    """A first guess of all levels and the logarithm of its standard deviation, in scaled units."""

    mean: Float[Tensor, "map var lat lon"]
    log_std: Float[Tensor, "map var lat lon"]


def count_channels(n_levels: int, *, surface: bool) -> int:
    """Number of the channels of `densify_maps`."""
    return 2 * n_levels + 2 * surface + 1


def densify_maps(
    values: Float[Tensor, "map var lat lon"],
    observed: Bool[Tensor, "map var lat lon"],
    surface: Float[Tensor, "map surface lat lon"],
    surface_observed: Bool[Tensor, "map surface lat lon"],
    land: Bool[Tensor, "map lat lon"],
) -> Float[Tensor, "map channel lat lon"]:
    """Put the channels of some times together; each level keeps its own mask.

    Parameters
    ----------
    values, observed
        Scaled values of the levels, and where they count.
    surface, surface_observed
        The same of the surface; no channel at all for a network that never sees it.
    land
        True on land.
    """
    seen = [values.masked_fill(~observed, 0.0), surface.masked_fill(~surface_observed, 0.0)]
    masks = [mask.to(values.dtype) for mask in (observed, surface_observed, land[:, None])]
    return torch.cat([*seen, *masks], dim=1)


def regress(network: Callable[[Tensor, Tensor, Condition], Tensor], condition: Condition, n_levels: int) -> LevelsGuess:
    """Ask a network for the mean and the deviation of all levels at once: there is no noisy state, and no noise."""
    maps = condition.maps
    nothing = maps.new_zeros(len(maps), 2 * n_levels, *maps.shape[2:])
    mean, log_std = network(nothing, maps.new_zeros(len(maps)), condition).float().chunk(2, dim=1)
    return LevelsGuess(mean, log_std.clamp(*LOG_STD_RANGE))


def sure_of_observations(
    guess: LevelsGuess, values: Float[Tensor, "map var lat lon"], observed: Bool[Tensor, "map var lat lon"]
) -> LevelsGuess:
    """Put observations into a guess: where there is one, nothing is left to say."""
    return LevelsGuess(torch.where(observed, values, guess.mean), guess.log_std.masked_fill(observed, 0.0))
