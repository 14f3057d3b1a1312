"""Sampling uncertainty of scores: a bootstrap by blocks of time.

Clouds hide areas and errors last for days, so points are not independent; intervals for independent points would be far
too narrow. Therefore whole days are resampled in blocks, with all their points (Künsch 1989,
doi:10.1214/aos/1176347265; circular as Politis & Romano 1992). All methods have the same resamples, so that intervals
of differences between methods do not include variations that they have in common.

Every score is a function of weighted means, so a resample needs only the sums of each day.
`scores.processing.block_bootstrap` takes random numbers from numpy's global state, whose seed belongs to the user, and
copies the data once for each resample.
"""

from dataclasses import dataclass

import numpy as np
from einops import rearrange
from jaxtyping import Float
from scipy import stats

LEVEL = 0.95

# The variance between blocks can't be estimated from fewer blocks.
FEWEST_BLOCKS = 5


@dataclass(frozen=True)
class BlockBootstrap:
    """Resamples of the time steps, with replacement.

    Attributes
    ----------
    counts
        How often each step is in each resample, shape (resample, time). The first resample is the original data.
    block
        Steps in a block; None if there are only the original data.
    """

    counts: Float[np.ndarray, "resample time"]
    block: int | None

    @classmethod
    def of(cls, n_steps: int, block: int | None, *, n_resamples: int = 1000, seed: int = 0) -> "BlockBootstrap":
        """Take circular blocks of steps at random until there are as many steps as in the data.

        Parameters
        ----------
        n_steps
            Time steps of the data.
        block
            Steps in a block; None for the original data only.
        n_resamples
            Number of resamples.
        seed
            The same seed gives the same resamples.
        """
        original = np.ones((1, n_steps))
        if block is None:
            return cls(original, None)
        starts = np.random.default_rng(seed).integers(n_steps, size=(n_resamples, -(-n_steps // block), 1))
        steps = rearrange((starts + np.arange(block)) % n_steps, "resample block step -> resample (block step)")
        cells = steps[:, :n_steps] + n_steps * np.arange(n_resamples)[:, None]
        counts = np.bincount(cells.ravel(), minlength=n_resamples * n_steps).astype(float)
        resampled = rearrange(counts, "(resample time) -> resample time", resample=n_resamples)
        return cls(np.concatenate([original, resampled]), block)

    def mean(
        self, sums: Float[np.ndarray, "time group"], weights: Float[np.ndarray, "time group"]
    ) -> Float[np.ndarray, "resample group"]:
        """Give the weighted mean in each resample, from the weighted sum and the sum of weights of each step."""
        return ratio(self.counts @ sums, self.counts @ weights)

    def interval(
        self, scores: Float[np.ndarray, " resample"], weights: Float[np.ndarray, " time"]
    ) -> tuple[float, float] | None:
        """Find the 95 % interval of a score from its value in each resample; None if there are too few blocks.

        The interval lies between percentiles, which are wider apart for few blocks, as the bootstrap of a small sample
        is too narrow (Hesterberg 2015, doi:10.1080/00031305.2015.1089789).

        Parameters
        ----------
        scores
            The score in each resample.
        weights
            Sum of the weights of each step; steps without weight are not counted.
        """
        if self.block is None:
            return None
        blocks = int((weights > 0).sum() / self.block)
        if blocks < FEWEST_BLOCKS or not np.isfinite(scores[1:]).any():
            return None
        tail = stats.norm.cdf(np.sqrt(blocks / (blocks - 1)) * stats.t.ppf((1 - LEVEL) / 2, blocks - 1))
        # A score that divides by zero in a resample says nothing there.
        low, high = np.nanquantile(np.where(np.isfinite(scores[1:]), scores[1:], np.nan), [tail, 1 - tail])
        return float(low), float(high)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; NaN where the divisor is zero."""
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below != 0)
