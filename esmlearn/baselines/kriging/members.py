"""Samples of anomalies with a covariance, on a whole record."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.baselines.kriging.covariance import SpaceTimeCovariance
from esmlearn.baselines.kriging.space import CellCorrelations, even_step
from esmlearn.baselines.kriging.windows import windows
from esmlearn.fields.field import Field

CELLS, OVERLAP = 40, 0.4
"""Most rows and columns of a window, whose correlations are a matrix here, and the overlap of windows."""

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
    step = even_step(field.lon)
    for window in windows(field, CELLS, CELLS, OVERLAP):
        here, water, lat = (window.rows, window.columns), window.water, field.lat[window.rows[:, 0]]
        sum_of_squares[here] += np.where(water, window.weight**2, 0)
        row, column = (torch.from_numpy(part) for part in np.nonzero(water))
        cells = CellCorrelations.of(covariance, lat, step, water.shape[1])
        in_space = cells.between((row[:, None], column[:, None]), (row, column))
        sample = np.zeros((members, len(field.days), *water.shape), np.float32)
        for part, correlation in zip(covariance.components, in_space, strict=True):
            alone, factor = SpaceTimeCovariance((part,), covariance.noise_share, covariance.sigma), _root(correlation)
            for member in sample:
                white = torch.from_numpy(rng.standard_normal((len(field.days), len(row))))
                member[:, water] += (_in_time(alone, field.days, white) @ factor.mT).numpy()
        result[..., *here] += window.weight * sample
    return result * covariance.sigma / np.sqrt(np.where(field.land, 1, sum_of_squares))


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


def _damped(matrix: Float[Tensor, "one one"]) -> Float[Tensor, "one one"]:
    return matrix + JITTER * torch.eye(matrix.shape[-1], dtype=matrix.dtype)


def _root(matrix: Float[Tensor, "one one"]) -> Float[Tensor, "one one"]:
    return torch.linalg.cholesky(_damped(matrix))
