"""A U-Net of ConvNeXt blocks, conditioned on noise level, place and date."""

from itertools import pairwise
from typing import Any

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor, nn

from esmlearn.models.blocks import ChannelNorm
from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.denoisers.parts import (
    EMBED_DIM,
    LEVEL_STRETCH,
    count_features,
    embedder,
    pad_to_multiple,
    run,
    where_and_when,
    zeroed,
)
from esmlearn.models.embeddings import sinusoids
from esmlearn.settings import DenoiserSettings

HEAD_WIDTH = 32
"""Channels of an attention head."""


class ConvNextBlock(nn.Module):
    r"""Depthwise 7x7 convolution, noise level, place and date, then two 3x3 convolutions beside a residual.

    .. math:: h = (D x + t) (1 + s) + b, \quad y = R x + C_2 \, \mathrm{GELU}(C_1 \, \mathrm{LN}(h))

    After Liu et al. 2022, https://doi.org/10.48550/arXiv.2201.03545, with 3x3 in place of their 1x1 convolutions. The
    scale :math:`s` and shift :math:`b` are FiLM (Perez et al. 2018, https://doi.org/10.48550/arXiv.1709.07871), and
    start at zero: place and date have no effect in the untrained block.

    Parameters
    ----------
    channels, width
        Channels that come in and go out.
    noise
        Whether there is a bias :math:`t` by noise level.
    film
        Whether there are :math:`s` and :math:`b`.
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
        """Let every pixel see a few weighted means of all pixels."""
        qkv = self.to_qkv(self.norm(maps))
        query, key, value = rearrange(qkv, "n (three h c) y x -> three n h c (y x)", three=3, h=self.heads)
        means = einsum(key.softmax(dim=-1), value, "n h c p, n h d p -> n h c d")
        seen = einsum(query.softmax(dim=-2), means, "n h c p, n h c d -> n h d p")
        return maps + self.out(rearrange(seen, "n h d (y x) -> n (h d) y x", y=maps.shape[-2]))


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


class ConvNextUNet(nn.Module):
    """Map noisy maps of any size to maps of that size, conditioned on maps of what is known, place and date.

    The head starts at zero: the untrained network gives zeros. Whether the output is noise, signal or a mixture is
    the choice of the parameterization.

    Parameters
    ----------
    settings
        Sizes and options.
    state_channels
        Variables or levels that are denoised.
    condition_channels
        Maps that are given beside them.
    """

    def __init__(self, settings: DenoiserSettings, state_channels: int, condition_channels: int) -> None:
        super().__init__()
        self.settings = settings
        widths = [settings.dim * factor for factor in settings.dim_mults]
        levels = range(len(widths))
        heads = [settings.heads if level >= settings.attention_from else 0 for level in levels]
        n_features = count_features(settings.coordinates, date=settings.date, hour=False)
        film = n_features > 0

        self.embed_level = embedder(EMBED_DIM)
        self.embed_context = embedder(n_features) if film else None
        self.stem = nn.Conv2d(state_channels + condition_channels, widths[0], 3, padding=1)
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
        if settings.channels_last:
            self.to(memory_format=torch.channels_last)
        if settings.compile:
            self.compile()

    def forward(
        self, x: Float[Tensor, "batch var lat lon"], noise_level: Float[Tensor, " batch"], condition: Condition
    ) -> Float[Tensor, "batch var lat lon"]:
        """Denoise; the output has the shape of the noisy state.

        Parameters
        ----------
        x
            The noisy state, scaled to a variance near one.
        noise_level
            A quarter of the logarithm of noise over signal (Karras et al. 2022, table 1,
            https://doi.org/10.48550/arXiv.2206.00364).
        condition
            Maps on the same cells, and place and date where the settings ask for them.
        """
        rows, columns = x.shape[-2:]
        maps = pad_to_multiple(torch.cat([x, condition.maps.to(x.dtype)], dim=1), 2 ** (len(self.down) - 1))
        if self.settings.channels_last:
            maps = maps.contiguous(memory_format=torch.channels_last)
        level = self.embed_level(sinusoids(LEVEL_STRETCH * noise_level, EMBED_DIM))
        context = None if self.embed_context is None else self.embed_context(self._place_and_date(condition))

        maps = self.stem(maps)
        skips: list[Tensor] = []
        for stage in self.down:
            skip, maps = self._run(stage, maps, level, context)
            skips.append(skip)
        maps = self._run(self.before, maps, level, context)
        maps = self._run(self.after, self._run(self.attention, maps), level, context)
        for stage in self.up:
            _, maps = self._run(stage, torch.cat([maps, skips.pop()], dim=1), level, context)
        maps = self._run(self.last, torch.cat([maps, skips.pop()], dim=1))
        return self.head(maps)[..., :rows, :columns].to(x.dtype)

    @property
    def head_bias(self) -> Tensor:
        """What is added to the output of each channel."""
        return self.head.get_parameter("bias")

    def _place_and_date(self, condition: Condition) -> Float[Tensor, "batch feature"]:
        """Features of place and date that the settings ask for."""
        return where_and_when(condition, self.settings.coordinates, date=self.settings.date, hour=False)

    def _run(self, part: nn.Module, *inputs: Tensor | None) -> Any:
        """Run a part, with the settings for its activations."""
        return run(part, *inputs, forget=self.settings.checkpoint_activations)
