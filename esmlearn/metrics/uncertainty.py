"""How far a score could be off by chance: a bootstrap by blocks of time.

Clouds hide areas and errors last for days, so points are not independent, and an interval that took them to be would
be far too narrow. Days are therefore drawn in blocks, and whole: what is near in space stays together (Künsch 1989,
doi:10.1214/aos/1176347265; circular as Politis & Romano 1992). All methods are drawn alike, so that a difference
between two of them does not carry the ups and downs that they share.

Every score is a function of weighted means, and the sums of each day are all that a draw needs.
`scores.processing.block_bootstrap` draws from numpy's global state, which no seed of ours may touch, and copies the
data once for each draw.
"""

from dataclasses import dataclass

import numpy as np
from einops import rearrange
from jaxtyping import Float
from scipy import stats

DRAWS = 1000
LEVEL = 0.95

# With fewer blocks than this nothing can be said of how much blocks differ.
FEWEST_BLOCKS = 5


@dataclass(frozen=True)
class Draws:
    """Time steps drawn with replacement, many times.

    Attributes
    ----------
    counts
        How often each step is in each draw, shape (draw, time). The first draw is the data as they are.
    block
        Steps in a block; None if nothing is drawn but the data as they are.
    """

    counts: Float[np.ndarray, "draw time"]
    block: int | None

    @classmethod
    def of(cls, n_steps: int, block: int | None, *, n_draws: int = DRAWS, seed: int = 0) -> "Draws":
        """Draw circular blocks of steps until there are as many as in the data.

        Parameters
        ----------
        n_steps
            Steps of the data.
        block
            Steps in a block; None for no draws.
        n_draws
            Number of draws.
        seed
            The same seed gives the same draws.
        """
        as_they_are = np.ones((1, n_steps))
        if block is None:
            return cls(as_they_are, None)
        starts = np.random.default_rng(seed).integers(n_steps, size=(n_draws, -(-n_steps // block), 1))
        drawn = rearrange((starts + np.arange(block)) % n_steps, "draw block step -> draw (block step)")[:, :n_steps]
        cells = drawn + n_steps * np.arange(n_draws)[:, None]
        counts = np.bincount(cells.ravel(), minlength=n_draws * n_steps)
        drawn_counts = rearrange(counts.astype(float), "(draw time) -> draw time", draw=n_draws)
        return cls(np.concatenate([as_they_are, drawn_counts]), block)

    def mean(
        self, sums: Float[np.ndarray, "time group"], weights: Float[np.ndarray, "time group"]
    ) -> Float[np.ndarray, "draw group"]:
        """Weighted mean in each draw, from the weighted sum and the sum of the weights of each step; NaN if empty."""
        return ratio(self.counts @ sums, self.counts @ weights)

    def interval(
        self, drawn: Float[np.ndarray, " draw"], weights: Float[np.ndarray, " time"]
    ) -> tuple[float, float] | None:
        """Find the 95 % interval of a score from its value in each draw; None if there are too few blocks.

        Percentiles, expanded for the number of blocks that the points come from: a bootstrap of a small sample is too
        narrow (Hesterberg 2015, doi:10.1080/00031305.2015.1089789).

        Parameters
        ----------
        drawn
            The score in each draw.
        weights
            Sum of the weights of each step: steps without any count for no block.
        """
        if self.block is None:
            return None
        blocks = int((weights > 0).sum() / self.block)
        if blocks < FEWEST_BLOCKS or not np.isfinite(drawn[1:]).any():
            return None
        tail = stats.norm.cdf(np.sqrt(blocks / (blocks - 1)) * stats.t.ppf((1 - LEVEL) / 2, blocks - 1))
        low, high = np.nanquantile(drawn[1:], [tail, 1 - tail])
        return float(low), float(high)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient; NaN where the divisor is zero."""
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below != 0)
