"""The eps-U-Net of super-resolution: residual blocks with attention at the coarse levels."""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from esmlearn.errors import SettingsError
from esmlearn.models.blocks import zeroed
from esmlearn.models.denoisers.parts import EMBED_DIM, DenoisingUNet
from esmlearn.settings import ResidualUNetSettings

GROUPS = 8
"""Groups of channels that are normalised together."""


class ResidualBlock(nn.Module):
    r"""Two 3x3 convolutions beside a residual; the embedding of the condition comes in between them.

    .. math::

        h = C_1 \, \sigma(\mathrm{GN}(x)) + W \sigma(t), \quad y = R x + C_2 \, D \, \sigma(\mathrm{GN}(h))

    with Swish :math:`\sigma`, dropout :math:`D`, and the vector :math:`t` of noise level, place and date. The block of
    Ho et al. 2020, appendix B, https://doi.org/10.48550/arXiv.2006.11239, with 8 groups. `channels` come in, `width` go
    out, and `dropout` is the share of the hidden values that are left out in training.
    """

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.into = nn.Sequential(nn.GroupNorm(GROUPS, channels), nn.SiLU(), nn.Conv2d(channels, width, 3, padding=1))
        self.embed = nn.Sequential(nn.SiLU(), nn.Linear(EMBED_DIM, width))
        self.out = nn.Sequential(
            nn.GroupNorm(GROUPS, width), nn.SiLU(), nn.Dropout(dropout), nn.Conv2d(width, width, 3, padding=1)
        )
        self.residual = nn.Identity() if channels == width else nn.Conv2d(channels, width, 1)

    def forward(
        self, maps: Float[Tensor, "batch channel lat lon"], embedding: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, "batch width lat lon"]:
        """Mix each pixel with its surroundings."""
        hidden = self.into(maps) + rearrange(self.embed(embedding), "n c -> n c 1 1")
        return self.residual(maps) + self.out(hidden)


class PixelAttention(nn.Module):
    r"""Attention of one head among all pixels, as a residual.

    .. math:: y = x + W \, \mathrm{softmax}(Q K^T / \sqrt{c}) \, V

    for :math:`c` channels. The weights of all pairs of pixels are never held at once (Dao et al. 2022,
    https://doi.org/10.48550/arXiv.2205.14135): memory grows with the number of pixels, time with its square.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, maps: Float[Tensor, "batch channel lat lon"]) -> Float[Tensor, "batch channel lat lon"]:
        """Add to every pixel a weighted mean over all pixels."""
        qkv = rearrange(self.to_qkv(self.norm(maps)), "n (three c) y x -> three n 1 (y x) c", three=3)
        # The kernels that save memory want the channels of a pixel side by side.
        query, key, value = qkv.contiguous()
        mixed = F.scaled_dot_product_attention(query, key, value)
        return maps + self.out(rearrange(mixed, "n 1 (y x) c -> n c y x", y=maps.shape[-2]))


class Block(nn.Module):
    """A residual block, and attention where the level has it; both the down and the up block of the U-Net."""

    def __init__(self, channels: int, width: int, dropout: float, *, attention: bool) -> None:
        super().__init__()
        self.residual = ResidualBlock(channels, width, dropout)
        self.attention = PixelAttention(width) if attention else nn.Identity()

    def forward(
        self, maps: Float[Tensor, "batch channel lat lon"], embedding: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, "batch width lat lon"]:
        """Mix each pixel with its surroundings, then with all others."""
        return self.attention(self.residual(maps, embedding))


class ResidualUNet(DenoisingUNet):
    """Denoise maps of any size, conditioned on maps, place, date and hour. The untrained network gives zeros.

    The same class is the regression network: its state `x` and its `noise_level` are always zero, in training and use,
    so that the output depends on the condition alone: under a squared error it is the conditional mean.

    Parameters
    ----------
    settings
        Sizes and options.
    state_channels
        Number of variables that are denoised: `image_channels` of the settings, if those give it.
    condition_channels
        Number of maps of the condition: `conditioned_on_input` of the settings, if those give it.

    Raises
    ------
    SettingsError
        If the settings give other numbers of channels than the data have.
    """

    def __init__(self, settings: ResidualUNetSettings, state_channels: int, condition_channels: int) -> None:
        for name, found in (("image_channels", state_channels), ("conditioned_on_input", condition_channels)):
            given = getattr(settings, name)
            if given not in (None, found):
                raise SettingsError(f"{name} is {given}, but the data have {found}; correct it, or leave it out.")
        super().__init__(settings, state_channels, condition_channels, settings.n_channels, hour=settings.hour)
        width = settings.n_channels
        skips = [width]
        levels = list(zip(settings.channel_multipliers, settings.is_attention, strict=True))
        self.down = nn.ModuleList()
        for level, (multiplier, attention) in enumerate(levels):
            blocks = nn.ModuleList()
            for number in range(settings.n_blocks):
                wider = width * multiplier if number == 0 else width
                blocks.append(Block(width, wider, settings.dropout, attention=attention))
                width = wider
                skips.append(width)
            if level < len(levels) - 1:
                blocks.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
                skips.append(width)
            self.down.append(blocks)
        self.before = Block(width, width, settings.dropout, attention=True)
        self.after = Block(width, width, settings.dropout, attention=False)
        self.up = nn.ModuleList()
        for level, (multiplier, attention) in reversed(list(enumerate(levels))):
            blocks = nn.ModuleList()
            for number in range(settings.n_blocks + 1):
                narrower = width // multiplier if number == settings.n_blocks else width
                blocks.append(Block(width + skips.pop(), narrower, settings.dropout, attention=attention))
                width = narrower
            if level > 0:
                blocks.append(nn.ConvTranspose2d(width, width, 4, stride=2, padding=1))
            self.up.append(blocks)
        self.head = nn.Sequential(
            nn.GroupNorm(GROUPS, width), nn.SiLU(), zeroed(nn.Conv2d(width, state_channels, 3, padding=1))
        )
        self.arrange()

    def run_levels(self, maps: Tensor, level: Tensor, context: Tensor | None) -> Tensor:
        """Apply the blocks down to the coarsest level and up again; each up block joins maps of the way down."""
        embedding = level if context is None else level + context
        skips = [maps]
        for blocks in self.down:
            for part in blocks.children():
                maps = self._run(part, maps, embedding)
                skips.append(maps)
        maps = self._run(self.after, self._run(self.before, maps, embedding), embedding)
        for blocks in self.up:
            for part in blocks.children():
                if isinstance(part, Block):
                    maps = torch.cat([maps, skips.pop()], dim=1)
                maps = self._run(part, maps, embedding)
        return maps

    def _run(self, part: nn.Module, maps: Tensor, embedding: Tensor) -> Tensor:
        """Apply a layer; blocks take the embedding, changes of resolution do not."""
        output: Tensor = self.run(part, maps, embedding) if isinstance(part, Block) else self.run(part, maps)
        return output
