"""Lessons in filling gaps: the truth as a departure from a first guess, in units of its standard deviation."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.data.windows import Window
from esmlearn.models.condition import Condition, centre
from esmlearn.models.filling import days_around, fill_maps
from esmlearn.models.parts import LOG_STD_RANGE
from esmlearn.models.spatiotemporal import SpatioTemporalModel
from esmlearn.objectives.denoising import Lesson


class Guess(NamedTuple):
    """A first guess and the logarithm of its standard deviation, in scaled units."""

    mean: Float[Tensor, "map lat lon"]
    log_std: Float[Tensor, "map lat lon"]


@dataclass(frozen=True)
class FillingLessons:
    """Turn windows into lessons.

    Attributes
    ----------
    guide
        The trained transformer whose answer is departed from; with none, it is the climatology.
    neighbour_days
        Days before and after each day whose observations the denoiser sees.
    """

    guide: SpatioTemporalModel | None
    neighbour_days: int

    def __call__(self, window: Window, *, untold: float = 0.0) -> Lesson:
        """Take the decoded days of some windows, each as a sample of its own; the guide knows what it always knows."""
        chosen = window.decoded & ~window.padded_days_mask
        batch, _, _ = chosen.nonzero(as_tuple=True)
        land = window.land_mask_patch[batch]
        observed = ~window.daily_mask[chosen] & ~land
        guess = self.guess(window, chosen, observed)
        valid = window.target_valid[chosen] & ~land
        clean = ((window.target[chosen] - guess.mean) / guess.log_std.exp()).masked_fill(~valid, 0.0)
        offsets = torch.tensor(days_around(self.neighbour_days), device=batch.device, dtype=window.day_index.dtype)
        around = (batch[:, None], window.day_index[chosen][:, None] + offsets)
        maps = fill_maps(
            guess.mean,
            guess.log_std,
            clean,
            observed,
            land,
            window.nearby[around],
            window.nearby_observed[around] & ~land[:, None],
        )
        area = rearrange(window.position[batch, 0].deg2rad().cos(), "n y x -> n 1 y x")
        return Lesson(
            rearrange(clean, "n y x -> n 1 y x"),
            rearrange(valid & ~observed, "n y x -> n 1 y x"),
            area,
            Condition(maps, centre(window.position[batch]), window.year_fraction[chosen]).untold(untold),
            rearrange(guess.log_std.exp(), "n y x -> n 1 y x"),
        )

    @torch.no_grad()
    def guess(
        self,
        window: Window,
        chosen: Bool[Tensor, "batch month day"],
        observed: Bool[Tensor, "map lat lon"],
    ) -> Guess:
        """Ask the guide; it is sure of observations."""
        if self.guide is None:
            nothing = torch.zeros_like(window.x[chosen])
            return Guess(nothing, nothing)
        daily = self.guide.to(window.x.device)(**window.inputs()).daily
        log_std = daily.log_std[chosen].float().clamp(*LOG_STD_RANGE)
        return Guess(daily.mean[chosen].float(), log_std.masked_fill(observed, 0.0))
