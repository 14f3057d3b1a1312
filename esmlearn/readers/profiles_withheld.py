"""Whole floats and ships that are kept apart with all their profiles, so that what they measured can be scored on."""

import logging
from collections.abc import Mapping
from hashlib import sha256

import numpy as np
from jaxtyping import Bool, Shaped

from esmlearn.errors import DataError
from esmlearn.settings.profiles import ProfileSettings

logger = logging.getLogger(__name__)


def is_read(platforms: Shaped[np.ndarray, " profile"], settings: ProfileSettings) -> Bool[np.ndarray, " profile"]:
    """Which profiles are of a float or ship that is read, by the settings `withhold`, `withheld` and `seed`.

    A platform is on one side for all its profiles, whatever their file, day, place or variable: the choice depends on
    its name and the seed alone.

    Raises
    ------
    DataError
        If some have no name.
    """
    if not settings.withhold:
        return np.ones(len(platforms), bool)
    names, index = np.unique(platforms, return_inverse=True)
    if any(not str(name).strip() for name in names):
        raise DataError(
            "Some profiles do not say which float or ship they are from, so that none can be withheld as a whole; "
            "leave out `withhold`."
        )
    apart = np.array([_number(str(name).strip(), settings.seed) < settings.withhold for name in names], bool)
    return (apart == settings.withheld)[index]


def check_sides(platforms: Mapping[str, bool], settings: ProfileSettings) -> None:
    """Say how many floats and ships in the region are read, by their names; none is an error."""
    if not settings.withhold:
        return
    count, side = sum(platforms.values()), "withheld" if settings.withheld else "left"
    found = f"of the {len(platforms)} floats and ships in the region"
    by = f"by withhold {settings.withhold:g} and seed {settings.seed}"
    if not count:
        raise DataError(f"None {found} is {side} {by}; change them.")
    logger.info("%d %s are %s %s.", count, found, side, by)


def _number(name: str, seed: int) -> float:
    """A number from 0 to 1 that is random over names, but always the same for one name and seed."""
    return int.from_bytes(sha256(f"{seed} {name}".encode()).digest()[:8]) / 2**64
