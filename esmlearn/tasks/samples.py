"""What the samples of all tasks have in common."""

from typing import Any

import numpy as np
from jaxtyping import Bool
from torch.utils.data import Dataset

from esmlearn.grids.tiles import corners_with_ocean

Cells = tuple[slice, slice]
"""Rows and columns."""


class EndlessSamples(Dataset[Any]):
    """Samples at random times and places, the same in every run.

    Parameters
    ----------
    useless
        Cells that are no reason to choose a window, shape (lat, lon): land, mostly.
    window
        Rows and columns of a window.
    seed
        Base of the random numbers.
    length
        Number of samples of the whole training.
    """

    def __init__(
        self, useless: Bool[np.ndarray, "lat lon"], window: tuple[int, int], *, seed: int, length: int
    ) -> None:
        self.corners, self.window = corners_with_ocean(useless, window), window
        self.seed, self.length = seed, length

    def __len__(self) -> int:
        """Count the samples of the whole training."""
        return self.length

    def random(self, index: int) -> np.random.Generator:
        """Source of the random numbers of sample number `index`."""
        return np.random.default_rng([self.seed, index])

    def cells(self, rng: np.random.Generator) -> Cells:
        """Choose a window that has some ocean."""
        south, west = self.corners[rng.integers(len(self.corners))]
        rows, columns = self.window
        return slice(south, south + rows), slice(west, west + columns)
