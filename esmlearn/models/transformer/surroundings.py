"""Inputs of the decoders at full resolution: the first guess, and the observations of the days around."""

from enum import IntEnum

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from esmlearn.models.transformer.corrections import SuccessiveCorrections
from esmlearn.models.transformer.inputs import Context, WindowInputs
from esmlearn.settings import ModelSettings


class CorrectedContext(IntEnum):
    """Channels of the context after successive corrections: those of `Context`, and two more.

    Attributes
    ----------
    GUESS
        Analysis by successive corrections; where there is an observation, the observation itself.
    SIMPLE_GUESS
        The first guess of `Context`, minus `GUESS`.
    DENSITY
        How densely the ocean was observed around the pixel.
    """

    GUESS = Context.GUESS
    SIMPLE_GUESS = 1
    DENSITY = 2
    SURPRISE = 3
    NEARNESS_BEFORE = 4
    NEARNESS_AFTER = 5


class Surroundings(nn.Module):
    """Make the first guess, and the differences of the days around from it.

    Attributes
    ----------
    context
        Names of the channels of each day.
    series
        Names of the series of the days around: the observations, where there are some, and perhaps the analysis.
    n_around
        Number of the channels of the days around.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        corrects = settings.first_guess == "successive_corrections"
        self.corrections = SuccessiveCorrections() if corrects else None
        self.context = CorrectedContext if corrects else Context
        self.series = ("values", "observed", "analysis") if corrects else ("values", "observed")
        reach = settings.neighbour_days if settings.unet else 0
        self.days_around = [days for days in range(-reach, reach + 1) if days]
        self.n_around = len(self.days_around) * len(self.series)

    def forward(
        self, inputs: WindowInputs
    ) -> tuple[Float[Tensor, "batch month day context_channel lat lon"], Float[Tensor, "series batch time lat lon"]]:
        """Give the channels of each day, and the series of days that `around` takes.

        With successive corrections, their analysis replaces the first guess of the inputs.
        """
        series = [inputs.nearby, inputs.nearby_observed.to(inputs.x.dtype)]
        if self.corrections is None:
            return inputs.context, torch.stack(series)
        analysis, density = self.corrections(inputs.nearby, inputs.nearby_observed)
        guess = torch.where(inputs.daily_mask, inputs.at_days(analysis), inputs.x)
        simple, *others = inputs.context.unbind(dim=3)
        context = torch.stack([guess, simple - guess, inputs.at_days(density), *others], dim=3)
        return context, torch.stack([*series, analysis])

    def around(
        self,
        guess: Float[Tensor, "map lat lon"],
        series: Float[Tensor, "series batch time lat lon"],
        batch: Int[Tensor, " map"],
        position: Int[Tensor, " map"],
    ) -> Float[Tensor, "map around_channel lat lon"]:
        """Give the `n_around` channels of some days, of which `guess` is the first guess.

        For each day around there are the observations minus this first guess, zero where there are none; where there
        are some; and the analysis minus this first guess. `series` is that of `forward`, `batch` the window of each
        day, and `position` its index in the series.
        """
        days = position[:, None] + torch.tensor(self.days_around, dtype=position.dtype, device=position.device)
        value, observed, *analyses = series[:, batch[:, None], days.clamp(0, series.shape[2] - 1)]
        here = guess[:, None]
        return torch.cat([(value - here) * observed, observed, *(analysis - here for analysis in analyses)], dim=1)
