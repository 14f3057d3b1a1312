"""What a network is told when it makes fine fields of coarse ones."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def count_channels(n_conditions: int) -> int:
    """Number of the channels of `downscale_maps`."""
    return 2 * n_conditions + 1


def downscale_maps(
    told: Float[Tensor, "map channel lat lon"],
    known: Bool[Tensor, "map channel lat lon"],
    land: Bool[Tensor, "map lat lon"],
) -> Float[Tensor, "map double lat lon"]:
    """Put conditions together, each with a mask of its own.

    Parameters
    ----------
    told, known
        Scaled values, and where they count; nowhere for a condition that is left out.
    land
        True on land.
    """
    masks = [mask.to(told.dtype) for mask in (known, land[:, None])]
    return torch.cat([told.masked_fill(~known, 0.0), *masks], dim=1)
