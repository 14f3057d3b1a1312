"""Optimal interpolation in space and time, with an estimate of its error."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from esmlearn.baselines.base import Baseline, complete
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
    everywhere. Far from all observations the estimate is the climatology. Where the climatology is uncertain, the
    standard deviation grows as `Climatology.growth` says.

    Attributes
    ----------
    covariance
        Estimated from the training period, or set.
    neighbours
        Number of observations that each value is estimated from.
    """

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
        cycle, observed = self.mean_cycle(field), field.observed[:, 0]
        anomalies = field.values[:, 0] - cycle
        filled, std = np.zeros_like(cycle), np.full_like(cycle, self.covariance.sigma)
        length, reach = max(1, at_once // field.land.size), math.ceil(REACH * self.covariance.time_days)
        for start in range(0, len(cycle), length):
            near = slice(max(0, start - reach), start + length + reach)
            wanted = ~observed[near] & ~field.land
            wanted[: start - near.start] = wanted[start - near.start + length :] = False
            if wanted.any() and observed[near].any():
                part = field[near]
                known = points_of(part, anomalies[near], observed[near])
                places = points_of(part, anomalies[near], wanted).places
                filled[near][wanted], std[near][wanted] = analyse(known, places, self.covariance, self.neighbours)
        growth = self.climatology.growth(field, np.full(len(cycle), self.covariance.sigma))
        return complete(field, cycle + filled, std if growth is None else std * growth)
