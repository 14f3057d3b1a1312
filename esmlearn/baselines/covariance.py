"""Covariance of anomalies in space and time, and the best linear estimate of unobserved anomalies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyinterp
from jaxtyping import Float

from esmlearn.settings import Kernel

CORRELATIONS: dict[Kernel, Callable[[np.ndarray], np.ndarray]] = {
    "matern_12": lambda r: np.exp(-r),
    "matern_32": lambda r: (1 + 3**0.5 * r) * np.exp(-(3**0.5) * r),
    "matern_52": lambda r: (1 + 5**0.5 * r + 5 / 3 * r**2) * np.exp(-(5**0.5) * r),
}
"""Correlation as a function of distance in decorrelation lengths, from rough to smooth fields."""


class Points(NamedTuple):
    """Coordinates of points (degrees east, degrees north, days), and the anomalies at these points.

    Errors are standard deviations in the units of the anomalies, beside the noise of the covariance; None: none known.
    """

    places: Float[np.ndarray, "point coordinate"]
    anomalies: Float[np.ndarray, " point"]
    errors: Float[np.ndarray, " point"] | None = None


class Analysis(NamedTuple):
    """Estimates of anomalies, and the standard deviation of their errors."""

    anomalies: Float[np.ndarray, " point"]
    std: Float[np.ndarray, " point"]


@dataclass(frozen=True)
class Covariance:
    """Covariance of anomalies, the same everywhere.

    At a distance s in space and t in time the correlation is a function of r, with r² = (s / length)² + (t / time)².

    Attributes
    ----------
    kernel
        Name of the function in `CORRELATIONS`.
    length_km, time_days
        Decorrelation length and time.
    noise_share
        Standard deviation of the noise of all observations over that of the anomalies: of their errors, and of what
        they have in them of scales that the covariance does not resolve. Known errors of observations come on top.
    sigma
        Standard deviation of the anomalies, in the units of the field.
    """

    kernel: Kernel
    length_km: float
    time_days: float
    noise_share: float
    sigma: float

    def correlation(
        self, km: Float[np.ndarray, "*pair"], days: Float[np.ndarray, "*pair"]
    ) -> Float[np.ndarray, "*pair"]:
        """Give the correlation of anomalies at some distance in space and time, without observation errors."""
        return CORRELATIONS[self.kernel](np.hypot(km / self.length_km, days / self.time_days))

    @property
    def noise(self) -> float:
        """Standard deviation of the noise that all observations have, in the units of the field."""
        return self.noise_share * self.sigma

    @property
    def km_in_day(self) -> float:
        """Distance in space that is equivalent to one day in the search of neighbours.

        With length over time, the neighbours would be the most correlated observations. The factor 1.5 favours those of
        the same day: they lie on all sides of a cloud, and those of the days before and after are often redundant.
        """
        return 1.5 * self.length_km / self.time_days


def analyse(
    observed: Points, places: Float[np.ndarray, "point coordinate"], covariance: Covariance, neighbours: int
) -> Analysis:
    """Estimate anomalies from the nearest observations (Bretherton et al. 1976, eqs. 4 and 5).

    With the covariance C between the observations, including observation errors, and c between them and a place, the
    estimate is c' C⁻¹ times the observations, and the variance of its error is sigma² - c' C⁻¹ c. The variance of an
    observation's error is that of the noise of all plus that of its own error, if known. Distances are those on the
    ellipsoid of the Earth.
    """
    # pyinterp gets covariances in units of the variance of the noise.
    variances = np.ones(len(observed.anomalies))
    if observed.errors is not None:
        variances += (observed.errors / covariance.noise) ** 2
    index = pyinterp.OptimalInterpolation(
        observed.places,
        observed.anomalies,
        variances,
        covariance=covariance.kernel,
        coordinate_system="geographic",
        time_scale=1000 * covariance.km_in_day,
    )
    share = covariance.noise_share
    found = index(places, l_spatial=1000 * covariance.length_km, lt=covariance.time_days, sigma=1 / share, k=neighbours)
    return Analysis(found.value, found.error * share * covariance.sigma)
