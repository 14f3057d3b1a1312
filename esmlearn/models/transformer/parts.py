"""The parts of the spatio-temporal transformer, named as in the published descriptions of ClimaNet.

Axes: `day` of the month, `time` of the tokens (all months and days in one series), `place` of a patch (row by row).
"""

from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.models.blocks import ChannelNorm, FeedForward, TokenGrid, zeroed
from esmlearn.models.transformer.unet import UNet
from esmlearn.settings import ModelSettings

LOG_STD_RANGE = (-6.0, 3.0)
"""Logarithms of standard deviations are clipped to this range; errors of a field are well within it."""


class Estimate(NamedTuple):
    """A best value and the logarithm of its standard deviation, both in scaled units."""

    mean: Float[Tensor, "*shape"]
    log_std: Float[Tensor, "*shape"]


class VideoEncoder(nn.Module):
    """Turn each patch with at least one observed pixel into one token.

    A 3D convolution whose stride is its kernel takes values and validity as channels. Patches without any observation
    are left out before it, so that they cost no time.
    """

    def __init__(self, channels: int, embed_dim: int, patch_size: tuple[int, int, int], dropout: float) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.project = nn.Conv3d(channels, embed_dim, kernel_size=patch_size, stride=patch_size)
        self.norm = nn.LayerNorm(embed_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, video: Float[Tensor, "batch channel day lat lon"], grid: TokenGrid) -> Float[Tensor, "token dim"]:
        """Embed the patches that exist in the grid."""
        days, rows, columns = self.patch_size
        patches = rearrange(video, "b c (t d) (y h) (x w) -> b t (y x) (c d h w)", d=days, h=rows, w=columns)
        patches = rearrange(grid.pack(patches), "n (c d h w) -> n c d h w", d=days, h=rows, w=columns)
        return self.dropout(self.norm(rearrange(self.project(patches), "n c 1 1 1 -> n c")))


class TemporalAttentionAggregator(nn.Module):
    """Pool the days of each month into one token for every place.

    Days are weighted by their content and their date; a day without an observation in a patch has no weight there. A
    place without any gets a learned token, which the spatial transformer then fills from its neighbours and the season.
    With `month_mixing`, the months of a place attend to each other, and their result changes the weights of the days.
    """

    def __init__(self, dim: int, num_heads: int, *, month_mixing: bool) -> None:
        super().__init__()
        self.score = _scorer(dim)
        self.unseen = nn.Parameter(torch.zeros(dim))
        self.month_mixing = month_mixing
        if month_mixing:
            self.month_norm = nn.LayerNorm(dim)
            self.month_attention = nn.MultiheadAttention(dim, num_heads, batch_first=True)
            self.month_feed_forward = FeedForward(dim)
            self.rescore = _scorer(dim)

    def forward(
        self, tokens: Float[Tensor, "batch month time place dim"], observed: Bool[Tensor, "batch month time place"]
    ) -> Float[Tensor, "batch month place dim"]:
        """Pool over the days that have observations."""
        pooled = self.pool(tokens, self.score(tokens), observed)
        if not self.month_mixing:
            return pooled
        batch = tokens.shape[0]
        months = rearrange(pooled, "b m p c -> (b p) m c")
        query = self.month_norm(months)
        months = months + self.month_attention(query, query, query, need_weights=False)[0]
        months = rearrange(months + self.month_feed_forward(months), "(b p) m c -> b m p c", b=batch)
        return months + self.pool(tokens, self.rescore(tokens + months[:, :, None]), observed)

    def pool(
        self,
        tokens: Float[Tensor, "batch month time place dim"],
        score: Float[Tensor, "batch month time place 1"],
        observed: Bool[Tensor, "batch month time place"],
    ) -> Float[Tensor, "batch month place dim"]:
        """Average the tokens that have observations with softmax weights."""
        any_observed = observed.any(dim=2)
        score = score.squeeze(-1).masked_fill(~observed & any_observed[:, :, None], -torch.inf)
        pooled = torch.einsum("bmtp,bmtpc->bmpc", score.softmax(dim=2), tokens)
        return torch.where(any_observed[..., None], pooled, self.unseen.to(pooled.dtype))


