"""Optimal interpolation of profiles in space and time, from which a network that completes levels departs."""

from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.baselines.covariance import Covariance
from esmlearn.baselines.estimation import estimate_covariance
from esmlearn.fields.field import Field
from esmlearn.grids.regridding import EARTH_RADIUS_KM
from esmlearn.grids.tiles import slices
from esmlearn.models.batches import Batchable
from esmlearn.models.embeddings import unit_sphere
from esmlearn.settings import OptimalInterpolationSettings

POINTS = 256
"""Profiles that a window is analysed from: those nearest in space and time."""

REACH = 3.0
"""Profiles farther away than so many decorrelation times are not used."""

LEAST_NOISE = 0.01
"""Least standard deviation of the noise of an observation, in scaled units: keeps the system well conditioned."""


@dataclass(frozen=True)
class NearProfiles(Batchable):
    """Profiles near a window, at its own time and at times around it, or a batch of them with `batch` in front.

    Attributes
    ----------
    values, observed
        Scaled anomalies of each level, zero where there is none, and where there is one. Nothing is observed at points
        that fill up a batch.
    position
        Latitude and longitude in degrees.
    days
        Days from the time of the window.
    error
        Standard deviation of the error of each value, beside the noise of the covariance; zero where none is known.
    """

    values: Float[Tensor, "*batch var point"]
    observed: Bool[Tensor, "*batch var point"]
    position: Float[Tensor, "*batch 2 point"]
    days: Float[Tensor, "*batch point"]
    error: Float[Tensor, "*batch var point"]

    @classmethod
    def of(
        cls,
        values: Float[np.ndarray, "point var"],
        observed: Bool[np.ndarray, "point var"],
        position: Float[np.ndarray, "point 2"],
        days: Float[np.ndarray, " point"],
        error: Float[np.ndarray, "point var"],
    ) -> "NearProfiles":
        """Take the first `POINTS` of some profiles, and fill up to this number."""
        pad = max(0, POINTS - len(days))
        known, errors = (np.where(observed, part, np.float32(0.0)) for part in (values, error))
        parts = (known, observed, position, days[:, None], errors)
        filled = [torch.from_numpy(np.pad(part[:POINTS], ((0, pad), (0, 0))).T.copy()) for part in parts]
        return cls(filled[0], filled[1], filled[2].float(), filled[3][0].float(), filled[4])


def analyse(
    near: NearProfiles, position: Float[Tensor, "map 2 lat lon"], covariance: Covariance
) -> tuple[Float[Tensor, "map var lat lon"], Float[Tensor, "map var lat lon"]]:
    """Estimate the scaled anomalies of each level from profiles near by in space and time.

    Bretherton et al. 1976, https://doi.org/10.1016/0011-7471(76)90001-2, eq. 4, with all profiles at once. Levels share
    a covariance, but each has its own observations.

    Returns
    -------
    tuple
        The analysis, and the weight that observations have in it, from 0 (the climatology alone) to 1: the analysis of
        observations that are all 1.
    """
    n_lat = position.shape[2]
    places = [unit_sphere(*part.unbind(1)) for part in (near.position, rearrange(position, "n two y x -> n two (y x)"))]
    time = near.days / covariance.time_days
    lag = time[:, :, None] - time[:, None]
    between = _correlation(places[0], places[0], lag, covariance).double()
    seen = near.observed.double()
    noise = max(covariance.noise_share, LEAST_NOISE) ** 2
    # A level that a profile lacks has no covariance with the others, and no weight.
    system = between[:, None] * seen[..., None] * seen[..., None, :]
    system = system + torch.diag_embed(noise + near.error.double() ** 2 + (1 - seen))
    given = torch.stack([near.values.double() * seen, seen], dim=-1)
    factors = torch.cholesky_solve(given, torch.linalg.cholesky(system)).float()
    across = _correlation(places[1], places[0], time[:, None], covariance)
    found = torch.einsum("n p k, n v k w -> w n v p", across, factors)
    analysis, weight = rearrange(found, "w n v (y x) -> w n v y x", y=n_lat)
    return analysis, weight


