"""How far a score could be off by chance: a bootstrap by blocks of time.

Clouds hide areas and errors last for days, so points are not independent, and an interval that took them to be would
be far too narrow. Days are therefore resampled in blocks, and whole: what is near in space stays together (Künsch 1989,
doi:10.1214/aos/1176347265; circular as Politis & Romano 1992). All methods are resampled alike, so that a difference
between two of them does not carry the ups and downs that they share.

Every score is a function of weighted means, and the sums of each day are all that a resample needs.
`scores.processing.block_bootstrap` takes random numbers from numpy's global state, which no seed of ours may touch, and
copies the data once for each resample.
"""

from dataclasses import dataclass

import numpy as np
from einops import rearrange
from jaxtyping import Float
from scipy import stats

RESAMPLES = 1000
LEVEL = 0.95

# Fewer blocks than this do not show how much blocks differ.
FEWEST_BLOCKS = 5


@dataclass(frozen=True)
class BlockBootstrap:
    """Time steps that are resampled with replacement, many times.

    Attributes
    ----------
    counts
        How often each step is in each resample, shape (resample, time). The first resample is the data as they are.
    block
        Steps in a block; None if there are only the data as they are.
    """

    counts: Float[np.ndarray, "resample time"]
    block: int | None

    @classmethod
    def of(cls, n_steps: int, block: int | None, *, n_resamples: int = RESAMPLES, seed: int = 0) -> "BlockBootstrap":
        """Take circular blocks of steps at random until there are as many steps as in the data.

        Parameters
        ----------
        n_steps
            Steps of the data.
        block
            Steps in a block; None for the data as they are alone.
        n_resamples
            Number of resamples.
        seed
            The same seed gives the same resamples.
        """
        as_they_are = np.ones((1, n_steps))
        if block is None:
            return cls(as_they_are, None)
        starts = np.random.default_rng(seed).integers(n_steps, size=(n_resamples, -(-n_steps // block), 1))
        steps = rearrange((starts + np.arange(block)) % n_steps, "resample block step -> resample (block step)")
        cells = steps[:, :n_steps] + n_steps * np.arange(n_resamples)[:, None]
        counts = np.bincount(cells.ravel(), minlength=n_resamples * n_steps).astype(float)
        resampled = rearrange(counts, "(resample time) -> resample time", resample=n_resamples)
        return cls(np.concatenate([as_they_are, resampled]), block)

    def mean(
        self, sums: Float[np.ndarray, "time group"], weights: Float[np.ndarray, "time group"]
    ) -> Float[np.ndarray, "resample group"]:
        """Weighted mean in each resample, from the weighted sum and the sum of weights of each step; NaN if empty."""
        return ratio(self.counts @ sums, self.counts @ weights)

    def interval(
        self, scores: Float[np.ndarray, " resample"], weights: Float[np.ndarray, " time"]
    ) -> tuple[float, float] | None:
        """Find the 95 % interval of a score from its value in each resample; None if there are too few blocks.

        Percentiles, expanded for the number of blocks that the points come from: a bootstrap of a small sample is too
        narrow (Hesterberg 2015, doi:10.1080/00031305.2015.1089789).

        Parameters
        ----------
        scores
            The score in each resample.
        weights
            Sum of the weights of each step: steps without any count for no block.
        """
        if self.block is None:
            return None
        blocks = int((weights > 0).sum() / self.block)
        if blocks < FEWEST_BLOCKS or not np.isfinite(scores[1:]).any():
            return None
        tail = stats.norm.cdf(np.sqrt(blocks / (blocks - 1)) * stats.t.ppf((1 - LEVEL) / 2, blocks - 1))
        low, high = np.nanquantile(scores[1:], [tail, 1 - tail])
        return float(low), float(high)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient; NaN where the divisor is zero."""
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below != 0)
