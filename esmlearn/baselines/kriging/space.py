"""Correlations between cells of a window, as they depend on two rows and on the columns between them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from esmlearn.baselines.kriging.covariance import RADIUS_KM, SpaceTimeCovariance
from esmlearn.errors import DataError

UNEVEN = 0.01
"""Most by which a longitude may be off its place among evenly spaced ones, in steps."""


@dataclass(frozen=True)
class CellCorrelations:
    """Correlations between cells of a grid whose longitudes are evenly spaced.

    They are the same for all pairs of columns at one distance: a multiplication by them is a convolution along the
    rows, which is a product for each wave number.

    Attributes
    ----------
    table
        For each component, two rows, and the number of columns between.
    """

    table: Float[Tensor, "component row row column"]

    @classmethod
    def of(
        cls, covariance: SpaceTimeCovariance, lat: Float[np.ndarray, " row"], step: float, columns: int
    ) -> "CellCorrelations":
        """Those of a covariance, between rows at these latitudes and columns at this distance, in degrees."""
        phi, apart = np.deg2rad(lat), np.deg2rad(step * np.arange(columns))
        along = 2 * np.sin((phi[:, None] - phi) / 2)
        across = 2 * np.sin(apart / 2)
        squares = along[..., None] ** 2 + (np.cos(phi)[:, None] * np.cos(phi))[..., None] * across**2
        return cls(covariance.in_space(RADIUS_KM * np.sqrt(squares)))

    def single(self) -> "CellCorrelations":
        """The same in single precision."""
        return CellCorrelations(self.table.float())

    @property
    def columns(self) -> int:
        """Number of columns."""
        return self.table.shape[-1]

    def between(self, some: tuple[Tensor, Tensor], others: tuple[Tensor, Tensor]) -> list[Float[Tensor, "*batch"]]:
        """Correlations of each component between cells given by row and column."""
        rows = self.table.shape[1]
        index = (some[0] * rows + others[0]) * self.columns + (some[1] - others[1]).abs()
        return [part.take(index) for part in self.table]

    @cached_property
    def _by_wave(self) -> Float[Tensor, "component wave row row"]:
        """Factors for each wave number on a circle of twice the length, on which the ends do not meet."""
        circle = torch.cat([self.table, self.table[..., -1:], self.table[..., 1:].flip(-1)], dim=-1)
        return rearrange(
            torch.fft.rfft(circle).real, "component row other wave -> component wave row other"
        ).contiguous()

    def multiply(self, parts: Float[Tensor, "component layer row column"]) -> Float[Tensor, "layer row column"]:
        """Multiply the fields of each component by its correlations, and add them up."""
        length, waves = 2 * self.columns, self.columns + 1
        layers = parts.shape[1]
        spectrum = torch.view_as_real(torch.fft.rfft(parts, n=length))
        spectrum = rearrange(spectrum, "component layer row wave part -> component wave row (layer part)")
        total = (self._by_wave @ spectrum).sum(dim=0)
        total = rearrange(total, "wave row (layer part) -> layer row wave part", layer=layers, wave=waves)
        return torch.fft.irfft(torch.view_as_complex(total.contiguous()), n=length)[..., : self.columns]


def even_step(lon: Float[np.ndarray, " column"]) -> float:
    """Distance of neighbouring longitudes in degrees.

    Raises
    ------
    DataError
        If it varies.
    """
    unrolled = np.unwrap(lon, period=360)
    even = np.linspace(unrolled[0], unrolled[-1], len(unrolled))
    step = float(np.ptp(unrolled)) / max(len(lon) - 1, 1)
    if np.abs(unrolled - even).max() > UNEVEN * step:
        raise DataError(
            "Kriging needs evenly spaced longitudes, and the spacing of these varies; regrid them in the preprocessor."
        )
    return step
