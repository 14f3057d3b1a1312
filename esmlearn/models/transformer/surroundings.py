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
    n_context
        Number of these channels; one more with `observation_errors`, the last: the errors of the day's observations.
    series
        Names of the series of the days around: the observations, where there are some, perhaps the analysis, and
        perhaps the errors.
    n_around
        Number of the channels of the days around.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        corrects = settings.first_guess == "successive_corrections"
        self.corrections = SuccessiveCorrections() if corrects else None
        self.context = CorrectedContext if corrects else Context
        self.n_context = len(self.context) + settings.observation_errors
        self.series = ("values", "observed") + ("analysis",) * corrects + ("errors",) * settings.observation_errors
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
        channels = list(inputs.context.unbind(dim=3))
        if self.corrections is not None:
            analysis, density = self.corrections(inputs.nearby, inputs.nearby_observed, inputs.nearby_error)
            guess = torch.where(inputs.daily_mask, inputs.at_days(analysis), inputs.x)
            simple, *others = channels
            channels = [guess, simple - guess, inputs.at_days(density), *others]
            series.append(analysis)
        if inputs.nearby_error is not None:
            channels.append(inputs.at_days(inputs.nearby_error))
            series.append(inputs.nearby_error)
        return torch.stack(channels, dim=3), torch.stack(series)

    def around(
        self,
        guess: Float[Tensor, "map lat lon"],
        series: Float[Tensor, "series batch time lat lon"],
        batch: Int[Tensor, " map"],
        position: Int[Tensor, " map"],
    ) -> Float[Tensor, "map around_channel lat lon"]:
        """Give the `n_around` channels of some days, of which `guess` is the first guess.

        For each day around there are the observations minus this first guess, zero where there are none; where there
        are some; the analysis minus this first guess; and the errors of the observations. `series` is that of
        `forward`, `batch` the window of each day, and `position` its index in the series.
        """
        days = position[:, None] + torch.tensor(self.days_around, dtype=position.dtype, device=position.device)
        found = dict(zip(self.series, series[:, batch[:, None], days.clamp(0, series.shape[2] - 1)], strict=True))
        here, observed = guess[:, None], found["observed"]
        channels = [(found["values"] - here) * observed, observed]
        if "analysis" in found:
            channels.append(found["analysis"] - here)
        if "errors" in found:
            channels.append(found["errors"])
        return torch.cat(channels, dim=1)
