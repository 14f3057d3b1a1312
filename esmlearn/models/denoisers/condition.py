"""The condition of a denoiser: all its inputs besides the noisy state. Samplers and losses only pass it on."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor


class Condition(NamedTuple):
    """Maps, place and date that a sample is conditioned on.

    Coordinates are None where no sample has them, and NaN for samples whose coordinates are dropped.

    Attributes
    ----------
    maps
        Channels of each pixel, such as first guess, observations, land. Each level has its own mask, as a channel.
    place
        Latitude and longitude of the centre of the maps, in degrees.
    year_fraction
        Elapsed fraction of the year, from 0 to 1 in any calendar.
    hour
        Hour of the day in UTC, from 0 to 24.
    """

    maps: Float[Tensor, "batch channel lat lon"]
    place: Float[Tensor, "batch 2"] | None = None
    year_fraction: Float[Tensor, " batch"] | None = None
    hour: Float[Tensor, " batch"] | None = None

    def to(self, device: torch.device) -> "Condition":
        """Move to a device."""
        return self._each(lambda part: part.to(device))

    def for_members(self, n_members: int) -> "Condition":
        """Repeat each sample for its members, which then follow one another."""
        return self._each(lambda part: repeat_members(part, n_members))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Condition":
        """Apply a function to each part that is given."""
        return Condition(change(self.maps), *(None if part is None else change(part) for part in self[1:]))

    def drop_coordinates(self, share: float) -> "Condition":
        """Set the coordinates of a share of the samples to NaN, so that the network can also be used without them.

        Half of these samples lose both place and time, a quarter only the place, and a quarter only date and hour.
        """
        if not share:
            return self
        # Random numbers come from the CPU, so that they are the same on every device.
        random = (torch.rand(len(self.maps)) / share).to(self.maps.device)
        no_place, no_time = random < 0.75, (random >= 0.25) & (random < 1.0)
        dropped = (rearrange(no_place, "n -> n 1"), no_time, no_time)
        coordinates = (
            part if part is None else part.masked_fill(lost, torch.nan)
            for part, lost in zip(self[1:], dropped, strict=True)
        )
        return Condition(self.maps, *coordinates)


def repeat_members(part: Tensor, n_members: int) -> Tensor:
    """Repeat each sample for its members, which then follow one another."""
    return repeat(part, "n ... -> (n member) ...", member=n_members)


def centre(position: Float[Tensor, "map 2 lat lon"]) -> Float[Tensor, "map 2"]:
    """Latitude and longitude of the middle of each map, also across the date line."""
    lat, lon = rearrange(position, "n two y x -> two n y x")
    east, north = (reduce(part, "n y x -> n", "mean") for part in (lon.deg2rad().cos(), lon.deg2rad().sin()))
    return torch.stack([reduce(lat, "n y x -> n", "mean"), torch.atan2(north, east).rad2deg()], dim=1)
