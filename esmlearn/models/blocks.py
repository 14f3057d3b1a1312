"""Attention over grids of tokens of which only some exist."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


@dataclass(frozen=True)
class TokenGrid:
    """Which tokens of a grid of times and places exist.

    Networks hold tokens packed, without those that do not exist, so that linear layers do no work for land or cloud.
    """

    exists: Bool[Tensor, "batch time place"]

    @cached_property
    def index(self) -> Int[Tensor, " token"]:
        """Flat position of each token in the grid."""
        return self.exists.flatten().nonzero().squeeze(-1)

    def pack(self, grid: Float[Tensor, "batch time place dim"]) -> Float[Tensor, "token dim"]:
        """Keep the tokens that exist."""
        return rearrange(grid, "b t p c -> (b t p) c").index_select(0, self.index)

    def unpack(self, tokens: Float[Tensor, "token dim"]) -> Float[Tensor, "batch time place dim"]:
        """Put packed tokens back in their places, zeros elsewhere."""
        batch, time, place = self.exists.shape
        grid = tokens.new_zeros(batch * time * place, tokens.shape[-1]).index_copy(0, self.index, tokens)
        return rearrange(grid, "(b t p) c -> b t p c", b=batch, t=time)


class AxialAttention(nn.Module):
    """Self-attention among the tokens of one place over time, or of one time over places, by `axis`."""

    def __init__(self, dim: int, num_heads: int, axis: Literal["time", "place"]) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.axis = axis
        self.norm = nn.LayerNorm(dim)
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "token dim"], grid: TokenGrid) -> Float[Tensor, "token dim"]:
        """Attend to the tokens that exist on the same line of the grid."""
        lines, together, keys = {
            "time": ("b t p (three h c) -> three (b p) h t c", "(b p) h t c -> b t p (h c)", "b t p -> (b p) 1 1 t"),
            "place": ("b t p (three h c) -> three (b t) h p c", "(b t) h p c -> b t p (h c)", "b t p -> (b t) 1 1 p"),
        }[self.axis]
        query, key, value = rearrange(grid.unpack(self.to_qkv(self.norm(tokens))), lines, three=3, h=self.num_heads)
        present = rearrange(grid.exists, keys)
        # A line without any token attends to its zeros, as an empty softmax would be NaN.
        present = present | ~present.any(dim=-1, keepdim=True)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=present)
        return self.out(grid.pack(rearrange(mixed, together, b=grid.exists.shape[0])))


class SpaceTimeBlock(nn.Module):
    """Attention over time at each place, over places at each time, then a feed-forward layer; all pre-norm residuals.

    Divided space-time attention as in Bertasius et al. 2021, https://doi.org/10.48550/arXiv.2102.05095.
    """

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float = 4.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.over_time = AxialAttention(dim, num_heads, "time")
        self.over_places = AxialAttention(dim, num_heads, "place")
        self.feed_forward = FeedForward(dim, mlp_ratio, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Float[Tensor, "token dim"], grid: TokenGrid) -> Float[Tensor, "token dim"]:
        """Mix packed tokens of a grid."""
        tokens = tokens + self.dropout(self.over_time(tokens, grid))
        tokens = tokens + self.dropout(self.over_places(tokens, grid))
        return tokens + self.feed_forward(tokens)


class FeedForward(nn.Sequential):
    """LayerNorm, widen, GELU, narrow."""

    def __init__(self, dim: int, mlp_ratio: float = 4.0, dropout: float = 0.0) -> None:
        hidden = int(dim * mlp_ratio)
        super().__init__(
            nn.LayerNorm(dim), nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dim)
        )


def zeroed[Layer: nn.Module](layer: Layer) -> Layer:
    """Set the weights of a layer to zero."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of each pixel by itself: the result does not depend on the size of the window."""

    def forward(self, maps: Float[Tensor, "map channel lat lon"]) -> Float[Tensor, "map channel lat lon"]:
        """Normalise each pixel by itself."""
        return rearrange(super().forward(rearrange(maps, "n c y x -> n y x c")), "n y x c -> n c y x")
