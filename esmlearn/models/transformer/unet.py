"""A small U-Net: features of the surroundings of each pixel, at full resolution and coarser."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class UNet(nn.Module):
    """Convolutions at one width for each level, halved and doubled in between, with skips.

    Ronneberger et al. 2015, https://doi.org/10.48550/arXiv.1505.04597. There is no normalisation, because the output is
    close to linear in the input, and a norm would remove its amplitude. Maps may have any size.
    """

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.down = nn.ModuleList(_convolve(i, o) for i, o in zip((channels, *widths), widths, strict=False))
        self.up = nn.ModuleList(
            _convolve(coarse + fine, fine) for coarse, fine in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )

    def forward(self, maps: Float[Tensor, "map channel lat lon"]) -> Float[Tensor, "map width lat lon"]:
        """Give features at full resolution."""
        skips: list[Tensor] = []
        for index, convolve in enumerate(self.down):
            maps = convolve(F.avg_pool2d(maps, 2, ceil_mode=True) if index else maps)
            skips.append(maps)
        for skip, convolve in zip(skips[-2::-1], self.up, strict=True):
            maps = F.interpolate(maps, size=skip.shape[-2:], mode="nearest")
            maps = convolve(torch.cat([maps, skip], dim=1))
        return maps


def _convolve(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1), nn.GELU(), nn.Conv2d(width, width, 3, padding=1), nn.GELU()
    )
