"""Covariance of anomalies as a sum of products of a covariance in space and one in time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.settings import Kernel

RADIUS_KM = 111.2 * 180 / np.pi

_MATERN: dict[Kernel, tuple[float, tuple[float, ...]]] = {
    "matern_12": (1.0, (1.0,)),
    "matern_32": (3**0.5, (1.0, 1.0)),
    "matern_52": (5**0.5, (1.0, 1.0, 1 / 3)),
}
"""Factor on the distance, and coefficients of the polynomial before the exponential (Rasmussen & Williams 2006,
https://doi.org/10.7551/mitpress/3206.001.0001, eqs. 4.16 and 4.17)."""


def matern(kernel: Kernel, distance: Float[Tensor, "*pair"]) -> Float[Tensor, "*pair"]:
    """Correlation at a distance in decorrelation lengths, as `esmlearn.baselines.covariance.CORRELATIONS`."""
    factor, coefficients = _MATERN[kernel]
    scaled = factor * distance
    polynomial = torch.full_like(scaled, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        polynomial = polynomial * scaled + coefficient
    return polynomial * torch.exp(-scaled)


def time_correlation(lag: Float[Tensor, "*pair"]) -> Float[Tensor, "*pair"]:
    """Correlation at a lag in decorrelation times: half of the variance is rough in time, half is smooth."""
    return (matern("matern_12", lag) + matern("matern_32", lag)) / 2


def positions(lat: np.ndarray, lon: np.ndarray) -> Float[np.ndarray, "*place 3"]:
    """Places on a sphere in km, whose distances are chords: neither the date line nor a pole is a border."""
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    return RADIUS_KM * np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


@dataclass(frozen=True)
class Component:
    """Part of the anomalies with scales of its own.

    Attributes
    ----------
    share
        Its standard deviation over that of the anomalies.
    length_km, time_days
        Decorrelation length and time.
    kernel
        Shape of the correlation in space. That in time is the mean of `matern_12` and `matern_32`.
    """

    share: float
    length_km: float
    time_days: float
    kernel: Kernel = "matern_52"


@dataclass(frozen=True)
class SpaceTimeCovariance:
    """Covariance of anomalies, the same everywhere.

    At a distance s in space and t in time it is sigma² times the sum over the components of share² times the
    correlation in space at s / length times that in time at t / time.

    Attributes
    ----------
    components
        Their shares have the sum of squares one.
    noise_share
        Standard deviation of the noise of all observations over sigma, as of `esmlearn.baselines.covariance`.
    sigma
        Standard deviation of the anomalies, in the units of the field.
    """

    components: tuple[Component, ...]
    noise_share: float
    sigma: float

    @property
    def noise(self) -> float:
        """Standard deviation of the noise that all observations have, in the units of the field."""
        return self.noise_share * self.sigma

    @cached_property
    def shortest(self) -> tuple[float, float]:
        """Shortest decorrelation length in km and time in days; in these units it is told what is near."""
        return min(part.length_km for part in self.components), min(part.time_days for part in self.components)

    @property
    def longest_days(self) -> float:
        """Longest decorrelation time."""
        return max(part.time_days for part in self.components)

    def in_time(self, days: Float[np.ndarray, " time"]) -> Float[Tensor, "component time time"]:
        """Covariances between times, over sigma²: those of space are correlations."""
        lags = torch.as_tensor(np.abs(days[:, None] - days))
        return torch.stack([part.share**2 * time_correlation(lags / part.time_days) for part in self.components])

    def in_space(self, km: Float[np.ndarray, "*pair"]) -> Float[Tensor, "component *pair"]:
        """Correlations at these distances."""
        distances = torch.as_tensor(km)
        return torch.stack([matern(part.kernel, distances / part.length_km) for part in self.components])
