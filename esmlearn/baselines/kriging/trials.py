"""Withheld observations and those around them, as tensors of one shape."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.baselines.covariance import Points
from esmlearn.baselines.estimation import VALUES, Trial
from esmlearn.baselines.kriging.covariance import positions

NEAR, FURTHER = 100, 50
"""Observations near the withheld ones, and some of those further away, that they are estimated from."""

NOWHERE = 1e7
"""Coordinate of places that fill up a trial: without any correlation."""


class Batch(NamedTuple):
    """Trials: observations, withheld values, their error variances, which values count, distances in km and days."""

    given: Float[Tensor, "trial given"]
    variance: Float[Tensor, "trial given"]
    aside: Float[Tensor, "trial aside"]
    aside_variance: Float[Tensor, "trial aside"]
    counts: Float[Tensor, "trial aside"]
    among: tuple[Float[Tensor, "trial given given"], Float[Tensor, "trial given given"]]
    between: tuple[Float[Tensor, "trial given aside"], Float[Tensor, "trial given aside"]]


def make_batch(trials: Sequence[Trial], scales: tuple[float, float], sigma: float, seed: int) -> Batch:
    """Take the nearest observations of each trial, in these lengths and times, and some further ones.

    Values are divided by sigma.
    """
    rng = np.random.default_rng(seed)
    given = np.full((len(trials), NEAR + FURTHER, 4), NOWHERE) * np.arange(1, NEAR + FURTHER + 1)[:, None]
    aside = np.full((len(trials), VALUES, 4), -NOWHERE)
    values, variance = np.zeros(given.shape[:2]), np.zeros(given.shape[:2])
    truth, uncertain, counts = np.zeros((3, *aside.shape[:2]))
    for number, trial in enumerate(trials):
        left, right = _coordinates(trial.left), _coordinates(trial.aside)
        distance = ((left - right.mean(axis=0)) / np.array([scales[0]] * 3 + [scales[1]])) ** 2
        order = np.argsort(distance.sum(axis=1))
        chosen = np.r_[order[:NEAR], rng.permutation(order[NEAR:])[:FURTHER]]
        given[number, : len(chosen)] = left[chosen]
        values[number, : len(chosen)] = trial.left.anomalies[chosen]
        if trial.left.errors is not None:
            variance[number, : len(chosen)] = trial.left.errors[chosen] ** 2
        if trial.aside.errors is not None:
            uncertain[number, : len(right)] = trial.aside.errors**2
        aside[number, : len(right)] = right
        truth[number, : len(right)], counts[number, : len(right)] = trial.aside.anomalies, 1
    one, other = (torch.from_numpy(part) for part in (given, aside))
    return Batch(
        given=torch.from_numpy(values / sigma),
        variance=torch.from_numpy(variance / sigma**2),
        aside=torch.from_numpy(truth / sigma),
        aside_variance=torch.from_numpy(uncertain / sigma**2),
        counts=torch.from_numpy(counts),
        among=_distances(one, one),
        between=_distances(one, other),
    )


def _coordinates(points: Points) -> Float[np.ndarray, "point 4"]:
    lon, lat, days = points.places.T
    return np.concatenate([positions(lat, lon), days[:, None]], axis=1)


def _distances(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Distances in km and days, single precision."""
    km = torch.cdist(one[..., :3], other[..., :3], compute_mode="donot_use_mm_for_euclid_dist")
    return km.float(), (one[..., :, None, 3] - other[..., None, :, 3]).abs().float()
