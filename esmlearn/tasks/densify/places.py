"""A split by place: some blocks of the sea are kept for validation, at all times, with a buffer around them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from scipy.ndimage import maximum_filter

from esmlearn.errors import SettingsError


class Places(NamedTuple):
    """Which cells of sea serve for what, ``(lat, lon)`` each; those of the buffer serve for neither."""

    training: Bool[np.ndarray, "lat lon"]
    validation: Bool[np.ndarray, "lat lon"]


def split_places(
    land: Bool[np.ndarray, "lat lon"],
    *,
    seed: int,
    block: int = 16,
    share: float = 0.2,
    buffer: int = 4,
    closes: bool = False,
) -> Places:
    """Draw blocks for validation, and leave out what lies too near to them.

    The sea is like itself some cells further, so a cell that touches a training cell is no test. The same cells have
    the same role at all times.

    Parameters
    ----------
    land
        True on land, which serves for nothing; blocks that hold nothing else are not drawn.
    seed
        The same seed gives the same places.
    block
        Side of a block in cells; those at the northern and eastern edge may be smaller.
    share
        Share of the blocks that are kept for validation, rounded to a whole number of at least one.
    buffer
        Cells left out between training and validation, in each direction and across corners.
    closes
        Whether the longitudes go round the globe, so that the buffer does, too.

    Raises
    ------
    SettingsError
        If no place is left for training.
    """
    if block < 1 or buffer < 0 or not 0.0 < share < 1.0:
        raise SettingsError(
            f"A split by place needs block >= 1, buffer >= 0 and 0 < share < 1, but these are {block}, {buffer} and "
            f"{share:g}."
        )
    rows, columns = (np.arange(size) // block for size in land.shape)
    number = rows[:, None] * (columns[-1] + 1) + columns
    blocks = np.unique(number[~land])
    kept = np.random.default_rng(seed).permutation(blocks)[: max(1, round(share * len(blocks)))]
    chosen = np.isin(number, kept)
    near = maximum_filter(chosen, size=2 * buffer + 1, mode=("nearest", "wrap" if closes else "nearest"))
    places = Places(training=~near & ~land, validation=chosen & ~land)
    if not places.training.any():
        raise SettingsError(
            f"A split by place with block {block}, share {share:g} and buffer {buffer} leaves no cell of the "
            f"{land.shape[0]} x {land.shape[1]} for training; lower one of them."
        )
    return places
