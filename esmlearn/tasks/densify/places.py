"""A split by place: some blocks of the sea are kept for validation, at all times, with a buffer around them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from scipy.ndimage import maximum_filter

from esmlearn.errors import SettingsError
from esmlearn.settings.densify import PlacesSettings


class Places(NamedTuple):
    """Which cells of sea serve for what, ``(lat, lon)`` each; those of the buffer serve for neither."""

    training: Bool[np.ndarray, "lat lon"]
    validation: Bool[np.ndarray, "lat lon"]


def split_places(
    land: Bool[np.ndarray, "lat lon"], settings: PlacesSettings, *, seed: int, closes: bool = False
) -> Places:
    """Draw blocks for validation, and leave out what lies too near to them.

    The sea is like itself some cells further, so a cell that touches a training cell is no test. The same cells have
    the same role at all times. Blocks at the northern and eastern edge may be smaller; blocks of land are not drawn.
    Where the longitudes close, so does the buffer.

    Raises
    ------
    SettingsError
        If no place is left for training.
    """
    block, share, buffer = settings.block, settings.share, settings.buffer
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
