"""What a denoiser is told when it completes levels: sparse values, where they are, the surface, and a first guess."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

SCALES = (2.0, 6.0)
"""Cells over which what profiles say is carried to their surroundings, near and far."""

RELAXATION = 0.5
"""Weight of the climatology in these analyses: far from any profile they say nothing."""


def count_channels(n_levels: int, *, surface: bool) -> int:
    """Number of the channels of `densify_maps`."""
    return (2 + 2 * len(SCALES)) * n_levels + 2 * surface + 1


def densify_maps(
    values: Float[Tensor, "map var lat lon"],
    observed: Bool[Tensor, "map var lat lon"],
    surface: Float[Tensor, "map surface lat lon"],
    surface_observed: Bool[Tensor, "map surface lat lon"],
    land: Bool[Tensor, "map lat lon"],
) -> Float[Tensor, "map channel lat lon"]:
    """Put the channels of some times together; each level keeps its own mask.

    Profiles are single cells, which a convolution hardly sees: so what they say is also given as analyses.

    Parameters
    ----------
    values, observed
        Scaled values of the levels, and where they count.
    surface, surface_observed
        The same of the surface; no channel at all for a network that never sees it.
    land
        True on land.
    """
    seen = [values.masked_fill(~observed, 0.0), surface.masked_fill(~surface_observed, 0.0)]
    masks = [mask.to(values.dtype) for mask in (observed, surface_observed, land[:, None])]
    return torch.cat([*seen, *masks, *(part for scale in SCALES for part in analyse(seen[0], masks[0], scale))], dim=1)


def analyse(
    values: Float[Tensor, "map var lat lon"], observed: Float[Tensor, "map var lat lon"], scale: float
) -> tuple[Float[Tensor, "map var lat lon"], Float[Tensor, "map var lat lon"]]:
    """Carry observations to their surroundings by Gaussian weights, as the first pass of successive corrections.

    Barnes 1964, https://doi.org/10.1175/1520-0450(1964)003%3C0396:ATFMDI%3E2.0.CO;2. Also gives the share of the weight
    that observations have, from 0 (the climatology alone) to 1.
    """
    rows, columns = (_weights(size, scale).to(values) for size in values.shape[-2:])
    total, weight = (rows @ part @ columns for part in (values, observed))
    return total / (weight + RELAXATION), weight / (weight + RELAXATION)


def _weights(size: int, scale: float) -> Float[Tensor, "cell cell"]:
    """Gaussian weights along one axis, counted in cells."""
    cell = torch.arange(size, dtype=torch.float32)
    return (-0.5 * ((cell[:, None] - cell) / scale) ** 2).exp()
