"""Profiles interpolated to levels, never across a large gap and never beyond the values."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.readers.profiles_table import Profiles

GAP_GROWTH = 0.1
"""Metres that values may lie further apart for each metre of depth, as floats and ships sample."""


@dataclass(frozen=True)
class LevelProfiles:
    """Values of profiles at levels.

    Attributes
    ----------
    time, lat, lon, platform
        As of `Profiles`.
    levels
        Depths in metres.
    value, error
        NaN where a profile has nothing at a level; the error also where it is unknown.
    """

    time: np.ndarray
    lat: Float[np.ndarray, " profile"]
    lon: Float[np.ndarray, " profile"]
    platform: np.ndarray
    levels: Float[np.ndarray, " level"]
    value: Float[np.ndarray, "profile level"]
    error: Float[np.ndarray, "profile level"]

    def select(self, profiles: Bool[np.ndarray, " profile"]) -> "LevelProfiles":
        """Select profiles by a mask."""
        names = ("time", "lat", "lon", "platform", "value", "error")
        return replace(self, **{name: getattr(self, name)[profiles] for name in names})


def interpolate(profiles: Profiles, levels: Float[np.ndarray, " level"], *, max_gap: float) -> LevelProfiles:
    """Interpolate each profile linearly to levels.

    A level gets a value where there is one at exactly this depth, or one above and one below that lie no further apart
    than ``max_gap + 0.1 * level`` metres. Values at one depth are averaged first. The error is interpolated as the
    value: it is not taken to be smaller between two values.
    """
    order = np.lexsort((profiles.depth, profiles.profile))
    starts = np.searchsorted(profiles.profile[order], np.arange(len(profiles.time) + 1))
    shape = (len(profiles.time), len(levels))
    value, error = np.full(shape, np.nan), np.full(shape, np.nan)
    widest = max_gap + GAP_GROWTH * levels
    for number, (first, last) in enumerate(pairwise(starts)):
        part = order[first:last]
        if not len(part):
            continue
        depth, place, counts = np.unique(profiles.depth[part], return_inverse=True, return_counts=True)
        below = np.searchsorted(depth, levels)
        within = (below > 0) & (below < len(depth))
        lower = depth[np.minimum(below, len(depth) - 1)]
        known = (lower == levels) | (within & (lower - depth[np.maximum(below - 1, 0)] <= widest))
        for result, given in ((value, profiles.value), (error, profiles.error)):
            means = np.bincount(place, given[part]) / counts
            result[number] = np.where(known, np.interp(levels, depth, means), np.nan)
    return LevelProfiles(profiles.time, profiles.lat, profiles.lon, profiles.platform, levels, value, error)
