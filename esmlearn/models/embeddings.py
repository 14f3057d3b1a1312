"""Where and when: encodings of time, calendar and place."""

import math

import torch
from einops import rearrange
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
    """Sine and cosine of the part of the year that has gone, and of twice its angle; leap years need no care."""
    angle = 2 * math.pi * year_fraction[..., None]
    return torch.cat([angle.sin(), angle.cos(), (2 * angle).sin(), (2 * angle).cos()], dim=-1)


def unit_sphere(lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 3"]:
    """Point on the unit sphere of a place in degrees: neither the date line nor a pole is an edge."""
    lat, lon = torch.deg2rad(lat), torch.deg2rad(lon)
    return torch.stack([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()], dim=-1)


def sincos(lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 4"]:
    """Sines and cosines of a place in degrees: the date line is no edge, but a pole has many longitudes."""
    lat, lon = torch.deg2rad(lat), torch.deg2rad(lon)
    return torch.stack([lat.sin(), lat.cos(), lon.sin(), lon.cos()], dim=-1)


def raw(lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 2"]:
    """Degrees scaled to -1 to 1, with a jump at the date line, wherever the longitudes of the data begin."""
    return torch.stack([lat / 90, torch.remainder(lon + 180, 360) / 180 - 1], dim=-1)


class TemporalPositionalEncoding(nn.Module):
    """Fixed vector for each position in a sequence, such as the day of the month or the month of the window.

    Parameters
    ----------
    embed_dim
        Length of each vector.
    max_len
        Longest sequence.
    """

    pe: Tensor

    def __init__(self, embed_dim: int, max_len: int = 31) -> None:
        super().__init__()
        self.register_buffer("pe", sinusoids(torch.arange(max_len).float(), embed_dim), persistent=False)

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
        grid = torch.cat(
            [row[:, None].expand(rows, columns, -1), column[None].expand(rows, columns, -1)],
            dim=-1,
        )
        return rearrange(grid, "row column dim -> (row column) dim")


class CalendarEncoding(nn.Module):
    """Learned projection of the season: sine and cosine of the part of the year that has gone, and of half of it."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(4, embed_dim)

    def forward(self, year_fraction: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape dim"]:
        """Encode dates given as fractions of their year, from 0 to 1."""
        return self.project(season(year_fraction))


class LocationEncoding(nn.Module):
    """Learned projection of the position on the unit sphere, so that the date line and the poles are no edges."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(3, embed_dim)

    def forward(self, lat: Float[Tensor, "*shape"], lon: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape dim"]:
        """Encode places given in degrees."""
        return self.project(unit_sphere(lat, lon))


COORDINATES = {"unit_sphere": (unit_sphere, 3), "sincos": (sincos, 4), "raw": (raw, 2)}
"""Encodings of a place by name, and the number of their features."""
