"""Kriging: the best linear estimate of anomalies from all observations, with its error and with members."""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from esmlearn.baselines.base import Baseline, complete, without_land
from esmlearn.baselines.kriging.analysis import Mask, analyse
from esmlearn.baselines.kriging.covariance import SpaceTimeCovariance
from esmlearn.baselines.kriging.learn import learn_covariance
from esmlearn.baselines.kriging.members import sample_prior
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.settings import BaselineSettings


@dataclass(frozen=True)
class Kriging(Baseline):
    """Best linear estimate of the anomalies from all observations in space and time.

    The same as optimal interpolation (Bretherton et al. 1976, https://doi.org/10.1016/0011-7471(76)90001-2), but that
    the equations of all observations are solved, and not those of the nearest ones at each place. Where the climatology
    is uncertain, the standard deviation grows as `Climatology.growth` says.

    Attributes
    ----------
    covariance
        Learned from the training period, or set.
    """

    smooths: ClassVar[bool] = True

    covariance: SpaceTimeCovariance

    @classmethod
    def fit(cls, training: Field, climatology: Climatology, settings: BaselineSettings) -> "Kriging":
        """Learn what is not set."""
        anomalies = training.values[:, 0] - climatology.of(training)
        covariance = learn_covariance(training, anomalies, settings.kriging)
        return cls(climatology, training.land, training.units, covariance)

    @property
    def parameters(self) -> dict[str, Any]:
        """The covariance."""
        return asdict(self.covariance)

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Estimate the values in the gaps."""
        known = field.observed[:, 0]
        return complete(field, *self.estimate(field, known, ~known & ~field.land))

    def smooth_field(self, field: Field) -> Reconstruction:
        """Estimate all values, also those observed: an observation counts as far as its noise and error allow."""
        ocean = np.broadcast_to(~field.land, field.observed[:, 0].shape)
        daily, std = self.estimate(field, field.observed[:, 0], ocean)
        return replace(without_land(field, daily), daily_std=np.where(field.land, np.nan, std).astype(np.float32))

    def estimate(
        self, field: Field, known: Mask, wanted: Mask
    ) -> tuple[Float[np.ndarray, "time lat lon"], Float[np.ndarray, "time lat lon"]]:
        """Estimate the values that are wanted from the observations that are known, with the deviation of their errors.

        Where nothing is wanted, values are those of the climatology.
        """
        cycle = self.mean_cycle(field)
        found = analyse(field, (field.values[:, 0] - cycle)[None], known, wanted, self.covariance)
        growth = self._growth(field)
        return cycle + found.anomalies[0], found.std if growth is None else found.std * growth

    def sample(self, field: Field, members: int, *, seed: int = 0) -> Float[np.ndarray, "member time lat lon"]:
        """Draw members of the analysis, that hang together in space and time; observations keep their values.

        A sample of the anomalies and of the errors of observations is taken where nothing was observed. What the
        analysis of its difference from the observations adds makes it a sample of what may be there, given these
        (Wilson et al. 2020, https://proceedings.mlr.press/v119/wilson20a.html, eq. 9).

        Parameters
        ----------
        field
            Observations.
        members
            Number of members.
        seed
            Of their random numbers.

        Returns
        -------
        numpy.ndarray
            In the units of the field, NaN on land.
        """
        rng = np.random.default_rng(seed)
        known = field.observed[:, 0]
        prior = sample_prior(field, self.covariance, members, rng)
        error = np.hypot(field.deviation[:, 0], self.covariance.noise) * rng.standard_normal(prior.shape)
        cycle = self.mean_cycle(field)
        innovation = field.values[:, 0] - cycle - prior - error
        wanted = ~known & ~field.land
        added = analyse(field, innovation.astype(np.float32), known, wanted, self.covariance, with_std=False)
        drawn = np.where(known, field.values[:, 0], cycle + prior + added.anomalies)
        return np.where(field.land, np.nan, drawn).astype(np.float32)

    def _growth(self, field: Field) -> Float[np.ndarray, "time lat lon"] | None:
        """Factor on the deviation where the climatology is uncertain."""
        return self.climatology.growth(field, np.full(len(field.days), self.covariance.sigma))
