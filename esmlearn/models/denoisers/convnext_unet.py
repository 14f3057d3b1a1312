"""A U-Net of ConvNeXt blocks, conditioned on noise level, place and date."""

from itertools import pairwise

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor, nn

from esmlearn.models.blocks import ChannelNorm, zeroed
from esmlearn.models.denoisers.parts import EMBED_DIM, DenoisingUNet
from esmlearn.settings import DenoiserSettings

HEAD_WIDTH = 32
"""Channels of an attention head."""


class ConvNextBlock(nn.Module):
    r"""Depthwise 7x7 convolution, noise level, place and date, then two 3x3 convolutions beside a residual.

    .. math:: h = (D x + t) (1 + s) + b, \quad y = R x + C_2 \, \mathrm{GELU}(C_1 \, \mathrm{LN}(h))

    After Liu et al. 2022, https://doi.org/10.48550/arXiv.2201.03545, with 3x3 in place of their 1x1 convolutions. The
    bias :math:`t` by noise level is there if `noise`; scale :math:`s` and shift :math:`b` by place and date if `film`
    (Perez et al. 2018, https://doi.org/10.48550/arXiv.1709.07871). Scale and shift start at zero: place and date have
    no effect in the untrained block. `channels` come in, `width` go out.
    """

    def __init__(self, channels: int, width: int, *, noise: bool = True, film: bool = False) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.noise = nn.Sequential(nn.GELU(), nn.Linear(EMBED_DIM, channels)) if noise else None
        self.film = nn.Sequential(nn.GELU(), zeroed(nn.Linear(EMBED_DIM, 2 * channels))) if film else None
        self.mix = nn.Sequential(
            ChannelNorm(channels),
            nn.Conv2d(channels, 2 * width, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(2 * width, width, 3, padding=1),
        )
        self.residual = nn.Identity() if channels == width else nn.Conv2d(channels, width, 1)

    def forward(
        self,
        maps: Float[Tensor, "batch channel lat lon"],
        level: Float[Tensor, "batch dim"] | None = None,
        context: Float[Tensor, "batch dim"] | None = None,
    ) -> Float[Tensor, "batch width lat lon"]:
        """Mix each pixel with its surroundings, given embeddings of the noise level and of place and date."""
        hidden = self.depthwise(maps)
        if self.noise is not None:
            hidden = hidden + rearrange(self.noise(level), "n c -> n c 1 1")
        if self.film is not None:
            scale, shift = rearrange(self.film(context), "n (two c) -> two n c 1 1", two=2)
            hidden = hidden * (1 + scale) + shift
        return self.residual(maps) + self.mix(hidden)


class LinearAttention(nn.Module):
    r"""Attention among all pixels at a cost that grows with their number, not with its square; a pre-norm residual.

    .. math:: y = x + W \left[ \mathrm{softmax}_c(Q) \, (\mathrm{softmax}_p(K)^T V) \right]

    over channels :math:`c` and pixels :math:`p`. Shen et al. 2021, eq. 4 with the softmax of section 3.2,
    https://doi.org/10.48550/arXiv.1812.01243.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = ChannelNorm(channels)
        self.to_qkv = nn.Conv2d(channels, 3 * heads * HEAD_WIDTH, 1, bias=False)
        self.out = nn.Conv2d(heads * HEAD_WIDTH, channels, 1)

    def forward(self, maps: Float[Tensor, "batch channel lat lon"]) -> Float[Tensor, "batch channel lat lon"]:
        """Add to every pixel a combination of a few weighted means over all pixels."""
        qkv = self.to_qkv(self.norm(maps))
        query, key, value = rearrange(qkv, "n (three h c) y x -> three n h c (y x)", three=3, h=self.heads)
        means = einsum(key.softmax(dim=-1), value, "n h c p, n h d p -> n h c d")
        mixed = einsum(query.softmax(dim=-2), means, "n h c p, n h c d -> n h d p")
        return maps + self.out(rearrange(mixed, "n h d (y x) -> n (h d) y x", y=maps.shape[-2]))


class Stage(nn.Module):
    """Two blocks, attention where there are heads, then a change of resolution; one stage of encoder or decoder."""

    def __init__(self, channels: int, width: int, heads: int, *, film: bool, resample: nn.Module) -> None:
        super().__init__()
        self.first = ConvNextBlock(channels, width, film=film)
        self.second = ConvNextBlock(width, width, film=film)
        self.attention = LinearAttention(width, heads) if heads else nn.Identity()
        self.resample = resample

    def forward(
        self,
        maps: Float[Tensor, "batch channel lat lon"],
        level: Float[Tensor, "batch dim"],
        context: Float[Tensor, "batch dim"] | None,
    ) -> tuple[Float[Tensor, "batch width lat lon"], Float[Tensor, "batch width new_lat new_lon"]]:
        """Give the maps before and after the change of resolution."""
        maps = self.attention(self.second(self.first(maps, level, context), level, context))
        return maps, self.resample(maps)


class ConvNextUNet(DenoisingUNet):
    """Denoise maps of any size, conditioned on maps, place and date. The untrained network gives zeros.

    Parameters
    ----------
    settings
        Sizes and options.
    state_channels
        Number of variables or levels that are denoised.
    condition_channels
        Number of maps of the condition.
    """

    def __init__(self, settings: DenoiserSettings, state_channels: int, condition_channels: int) -> None:
        widths = [settings.dim * factor for factor in settings.dim_mults]
        super().__init__(settings, state_channels, condition_channels, widths[0], hour=False)
        levels = range(len(widths))
        heads = [settings.heads if level >= settings.attention_from else 0 for level in levels]
        film = self.embed_context is not None
        self.down = nn.ModuleList(
            Stage(
                widths[max(level - 1, 0)],
                widths[level],
                heads[level],
                film=film,
                resample=nn.Identity() if level == levels[-1] else nn.Conv2d(widths[level], widths[level], 4, 2, 1),
            )
            for level in levels
        )
        self.before = ConvNextBlock(widths[-1], widths[-1], film=film)
        self.attention = LinearAttention(widths[-1], heads[-1]) if heads[-1] else nn.Identity()
        self.after = ConvNextBlock(widths[-1], widths[-1], film=film)
        self.up = nn.ModuleList(
            Stage(2 * coarse, fine, n_heads, film=film, resample=nn.ConvTranspose2d(fine, fine, 4, 2, 1))
            for (fine, coarse), n_heads in reversed(list(zip(pairwise(widths), heads[1:], strict=True)))
        )
        self.last = ConvNextBlock(2 * widths[0], widths[0], noise=False)
        self.head = zeroed(nn.Conv2d(widths[0], state_channels, 1))
        self.arrange()

    def run_levels(self, maps: Tensor, level: Tensor, context: Tensor | None) -> Tensor:
        """Apply the stages down to the coarsest level and up again; each up joins the maps of the way down."""
        skips: list[Tensor] = []
        for stage in self.down:
            skip, maps = self.run(stage, maps, level, context)
            skips.append(skip)
        maps = self.run(self.before, maps, level, context)
        maps = self.run(self.after, self.run(self.attention, maps), level, context)
        for stage in self.up:
            _, maps = self.run(stage, torch.cat([maps, skips.pop()], dim=1), level, context)
        last: Tensor = self.run(self.last, torch.cat([maps, skips.pop()], dim=1))
        return last
