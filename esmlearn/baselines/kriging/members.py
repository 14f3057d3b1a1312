"""Samples of anomalies with a covariance, on a whole record."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.baselines.kriging.covariance import SpaceTimeCovariance
from esmlearn.baselines.kriging.water import distances
from esmlearn.baselines.kriging.windows import windows
from esmlearn.fields.field import Field

PIECE = 64
"""Times that are sampled together, given as many before them."""

JITTER = 1e-6
"""Share of the variance that is added to it, for the rounding of covariances."""


def sample_prior(
    field: Field, covariance: SpaceTimeCovariance, members: int, rng: np.random.Generator
) -> Float[np.ndarray, "member time lat lon"]:
    """Sample anomalies on the times and the grid of a field, in its units; on land they are zero.

    Each window has samples of its own; where windows overlap, their weights have the sum of squares one, so that the
    variance is right everywhere.
    """
    result = np.zeros((members, len(field.days), *field.land.shape), np.float32)
    sum_of_squares = np.zeros(field.land.shape, np.float32)
    for rows, columns, weight in windows(field):
        sum_of_squares[rows, columns] += weight**2
        ocean = ~field.land[rows, columns]
        if not ocean.any():
            continue
        in_space = covariance.in_space(distances(~ocean, field.lat[rows[:, 0]], field.lon[columns]))
        sample = np.zeros((members, len(field.days), *ocean.shape), np.float32)
        for part, factor in zip(covariance.components, _root(in_space), strict=True):
            alone = SpaceTimeCovariance((part,), covariance.noise_share, covariance.sigma)
            for member in sample:
                white = torch.from_numpy(rng.standard_normal((len(field.days), int(ocean.sum()))))
                member[:, ocean] += (_in_time(alone, field.days, white) @ factor.mT).numpy()
        result[..., rows, columns] += weight * sample
    return result * covariance.sigma / np.sqrt(sum_of_squares)


def _in_time(
    covariance: SpaceTimeCovariance, days: Float[np.ndarray, " time"], white: Float[Tensor, "time cell"]
) -> Float[Tensor, "time cell"]:
    """Give white noise the correlation in time, piece by piece, each given the one before."""
    series = torch.zeros_like(white)
    for start in range(0, len(days), PIECE):
        before = max(0, start - PIECE)
        stop = min(start + PIECE, len(days))
        matrix = covariance.in_time(days[before:stop])[0]
        old = start - before
        cross = torch.linalg.solve(_damped(matrix[:old, :old]), matrix[:old, old:])
        left = matrix[old:, old:] - matrix[old:, :old] @ cross
        series[start:stop] = cross.mT @ series[before:start] + _root(left) @ white[start:stop]
    return series


def _damped(matrix: Float[Tensor, "*component one one"]) -> Float[Tensor, "*component one one"]:
    return matrix + JITTER * torch.eye(matrix.shape[-1], dtype=matrix.dtype)


def _root(matrix: Float[Tensor, "*component one one"]) -> Float[Tensor, "*component one one"]:
    return torch.linalg.cholesky(_damped(matrix))
