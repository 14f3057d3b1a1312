"""The eps-U-Net of super-resolution: residual blocks with attention at the coarse levels."""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from esmlearn.errors import SettingsError
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
from esmlearn.settings import ResidualUNetSettings

GROUPS = 8
"""Groups of channels that are normalised together."""


class ResidualBlock(nn.Module):
    r"""Two 3x3 convolutions beside a residual; the embedding of the condition comes in between them.

    .. math::

        h = C_1 \, \sigma(\mathrm{GN}(x)) + W \sigma(t), \quad y = R x + C_2 \, D \, \sigma(\mathrm{GN}(h))

    with Swish :math:`\sigma`, dropout :math:`D`, and the vector :math:`t` of noise level, place and date. The block of
    Ho et al. 2020, appendix B, https://doi.org/10.48550/arXiv.2006.11239, with 8 groups.

    Parameters
    ----------
    channels, width
        Channels that come in and go out.
    dropout
        Share of the hidden values that are left out in training.
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
        """Let every pixel see all pixels."""
        qkv = rearrange(self.to_qkv(self.norm(maps)), "n (three c) y x -> three n 1 (y x) c", three=3)
        # The kernels that save memory want the channels of a pixel side by side.
        query, key, value = qkv.contiguous()
        seen = F.scaled_dot_product_attention(query, key, value)
        return maps + self.out(rearrange(seen, "n 1 (y x) c -> n c y x", y=maps.shape[-2]))


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


class ResidualUNet(nn.Module):
    """Map noisy maps of any size to maps of that size, conditioned on maps of what is known, place, date and hour.

    The head starts at zero: the untrained network gives zeros. Whether the output is noise, signal or a mixture is
    the choice of the parameterization.

    The same class is the regression network: its state `x` and its `noise_level` are zero always, in training and use,
    so that the output depends on the condition alone: under a squared error it is the conditional mean.

    Parameters
    ----------
    settings
        Sizes and options.
    state_channels
        Variables that are denoised: `image_channels` of the settings, if those give it.
    condition_channels
        Maps that are given beside them: `conditioned_on_input` of the settings, if those give it.

    Raises
    ------
    SettingsError
        If the settings give other numbers of channels than the data have.
    """

    def __init__(self, settings: ResidualUNetSettings, state_channels: int, condition_channels: int) -> None:
        super().__init__()
        _check_channels("image_channels", settings.image_channels, state_channels)
        _check_channels("conditioned_on_input", settings.conditioned_on_input, condition_channels)
        self.settings = settings
        n_features = count_features(settings.coordinates, date=settings.date, hour=settings.hour)
        self.embed_level = embedder(EMBED_DIM)
        self.embed_context = embedder(n_features) if n_features else None
        self.stem = nn.Conv2d(state_channels + condition_channels, settings.n_channels, 3, padding=1)

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
            The noisy state, scaled to a variance near one; zeros for a regression.
        noise_level
            A quarter of the logarithm of noise over signal (Karras et al. 2022, table 1,
            https://doi.org/10.48550/arXiv.2206.00364); zeros for a regression.
        condition
            Maps on the same cells, and place, date and hour where the settings ask for them.
        """
        rows, columns = x.shape[-2:]
        maps = pad_to_multiple(torch.cat([x, condition.maps.to(x.dtype)], dim=1), 2 ** (len(self.down) - 1))
        if self.settings.channels_last:
            maps = maps.contiguous(memory_format=torch.channels_last)
        embedding = self._embed(noise_level, condition)

        maps = self.stem(maps)
        skips = [maps]
        for level in self.down:
            for part in level.children():
                maps = self._run(part, maps, embedding)
                skips.append(maps)
        maps = self._run(self.after, self._run(self.before, maps, embedding), embedding)
        for level in self.up:
            for part in level.children():
                if isinstance(part, Block):
                    maps = torch.cat([maps, skips.pop()], dim=1)
                maps = self._run(part, maps, embedding)
        return self.head(maps)[..., :rows, :columns].to(x.dtype)

    @property
    def head_bias(self) -> Tensor:
        """What is added to the output of each channel."""
        return self.head[-1].get_parameter("bias")

    def _embed(self, noise_level: Float[Tensor, " batch"], condition: Condition) -> Float[Tensor, "batch dim"]:
        """One vector of noise level, place, date and hour."""
        level = self.embed_level(sinusoids(LEVEL_STRETCH * noise_level, EMBED_DIM))
        if self.embed_context is None:
            return level
        options = self.settings
        features = where_and_when(condition, options.coordinates, date=options.date, hour=options.hour)
        return level + self.embed_context(features)

    def _run(self, part: nn.Module, maps: Tensor, embedding: Tensor) -> Tensor:
        """Run a part; blocks take the embedding, changes of resolution do not."""
        inputs = (maps, embedding) if isinstance(part, Block) else (maps,)
        output: Tensor = run(part, *inputs, forget=self.settings.checkpoint_activations)
        return output


def _check_channels(name: str, given: int | None, found: int) -> None:
    """Refuse a number of channels that the data do not have."""
    if given is not None and given != found:
        raise SettingsError(f"{name} is {given}, but the data have {found}; correct it, or leave it out.")
