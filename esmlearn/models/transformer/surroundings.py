"""What is known of each pixel before the network computes: its first guess, and the observations of the days around."""

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
        The first guess of `Context`, as its departure from `GUESS`.
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
    """Make the first guess, and describe how the days around depart from it.

    Attributes
    ----------
    context
        Channels that describe each day.
    series
        What is known of the days around: the observations, where there are some, and perhaps the analysis.
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
        """Give the channels of each day, and the series of days that `around` looks at.

        With successive corrections, their analysis takes the place of the guess of the inputs.
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
        there = position[:, None] + torch.tensor(self.days_around, dtype=position.dtype, device=position.device)
        value, seen, *analyses = series[:, batch[:, None], there.clamp(0, series.shape[2] - 1)]
        here = guess[:, None]
        return torch.cat([(value - here) * seen, seen, *(analysis - here for analysis in analyses)], dim=1)
