"""Noise of a member, which does not depend on the batch, the tiles, or the number of members."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.diffusion.samplers import DrawNoise

Shape = tuple[int, int, int]

MEMORY = 4.0
"""Length of the moving average in decorrelation times; the weight of all earlier days would be 2 %."""

CACHED = 32
"""Noises of the whole domain that are kept, as tiles of the same day use the same few many times."""


@dataclass(frozen=True)
class MemberNoise:
    """Source of the noise of all members of a run.

    Noise is a pure function of (seed, member, day, number of the draw). It is drawn on the CPU for the whole domain,
    and tiles take parts of it: overlapping tiles have the same noise, so that no seam shows and no variance is lost.

    With a decorrelation time T, noises of neighbouring days are correlated, so that members evolve smoothly: a moving
    average of independent noises e_d of each day with the weights of an autoregression of first order,
    w (e_d + f e_(d-1) + ... + f^L e_(d-L)) with f = exp(-1 / T), L = 4 T and w such that the variance is 1. The
    correlation at a lag of k days is f^k to within 0.02, and days can be computed in any order.

    Attributes
    ----------
    seed
        The same seed gives the same noise.
    decorrelation_days
        Days T after which the correlation has fallen to 1/e; 0: days are independent.
    """

    seed: int
    decorrelation_days: float = 0.0

    def draw(self, member: int, day: int, number: int, shape: Shape) -> Float[Tensor, "var lat lon"]:
        """Unit noise of one member for the whole domain of this shape, by the ordinal of the day and the draw."""
        return _averaged(self.seed, self.decorrelation_days, member, day, number, shape).clone()

    def source(
        self,
        members: Sequence[int],
        day: int,
        shape: Shape,
        *,
        rows: slice = slice(None),
        columns: slice = slice(None),
        device: torch.device | str = "cpu",
    ) -> DrawNoise:
        """Make the `draw_noise` of a sampler, for some members of one day and one tile.

        Parameters
        ----------
        members, day
            Numbers of the members, and ordinal of the day.
        shape
            Of the whole domain: (var, lat, lon).
        rows, columns
            Part of the domain that the tile covers.
        device
            Device of the noise.
        """
        return lambda number: torch.stack(
            [self.draw(member, day, number, shape)[:, rows, columns] for member in members]
        ).to(device)


@lru_cache(maxsize=CACHED)
def _averaged(seed: int, decorrelation_days: float, member: int, day: int, number: int, shape: Shape) -> Tensor:
    """Noise of a day: the moving average of the independent noises of the days before."""
    if decorrelation_days == 0:
        return torch.from_numpy(_independent(seed, member, day, number, shape))
    factor = math.exp(-1 / decorrelation_days)
    weights = factor ** np.arange(math.ceil(MEMORY * decorrelation_days) + 1)
    weights /= np.sqrt((weights**2).sum())
    total = np.zeros(shape, np.float32)
    for lag, weight in enumerate(weights):
        total += np.float32(weight) * _independent(seed, member, day - lag, number, shape)
    return torch.from_numpy(total)


def _independent(seed: int, member: int, day: int, number: int, shape: Shape) -> np.ndarray:
    """Independent noise of one day. SeedSequence mixes the numbers, so that neighbouring seeds are uncorrelated."""
    seeds = np.random.SeedSequence([seed, member, day % 2**32, number])
    return np.random.default_rng(seeds).standard_normal(shape, dtype=np.float32)