def fit_covariance(sparse: Field, anomalies: Float[np.ndarray, "time var lat lon"], *, seed: int) -> Covariance:
    """Estimate the covariance that all levels share: geometric means of those of the levels.

    Parameters
    ----------
    sparse
        Levels of which as much is hidden as there will be.
    anomalies
        Their scaled anomalies.
    seed
        Of what is withheld to estimate it.
    """
    settings = OptimalInterpolationSettings(kernel="matern_32", seed=seed)
    known = np.where(sparse.observed, anomalies, np.float32(np.nan))
    found = [estimate_covariance(sparse.level(level), known[:, level], settings) for level in range(known.shape[1])]
    length, time, noise = np.exp(
        np.mean([np.log([part.length_km, part.time_days, part.noise_share]) for part in found], axis=0)
    )
    return Covariance("matern_32", float(length), float(time), float(noise), sigma=1.0)


def analyse_domain(
    field: Field,
    values: Float[np.ndarray, "time var lat lon"],
    covariance: Covariance,
    window: tuple[int, int],
    error: Float[np.ndarray, "time var lat lon"],
) -> tuple[Float[Tensor, "time var lat lon"], Float[Tensor, "time var lat lon"]]:
    """Analyse whole maps, in windows that do not overlap, each from the profiles nearest to it.

    Parameters
    ----------
    field
        What was observed.
    values
        Its scaled anomalies.
    covariance
        That of the levels.
    window
        Rows and columns of a window.
    error
        Standard deviations of the errors of the anomalies, beside the noise of the covariance; zero where unknown.
    """
    profiles = _profiles_of(field, values, error)
    position = torch.from_numpy(np.stack(np.meshgrid(field.lat, field.lon, indexing="ij")).astype(np.float32))
    maps = torch.zeros(2, *values.shape)
    boxes = list(product(*(slices(size, side, 0.0) for size, side in zip(field.land.shape, window, strict=True))))
    boxes = [box for box in boxes if not field.land[box].all()]
    for time, day in enumerate(field.days):
        for lat, lon in boxes:
            here = position[:, lat, lon]
            near = _nearest(profiles, here, float(day), covariance)
            maps[:, time, :, lat, lon] = torch.stack(analyse(near, here[None], covariance))[:, 0]
    return maps[0], maps[1]


@dataclass(frozen=True)
class _Profiles:
    """All profiles of a field, point by point."""

    values: Float[np.ndarray, "point var"]
    observed: Bool[np.ndarray, "point var"]
    position: Float[np.ndarray, "point 2"]
    days: Float[np.ndarray, " point"]
    error: Float[np.ndarray, "point var"]


def _profiles_of(
    field: Field, values: Float[np.ndarray, "time var lat lon"], error: Float[np.ndarray, "time var lat lon"]
) -> _Profiles:
    time, row, column = np.nonzero(field.observed.any(axis=1))
    position = np.stack([field.lat[row], field.lon[column]], axis=1)
    there = time, slice(None), row, column
    return _Profiles(values[there], field.observed[there], position, field.days[time], error[there])


def _nearest(
    profiles: _Profiles, position: Float[Tensor, "2 lat lon"], day: float, covariance: Covariance
) -> NearProfiles:
    """Choose the profiles nearest to a window, in decorrelation lengths and times; one inside has no distance."""
    days = profiles.days - day
    chosen = np.flatnonzero(np.abs(days) <= REACH * covariance.time_days)
    places = unit_sphere(*rearrange(position, "two y x -> two (y x)"))
    middle = torch.nn.functional.normalize(places.mean(dim=0), dim=0)
    size = (places - middle).norm(dim=1).max()
    there = unit_sphere(*torch.from_numpy(profiles.position[chosen].astype(np.float32)).unbind(1))
    outside = EARTH_RADIUS_KM * ((there - middle).norm(dim=1) - size).clamp(min=0.0).numpy()
    distance = np.hypot(outside / covariance.length_km, days[chosen] / covariance.time_days)
    chosen = chosen[np.argsort(distance, kind="stable")[:POINTS]]
    values, observed, near, when, error = (
        part[chosen] for part in (profiles.values, profiles.observed, profiles.position, profiles.days, profiles.error)
    )
    return NearProfiles.stack([NearProfiles.of(values, observed, near, when - day, error)])


def _correlation(
    one: Float[Tensor, "map one 3"],
    other: Float[Tensor, "map other 3"],
    lag: Float[Tensor, "map #one other"],
    covariance: Covariance,
) -> Float[Tensor, "map one other"]:
    """Correlation (Matérn, ν = 3/2) of places on the unit sphere; the lag is given in decorrelation times."""
    # By differences, for products of unit vectors in single precision tell no kilometres.
    chord = torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")
    length = chord * (EARTH_RADIUS_KM / covariance.length_km)
    distance = sqrt(3.0) * torch.hypot(length, lag)
    return (1 + distance) * torch.exp(-distance)
