"""Encodings of place, time and calendar."""

import math
from collections.abc import Callable

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn


def sinusoids(position: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape dim"]:
    """Sines in the even and cosines in the odd channels, wavelengths from 2 pi to 10000 * 2 pi.

    Vaswani et al. 2017, section 3.5, https://doi.org/10.48550/arXiv.1706.03762.
    """
    rates = torch.exp(torch.arange(0, dim, 2, device=position.device) * (-math.log(10_000.0) / dim))
    angles = position[..., None] * rates
    return rearrange([angles.sin(), angles.cos()], "wave ... rate -> ... (rate wave)")[..., :dim]


def season(year_fraction: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 4"]:
    """Sine and cosine of the angle of the elapsed fraction of the year, and of twice this angle."""
    angle = 2 * math.pi * year_fraction[..., None]
    return torch.cat([angle.sin(), angle.cos(), (2 * angle).sin(), (2 * angle).cos()], dim=-1)


def unit_sphere(lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 3"]:
    """Point on the unit sphere of a place in degrees: no jump at the date line or at a pole."""
    lat, lon = torch.deg2rad(lat), torch.deg2rad(lon)
    return torch.stack([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()], dim=-1)


def sincos(lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 4"]:
    """Sines and cosines of a place in degrees: no jump at the date line, but many points for one pole."""
    lat, lon = torch.deg2rad(lat), torch.deg2rad(lon)
    return torch.stack([lat.sin(), lat.cos(), lon.sin(), lon.cos()], dim=-1)


def middle_of_patches(
    position: Float[Tensor, "batch 2 lat lon"], rows: int, columns: int
) -> Float[Tensor, "2 batch row column"]:
    """Mean latitude and longitude of patches, in degrees.

    The mean of longitudes is circular: a patch across the end of a ring, from 350 to 10, lies at 0, not at 180.
    """
    size = {"h": rows, "w": columns}
    lat, lon = position.unbind(dim=1)
    east = torch.deg2rad(lon)
    parts = torch.stack([lat, east.sin(), east.cos()])
    lat, sin, cos = reduce(parts, "part b (y h) (x w) -> part b y x", "mean", **size)
    return torch.stack([lat, torch.rad2deg(torch.atan2(sin, cos))])


def raw(lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 2"]:
    """Degrees scaled to -1 to 1: with a jump at the date line, whichever convention the longitudes have."""
    return torch.stack([lat / 90, torch.remainder(lon + 180, 360) / 180 - 1], dim=-1)


class TemporalPositionalEncoding(nn.Module):
    """Fixed vector of length `embed_dim` for each of up to 31 positions in a sequence, such as the days of a month."""

    pe: Tensor

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.register_buffer("pe", sinusoids(torch.arange(31).float(), embed_dim), persistent=False)

    def forward(self, length: int) -> Float[Tensor, "length dim"]:
        """Encodings of the first `length` positions."""
        return self.pe[:length]


class SpatialPositionalEncoding2D(nn.Module):
    """Fixed vector for each patch of a window: half of the channels for its row, half for its column."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        if embed_dim % 4:
            raise ValueError(f"embed_dim must be a multiple of 4 for a row and a column encoding, not {embed_dim}")
        self.half_dim = embed_dim // 2

    def forward(self, rows: int, columns: int, device: torch.device | None = None) -> Float[Tensor, "place dim"]:
        """Encodings of a grid of patches, row by row."""
        row = sinusoids(torch.arange(rows, device=device).float(), self.half_dim)
        column = sinusoids(torch.arange(columns, device=device).float(), self.half_dim)
        grid = [row[:, None].expand(rows, columns, -1), column[None].expand(rows, columns, -1)]
        return rearrange(torch.cat(grid, dim=-1), "row column dim -> (row column) dim")


class LearnedEncoding(nn.Module):
    """Learned projection of the features that a function of some coordinates gives, such as `season`."""

    def __init__(self, features: Callable[..., Tensor], n_features: int, embed_dim: int) -> None:
        super().__init__()
        self.features = features
        self.project = nn.Linear(n_features, embed_dim)

    def forward(self, *coordinates: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape dim"]:
        """Encode coordinates, those that the function takes."""
        return self.project(self.features(*coordinates))


COORDINATES = {"unit_sphere": (unit_sphere, 3), "sincos": (sincos, 4), "raw": (raw, 2)}
"""Encodings of a place by name, and the number of their features."""
