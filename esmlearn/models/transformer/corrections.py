"""Successive corrections: an objective analysis whose scales are learned, as the first guess of the transformer."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

SCALES = ((9.0, 1.0), (1.8, 1.5), (1.0, 4.0), (5.5, 0.3), (1.2, 1.1), (1.5, 0.3), (0.75, 0.6), (0.6, 0.25))
"""Scales of the passes before training, in cells and in days."""

RELAXATION = 0.01
"""Weight of the field before the pass, before training; an observation at no distance has the weight 1."""


class SuccessiveCorrections(nn.Module):
    """Correct a field towards the observations in several passes, with weights that fall off in space and time.

    Each pass spreads the residuals of the observations y_i (Cressman 1959,
    https://doi.org/10.1175/1520-0493(1959)087<0367:AOOAS>2.0.CO;2; Barnes 1964,
    https://doi.org/10.1175/1520-0450(1964)003<0396:ATFMDI>2.0.CO;2), with a relaxation r towards the field:

        a <- a + sum_i w_i (y_i - a_i) / (sum_i w_i + r)

    The weight w is a product of Matern functions (nu = 3/2) of the distances along time, latitude and longitude: on a
    grid a pass is three small matrix products. Such passes come close to optimal interpolation (Bratseth 1986,
    https://doi.org/10.1111/j.1600-0870.1986.tb00476.x) without a system to solve for each point. They alternate between
    wide scales of space on the same days and long scales of time at the same place. Scales and relaxations are weights
    of the network, fitted before the others. An observation with an error of standard deviation e, where that of the
    values is 1, has the weight w_i / (1 + e² / r): alone and at no distance, it corrects by 1 / (1 + r + e²) of its
    residual, as in optimal interpolation. Arguments are their values before training, `scales` in cells and days.
    """

    start: Tensor

    def __init__(self, scales: Sequence[tuple[float, float]] = SCALES, relaxation: float = RELAXATION) -> None:
        super().__init__()
        # The start is saved too, so that a trained model does not change when the constants above do.
        self.log_change = nn.Parameter(torch.zeros(len(scales), 3))
        self.register_buffer("start", torch.tensor([(*scale, relaxation) for scale in scales]))

    def forward(
        self,
        values: Float[Tensor, "batch time lat lon"],
        observed: Bool[Tensor, "batch time lat lon"],
        error: Float[Tensor, "batch time lat lon"] | None = None,
    ) -> tuple[Float[Tensor, "batch time lat lon"], Float[Tensor, "batch time lat lon"]]:
        """Analyse scaled anomalies; values that are not observed are ignored. Without errors all count alike.

        Returns
        -------
        tuple
            The analysis, and how densely the sea was observed around each value: the logarithm of 1 + the sum of
            weights of the first pass, which has the widest scale.
        """
        known = values.masked_fill(~observed, 0.0)
        seen = observed.to(known.dtype)
        analysis, density = torch.zeros_like(known), torch.zeros_like(known)
        for index, (space, time, relaxation) in enumerate(self.start * self.log_change.exp()):
            trust = seen if error is None else seen / (1 + error.square() / relaxation)
            spread, weight = _smooth(torch.stack([(known - analysis) * trust, trust]), space, time)
            analysis = analysis + spread / (weight + relaxation)
            density = density if index else weight.log1p()
        return analysis, density


def _smooth(
    fields: Float[Tensor, "field batch time lat lon"], space: Float[Tensor, ""], time: Float[Tensor, ""]
) -> Float[Tensor, "field batch time lat lon"]:
    """Sum with weights that fall off with distance, one axis after the other."""
    n_time, n_lat, n_lon = fields.shape[-3:]
    fields = _weights(n_lat, space) @ (fields @ _weights(n_lon, space))
    return (_weights(n_time, time) @ fields.flatten(-2)).unflatten(-1, (n_lat, n_lon))


def _weights(length: int, scale: Float[Tensor, ""]) -> Float[Tensor, "length length"]:
    """Matern weights (nu = 3/2) between all positions of an axis."""
    position = torch.arange(length, device=scale.device, dtype=scale.dtype)
    distance = math.sqrt(3.0) * (position[:, None] - position).abs() / scale
    return (1 + distance) * torch.exp(-distance)
