"""Noise that belongs to a member: the same whatever the batch, the tiles, or the number of members."""

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

# Days are looked back until this many decorrelation times have gone; the weight of what lies beyond is 2 %.
MEMORY = 4.0

# Of the whole domain each; tiles of the same day ask for the same few again and again.
CACHED = 32


@dataclass(frozen=True)
class MemberNoise:
    """Source of the noise of all members of a run.

    Noise is a pure function of (seed, member, day, number of the draw). It is drawn on the CPU for the whole domain,
    of which tiles take their parts: overlapping tiles share it, so that no seam shows and no variance is lost.

    With a decorrelation time T, the noises of neighbouring days are alike, so that members evolve smoothly: a moving
    average of independent noises e_d of each day with the weights of an autoregression of first order,
    w (e_d + f e_(d-1) + ... + f^L e_(d-L)) with f = exp(-1 / T), L = 4 T and w such that the variance is 1. The
    correlation at a lag of k days is f^k to within 0.02, and no day has to wait for the days before it.

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
        """Unit noise of one member for the whole domain.

        Parameters
        ----------
        member, day, number
            Number of the member, ordinal of the day, and number of the draw.
        shape
            Of the domain: (var, lat, lon).
        """
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
        """Make what a sampler draws from, for some members of one day and one tile.

        Parameters
        ----------
        members
            Their numbers.
        day
            Ordinal of the day.
        shape
            Of the whole domain: (var, lat, lon).
        rows, columns
            Part of the domain that the tile covers.
        device
            Where the members are made.
        """
        return lambda number: torch.stack(
            [self.draw(member, day, number, shape)[:, rows, columns] for member in members]
        ).to(device)


@lru_cache(maxsize=CACHED)
def _averaged(seed: int, decorrelation_days: float, member: int, day: int, number: int, shape: Shape) -> Tensor:
    """Noise of a day, from the days that it remembers."""
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
    """Noise of one day for itself. A seed of several numbers is mixed, so that neighbours have nothing in common."""
    mixed = np.random.SeedSequence([seed, member, day % 2**32, number])
    return np.random.default_rng(mixed).standard_normal(shape, dtype=np.float32)
