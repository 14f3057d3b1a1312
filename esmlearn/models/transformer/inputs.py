"""Inputs of the transformer for one window: some months of a patch of ocean."""

from dataclasses import dataclass
from enum import IntEnum

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from esmlearn.models.batches import Batchable


class Context(IntEnum):
    """Channels of `WindowInputs.context`.

    Attributes
    ----------
    GUESS
        First guess of the day; where there is an observation, the observation itself.
    SURPRISE
        How far an observation lies from interpolation in time without it; zero where there is none.
    NEARNESS_BEFORE, NEARNESS_AFTER
        Nearness in time of the last observation before the day and of the next one after it, from 1 (the day itself) to
        0 (there is none).
    """

    GUESS = 0
    SURPRISE = 1
    NEARNESS_BEFORE = 2
    NEARNESS_AFTER = 3


@dataclass(frozen=True)
class WindowInputs(Batchable):
    """Inputs of `SpatioTemporalModel` for one window, or for a batch of them with `batch` in front of every shape.

    Values are scaled anomalies. A month has 31 days, of which the last are padding in shorter months.

    Attributes
    ----------
    x
        Observations; values where `daily_mask` is True are ignored.
    daily_mask
        True where a pixel is missing.
    land_mask_patch
        True on land.
    padded_days_mask
        True for days that are not in the data: beyond the end of the month, or of the period.
    context
        Channels of each day that are computed from the days around it, by `Context`.
    nearby, nearby_observed
        The days of the window in one series, with some before and after it: values, and where they were observed.
    day_index
        Index of each day of the window in that series.
    decoded
        True for the days to decode; the others are left at the first guess.
    year_fraction
        Elapsed fraction of the year at each day.
    position
        Latitude and longitude in degrees.
    nearby_error
        Standard deviations of the errors of the values in that series, zero where there are none; None for a network
        that does not look at them.
    """

    x: Float[Tensor, "*batch month day lat lon"]
    daily_mask: Bool[Tensor, "*batch month day lat lon"]
    land_mask_patch: Bool[Tensor, "*batch lat lon"]
    padded_days_mask: Bool[Tensor, "*batch month day"]
    context: Float[Tensor, "*batch month day channel lat lon"]
    nearby: Float[Tensor, "*batch time lat lon"]
    nearby_observed: Bool[Tensor, "*batch time lat lon"]
    day_index: Int[Tensor, "*batch month day"]
    decoded: Bool[Tensor, "*batch month day"]
    year_fraction: Float[Tensor, "*batch month day"]
    position: Float[Tensor, "*batch 2 lat lon"]
    nearby_error: Float[Tensor, "*batch time lat lon"] | None = None

    def at_days(self, series: Float[Tensor, "batch time lat lon"]) -> Float[Tensor, "batch month day lat lon"]:
        """Take the days of the windows of a batch out of a series of days such as `nearby`."""
        index = rearrange(self.day_index, "b m d -> b (m d) 1 1")
        return torch.take_along_dim(series, index, dim=1).unflatten(1, tuple(self.day_index.shape[1:]))
