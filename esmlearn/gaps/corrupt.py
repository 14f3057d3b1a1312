"""What a sample loses before a model sees it: values of its levels, whole channels, and the accuracy of a channel.

A sample is a map of shape ``(var, lat, lon)``. Every function draws from the generator that it is given, so the same
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
    """Draw what is hidden of a sample.

    Parameters
    ----------
    kind
        A kind of `esmlearn.gaps.simulate.simulate_gaps`. Those of `profiles` hide whole columns; the others of each
        level hide something else.
    shape
        Of the sample, ``(var, lat, lon)``.
    share
        Least and greatest share that is hidden; each sample draws one in between.
    rng
        Source of the noise.
    alike
        Hide the same of all levels, whatever the kind.
    **options
        Passed on to the function of that kind, such as ``min_size`` and ``max_size`` of rectangles.

    Returns
    -------
    numpy.ndarray
        True where hidden.

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
        options = {"seasonal_amplitude": 0.0} | options  # the levels are no days, and have no season
    seed = int(rng.integers(2**62))
    hidden = simulate_gaps(kind, n_masks, *size, share=rng.uniform(low, high), seed=seed, **options)
    return np.broadcast_to(hidden, shape).copy()


def drop_channels(
    observed: Bool[np.ndarray, "channel lat lon"], *, probability: float, rng: np.random.Generator
) -> Bool[np.ndarray, "channel lat lon"]:
    """Take whole channels of a sample away, each with a probability, so that a model learns to do without."""
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
    """Make a channel as inaccurate as a satellite may be: y = m + (1 + a) (x - m) + b + e, m the mean of the map.

    Contrasts are stretched about the mean, so that the zero of the units does not matter.

    Parameters
    ----------
    values
        In physical units, NaN where missing.
    factor
        Standard deviation of a, one number for each map.
    offset
        Standard deviation of b, one number for each map, in the units of the values.
    speckle
        Standard deviation of e, one number for each cell, in the units of the values.
    rng
        Source of the noise.

    Returns
    -------
    numpy.ndarray
        As the values, and missing where they are.
    """
    if min(factor, offset, speckle) < 0:
        raise SettingsError(
            f"The errors of a channel are standard deviations and can't be negative: factor {factor:g}, offset "
            f"{offset:g}, speckle {speckle:g}."
        )
    seen = np.isfinite(values)
    mean = np.where(seen, values, 0.0).sum(axis=(1, 2), keepdims=True) / np.maximum(
        seen.sum(axis=(1, 2), keepdims=True), 1
    )
    stretch, shift = rng.standard_normal((2, len(values), 1, 1))
    noise = rng.standard_normal(values.shape)
    return (mean + (1 + factor * stretch) * (values - mean) + offset * shift + speckle * noise).astype(values.dtype)


class Turn(NamedTuple):
    """A way to lay a map on the grid: flipped along lat or not, then turned left by quarters."""

    flip: bool
    quarters: int

    @classmethod
    def draw(cls, n_lat: int, n_lon: int, rng: np.random.Generator) -> "Turn":
        """Draw one of the eight ways, or of the four that keep the shape of a map that is not square."""
        step = 1 if n_lat == n_lon else 2
        return cls(flip=bool(rng.integers(2)), quarters=step * int(rng.integers(4 // step)))

    def apply(self, maps: Shaped[np.ndarray, "*any lat lon"]) -> Shaped[np.ndarray, "*any new_lat new_lon"]:
        """Lay maps; values, masks and land of a sample must all go through the same turn."""
        flipped = maps[..., ::-1, :] if self.flip else maps
        return np.ascontiguousarray(np.rot90(flipped, self.quarters, axes=(-2, -1)))
