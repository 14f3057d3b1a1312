"""Corruption of training samples: hidden values of levels, dropped channels, and errors added to a channel.

A sample is a map of shape ``(var, lat, lon)``. Random numbers come from the generator that is given, so that the same
generator gives the same samples.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped

from esmlearn.errors import SettingsError
from esmlearn.gaps.simulate import simulate_gaps


def hide_levels(
    kind: str,
    shape: tuple[int, int, int],
    *,
    share: tuple[float, float],
    rng: np.random.Generator,
    alike: bool = False,
    **options: Any,
) -> Bool[np.ndarray, "var lat lon"]:
    """Make the random mask of a sample of a shape ``(var, lat, lon)``, True where hidden.

    Parameters
    ----------
    kind
        A kind of `esmlearn.gaps.simulate.simulate_gaps`. `profiles` are the same at all levels; the others differ.
    share
        Least and greatest share that is hidden; that of each sample is a random number in between.
    alike
        Hide the same places at all levels, for every kind.
    **options
        Arguments of the function of that kind, such as ``min_size`` and ``max_size`` of rectangles.

    Raises
    ------
    SettingsError
        If the shares are no range between 0 and 1, or the kind is unknown.
    """
    low, high = share
    if not 0.0 <= low <= high <= 1.0:
        raise SettingsError(f"The share to hide must be a range between 0 and 1, but is {low:g} to {high:g}.")
    n_levels, *size = shape
    n_masks = 1 if alike or kind == "profiles" else n_levels
    if kind == "clouds":
        options = {"seasonal_amplitude": 0.0} | options  # levels are not days, and have no season
    seed = int(rng.integers(2**62))
    hidden = simulate_gaps(kind, n_masks, *size, share=rng.uniform(low, high), seed=seed, **options)
    return np.broadcast_to(hidden, shape).copy()


def drop_channels(
    observed: Bool[np.ndarray, "channel lat lon"], *, probability: float, rng: np.random.Generator
) -> Bool[np.ndarray, "channel lat lon"]:
    """Drop each channel of a sample with a probability, so that a model can also be used without it."""
    if not 0.0 <= probability <= 1.0:
        raise SettingsError(f"The probability to drop a channel must lie between 0 and 1, but is {probability:g}.")
    kept = rng.random(len(observed)) >= probability
    return observed & kept[:, None, None]


def degrade(
    values: Float[np.ndarray, "channel lat lon"],
    *,
    factor: float,
    offset: float,
    speckle: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "channel lat lon"]:
    """Add the errors of a satellite product to values in physical units: y = m + (1 + a) (x - m) + b + e.

    m is the mean of the map, so that the result does not depend on the zero of the units; NaN is missing. Standard
    deviations of the random numbers: `factor` of a and `offset` of b, one number for each map, and `speckle` of e, one
    for each cell; b and e are in the units of the values.
    """
    if min(factor, offset, speckle) < 0:
        raise SettingsError(
            f"The errors of a channel are standard deviations and can't be negative: factor {factor:g}, offset "
            f"{offset:g}, speckle {speckle:g}."
        )
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=(1, 2), keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=(1, 2), keepdims=True) / count
    stretch, shift = rng.standard_normal((2, len(values), 1, 1))
    noise = rng.standard_normal(values.shape)
    return (mean + (1 + factor * stretch) * (values - mean) + offset * shift + speckle * noise).astype(values.dtype)


class Turn(NamedTuple):
    """Flip of a map along lat, if any, and a rotation to the left after it, in quarters of a turn."""

    flip: bool
    quarters: int

    @classmethod
    def draw(cls, n_lat: int, n_lon: int, rng: np.random.Generator) -> "Turn":
        """Draw one of the eight symmetries of a square, or of the four of a rectangle, which keep its shape."""
        step = 1 if n_lat == n_lon else 2
        return cls(flip=bool(rng.integers(2)), quarters=step * int(rng.integers(4 // step)))

    def apply(self, maps: Shaped[np.ndarray, "*any lat lon"]) -> Shaped[np.ndarray, "*any new_lat new_lon"]:
        """Flip and rotate maps; values, masks and land of a sample must get the same turn."""
        flipped = maps[..., ::-1, :] if self.flip else maps
        return np.ascontiguousarray(np.rot90(flipped, self.quarters, axes=(-2, -1)))
