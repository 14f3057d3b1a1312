"""What a denoiser is told when it fills the gaps of a day: a first guess, the day's observations, and those around."""

from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

DAY_CHANNELS = 5
"""Guess, logarithm of its standard deviation, departures of the day's observations, where they are, land."""


def days_around(reach: int) -> Sequence[int]:
    """Offsets of the days before and after a day."""
    return [days for days in range(-reach, reach + 1) if days]


def count_channels(reach: int) -> int:
    """Number of the channels of `fill_maps`."""
    return DAY_CHANNELS + 2 * len(days_around(reach))


def fill_maps(
    guess: Float[Tensor, "map lat lon"],
    log_std: Float[Tensor, "map lat lon"],
    departure: Float[Tensor, "map lat lon"],
    observed: Bool[Tensor, "map lat lon"],
    land: Bool[Tensor, "map lat lon"],
    values_around: Float[Tensor, "map day lat lon"],
    observed_around: Bool[Tensor, "map day lat lon"],
) -> Float[Tensor, "map channel lat lon"]:
    """Put the channels of some days together.

    Parameters
    ----------
    guess, log_std
        First guess in scaled units, and the logarithm of its standard deviation.
    departure, observed
        How far observations lie from the guess in units of that deviation, and where there are some.
    land
        True on land.
    values_around, observed_around
        Scaled values of the days around, and where they count; they go in as departures from the guess.
    """
    around = (values_around - rearrange(guess, "n y x -> n 1 y x")).masked_fill(~observed_around, 0.0)
    day = [guess, log_std, departure.masked_fill(~observed, 0.0), observed.to(guess.dtype), land.to(guess.dtype)]
    return torch.cat([torch.stack(day, dim=1), around, observed_around.to(guess.dtype)], dim=1)
