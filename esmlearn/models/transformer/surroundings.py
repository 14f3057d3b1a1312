"""What is known around each pixel before the network thinks: first guess, and the observations of the days around."""

from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from esmlearn.models.transformer.corrections import SuccessiveCorrections
from esmlearn.settings import ModelSettings

CONTEXT_CHANNELS = 4
"""Guess, surprise of an observation, nearness of the observations before and after (`data.windows`)."""


class Nearby(NamedTuple):
    """The days of a window in a row, with some before and after it.

    Attributes
    ----------
    values, observed
        Scaled values, and where they count.
    day_index
        Where each day of the window stands in the row.
    """

    values: Float[Tensor, "batch time lat lon"]
    observed: Bool[Tensor, "batch time lat lon"]
    day_index: Int[Tensor, "batch month day"]

    def at_days(self, row: Float[Tensor, "batch time lat lon"]) -> Float[Tensor, "batch month day lat lon"]:
        """Take the days of the window out of a row."""
        index = rearrange(self.day_index, "b m d -> b (m d) 1 1")
        return torch.take_along_dim(row, index, dim=1).unflatten(1, tuple(self.day_index.shape[1:]))


class Surroundings(nn.Module):
    """Settle on a first guess, and say how the days around depart from it.

    Attributes
    ----------
    n_context
        Channels that describe the guess, the first of them the guess itself.
    n_around
        Channels of the days around.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        corrects = settings.first_guess == "successive_corrections"
        self.corrections = SuccessiveCorrections() if corrects else None
        self.reach = settings.neighbour_days if settings.unet else 0
        self.n_context = CONTEXT_CHANNELS + (2 if corrects else 0)
        self.n_around = self.reach * (6 if corrects else 4)

    def forward(
        self,
        x: Float[Tensor, "batch month day lat lon"],
        daily_mask: Bool[Tensor, "batch month day lat lon"],
        context: Float[Tensor, "batch month day channel lat lon"],
        nearby: Nearby,
    ) -> tuple[Float[Tensor, "batch month day context_channel lat lon"], Float[Tensor, "series batch time lat lon"]]:
        """Give the `n_context` channels of each day, and the series that `around` looks at.

        With successive corrections, their analysis takes the place of the guess in `context`, which is kept as its
        departure from the analysis. The series are the observations, where there are some, and the analysis.
        """
        series = [nearby.values, nearby.observed.to(x.dtype)]
        if self.corrections is not None:
            analysis, density = self.corrections(nearby.values, nearby.observed)
            series.append(analysis)
            guess = torch.where(daily_mask, nearby.at_days(analysis), x)
            simple = context[:, :, :, 0]
            context = torch.cat(
                [torch.stack([guess, simple - guess, nearby.at_days(density)], dim=3), context[:, :, :, 1:]], dim=3
            )
        return context, torch.stack(series)

    def around(
        self,
        guess: Float[Tensor, "map lat lon"],
        series: Float[Tensor, "series batch time lat lon"],
        batch: Int[Tensor, " map"],
        position: Int[Tensor, " map"],
    ) -> Float[Tensor, "map around_channel lat lon"]:
        """Give the `n_around` channels of some days.

        Of each day around there are the observations as departures from the guess of the day itself, zero where there
        are none; where there are some; and the analysis as a departure.

        Parameters
        ----------
        guess
            First guess of the days.
        series
            As `forward` gives them.
        batch, position
            Window of each day, and where in its row the day stands.
        """
        days = [days for days in range(-self.reach, self.reach + 1) if days]
        there = position[:, None] + torch.tensor(days, dtype=position.dtype, device=position.device)
        value, seen, *analyses = series[:, batch[:, None], there.clamp(0, series.shape[2] - 1)]
        here = guess[:, None]
        return torch.cat([(value - here) * seen, seen, *(analysis - here for analysis in analyses)], dim=1)