def _scorer(dim: int) -> nn.Sequential:
    """One number for each token: the logarithm of the weight of its day."""
    return nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 1))


class SpatialTransformer(nn.Module):
    """Mix the places of each month by self-attention; patches without any ocean are left out."""

    def __init__(self, dim: int, num_heads: int, depth: int, mlp_ratio: float, dropout: float) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            dim, num_heads, int(dim * mlp_ratio), dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)

    def forward(
        self, tokens: Float[Tensor, "map place dim"], ocean: Bool[Tensor, "map place"]
    ) -> Float[Tensor, "map place dim"]:
        """Mix all places of a map that have ocean."""
        absent = ~ocean & ocean.any(dim=1, keepdim=True)
        return self.encoder(tokens, src_key_padding_mask=absent)


class MonthlyConvDecoder(nn.Module):
    """Turn tokens into maps: 1x1 convolution, overlapping transposed convolution, refinement, head, scale and bias.

    The transposed convolution has kernel patch + 2 overlap, stride patch and padding overlap, so that the size is exact
    and neighbouring patches share pixels. `context` maps at full resolution join before the refinement, so that coasts
    and fronts stay sharp; `unet` are the widths of a U-Net that replaces the refinement, if any. Each token decodes to
    `days` maps: 1 for a month, those of the patch for days. A second U-Net estimates from all these maps how large the
    error is. Both heads start at zero: the untrained model gives the first guess.
    """

    def __init__(self, settings: ModelSettings, context: int, days: int = 1, unet: tuple[int, ...] = ()) -> None:
        super().__init__()
        hidden, overlap = settings.hidden, settings.overlap
        _, rows, columns = settings.patch_size
        kernel = (rows + 2 * overlap, columns + 2 * overlap)
        self.days = days
        self.mix = nn.Conv2d(settings.embed_dim, hidden * days, 1)
        self.upsample = nn.ConvTranspose2d(hidden, hidden, kernel, stride=(rows, columns), padding=overlap)
        widths = [hidden + context, *[hidden] * settings.refinements]
        refinements = (
            nn.Sequential(nn.Conv2d(width, hidden, 3, padding=1), _norm(settings.norm, hidden), nn.GELU())
            for width in widths[:-1]
        )
        self.refine = UNet(widths[0], unet) if unet else nn.Sequential(*refinements)
        width = unet[0] if unet else widths[-1]
        self.head = zeroed(nn.Conv2d(width, 1, 1))
        self.spread = UNet(widths[0] + width, settings.spread_unet)
        self.spread_head = zeroed(nn.Conv2d(settings.spread_unet[0], 1, 1))
        self.scale, self.bias = settings.scale, settings.bias

    def forward(
        self, tokens: Float[Tensor, "map row column dim"], context: Float[Tensor, "days_map channel lat lon"]
    ) -> Estimate:
        """Decode corrections of the first guess, shape (map times days, lat, lon)."""
        maps = rearrange(self.mix(rearrange(tokens, "n y x c -> n c y x")), "n (d c) y x -> (n d) c y x", d=self.days)
        maps = torch.cat([self.upsample(maps), context], dim=1)
        features = self.refine(maps)
        correction = self.head(features)[:, 0] * self.scale + self.bias
        # A few large errors dominate the gradient of the deviation: keep it from the features that the mean uses.
        spread = self.spread(torch.cat([maps, features], dim=1).detach())
        return Estimate(correction, self.spread_head(spread)[:, 0])


def _norm(name: str, channels: int) -> nn.Module:
    """Make the normalisation of a name in the settings."""
    if name == "group":
        return nn.GroupNorm(8, channels)
    return nn.BatchNorm2d(channels) if name == "batch" else ChannelNorm(channels)
