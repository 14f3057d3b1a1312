"""Optimal interpolation in space and time, with an estimate of its error."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.baselines.base import Baseline, complete, without_land
from esmlearn.baselines.covariance import Covariance, analyse
from esmlearn.baselines.estimation import estimate_covariance, points_of
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.settings import BaselineSettings

REACH = 3.0
"""Observations farther away than so many decorrelation times are not used."""


@dataclass(frozen=True)
class OptimalInterpolation(Baseline):
    """Best linear estimate of the anomalies from the nearest observations in space and time.

    Bretherton et al. (1976, https://doi.org/10.1016/0011-7471(76)90001-2), with a covariance that is the same
    everywhere. Far from all observations the estimate is the climatology. Where the errors of observations are known,
    those with small ones count more. Where the climatology is uncertain, the standard deviation grows as
    `Climatology.growth` says.

    Attributes
    ----------
    covariance
        Estimated from the training period, or set.
    neighbours
        Number of observations that each value is estimated from.
    """

    smooths: ClassVar[bool] = True

    covariance: Covariance
    neighbours: int

    @classmethod
    def fit(cls, training: Field, climatology: Climatology, settings: BaselineSettings) -> "OptimalInterpolation":
        """Estimate the parameters that are not set."""
        own = settings.optimal_interpolation
        anomalies = training.values[:, 0] - climatology.of(training)
        covariance = estimate_covariance(training, anomalies, own)
        return cls(climatology, training.land, training.units, covariance, own.neighbours)

    @property
    def parameters(self) -> dict[str, Any]:
        """The covariance and the number of neighbours."""
        return asdict(self.covariance) | {"neighbours": self.neighbours}

    def reconstruct_field(self, field: Field, *, at_once: int = 4_000_000) -> Reconstruction:
        """Estimate the values in the gaps; `at_once` cells times days at a time, to limit the memory."""
        known = field.observed[:, 0]
        return complete(field, *self.estimate(field, known, ~known & ~field.land, at_once=at_once))

    def smooth_field(self, field: Field) -> Reconstruction:
        """Estimate all values, also those observed: an observation counts as far as its noise and error allow."""
        daily, std = self.estimate(
            field, field.observed[:, 0], np.broadcast_to(~field.land, field.observed[:, 0].shape)
        )
        return replace(without_land(field, daily), daily_std=np.where(field.land, np.nan, std).astype(np.float32))

    def estimate(
        self,
        field: Field,
        known: Bool[np.ndarray, "time lat lon"],
        wanted: Bool[np.ndarray, "time lat lon"],
        *,
        at_once: int = 4_000_000,
    ) -> tuple[Float[np.ndarray, "time lat lon"], Float[np.ndarray, "time lat lon"]]:
        """Estimate the values that are wanted from the observations that are known, with the deviation of their errors.

        Where nothing is wanted, values are those of the climatology. `at_once` is as of `reconstruct_field`.
        """
        cycle = self.mean_cycle(field)
        anomalies = field.values[:, 0] - cycle
        filled, std = np.zeros_like(cycle), np.full_like(cycle, self.covariance.sigma)
        length = max(1, at_once // field.land.size)
        reach = math.ceil(REACH * self.covariance.time_days / field.step_days)
        for start in range(0, len(cycle), length):
            near = slice(max(0, start - reach), start + length + reach)
            now = wanted[near].copy()
            now[: start - near.start] = now[start - near.start + length :] = False
            if now.any() and known[near].any():
                part = field[near]
                given = points_of(part, anomalies[near], known[near])
                places = points_of(part, anomalies[near], now).places
                filled[near][now], std[near][now] = analyse(given, places, self.covariance, self.neighbours)
        growth = self.climatology.growth(field, np.full(len(cycle), self.covariance.sigma))
        return cycle + filled, std if growth is None else std * growth
