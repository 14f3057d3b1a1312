"""Sparse approximation of the inverse of the covariance matrix, as preconditioner."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree
from torch import Tensor

from esmlearn.baselines.kriging.coordinates import Coordinates
from esmlearn.baselines.kriging.system import Columns, System

NEIGHBOURS = 32
"""Observations that each one is conditioned on; with 24 a solve takes a fifth more steps."""

FIRST, GROWTH = 64, 1.3
"""Observations in the first group, whose neighbours are all in it, and growth of the groups after it."""

AT_ONCE = 1024


@dataclass(frozen=True)
class SparseInverse:
    """Vecchia's approximation of the inverse: U'U, with a row of U for each observation.

    Observations are put in random order, so that the first ones are far apart and later ones fill in. Each is
    conditioned on the nearest ones before it: that gives the Cholesky factor of an inverse at all scales at once, with
    few entries in a row (Vecchia 1988, https://doi.org/10.1111/j.2517-6161.1988.tb01729.x; Schäfer et al. 2021,
    https://doi.org/10.1137/20M1336254).

    Attributes
    ----------
    factor, transposed
        U and its transpose.
    """

    factor: csr_matrix
    transposed: csr_matrix

    def __call__(self, columns: Columns) -> Columns:
        """Multiply by the approximate inverse."""
        return torch.from_numpy(self.transposed @ (self.factor @ columns.numpy()))


def approximate_inverse(system: System, coordinates: Coordinates) -> SparseInverse:
    """Make the approximate inverse of C + R.

    Parameters
    ----------
    system
        Covariances and variances of errors.
    coordinates
        Of the window: they tell what is near.
    """
    number = len(system.observed)
    order = np.random.default_rng(0).permutation(number)
    before = _nearest_before(coordinates.of(system.observed)[order])
    itself = np.arange(number)[:, None]
    group = np.concatenate([before, itself], axis=1)
    valid = group >= 0
    rows, single = [], system.single()
    for start in range(0, number, AT_ONCE):
        part = torch.from_numpy(order[group[start : start + AT_ONCE]])
        rows.append(_last_row(single, part, torch.from_numpy(valid[start : start + AT_ONCE])))
    entries = torch.cat(rows)[torch.from_numpy(valid)].numpy()
    row = np.broadcast_to(itself, group.shape)[valid]
    factor = csr_matrix((entries, (row, order[group[valid]])), shape=(number, number), dtype=np.float32)
    return SparseInverse(factor, factor.T.tocsr())


def _nearest_before(coordinates: Float[np.ndarray, "observation coordinate"]) -> Int[np.ndarray, "observation near"]:
    """Numbers of the nearest observations that come before each; -1 where there are fewer.

    Those of a group are looked for in the groups before it; in the first group, among those before.
    """
    number = len(coordinates)
    found = np.full((number, NEIGHBOURS), -1)
    first = min(FIRST, number)
    distance = np.linalg.norm(coordinates[:first, None] - coordinates[:first], axis=-1)
    distance[np.triu_indices(first)] = np.inf
    nearest = np.argsort(distance, axis=1)[:, :NEIGHBOURS]
    found[:first, : nearest.shape[1]] = np.where(np.isinf(np.take_along_axis(distance, nearest, 1)), -1, nearest)
    while first < number:
        last = min(number, int(GROWTH * first))
        _, found[first:last] = KDTree(coordinates[:first]).query(
            coordinates[first:last], k=NEIGHBOURS, workers=torch.get_num_threads()
        )
        first = last
    return found


def _last_row(system: System, group: Int[Tensor, "row near"], valid: Tensor) -> Float[Tensor, "row near"]:
    """Last row of the inverse Cholesky factor of each group: weights of a residual that has the variance one."""
    both = valid[:, :, None] & valid[:, None]
    places = system.observed.at(group)
    matrix = (system.covariances(places, places) * both).double()
    matrix += torch.diag_embed(torch.where(valid, system.noise[group].double(), 1.0))
    factor = torch.linalg.cholesky(matrix)
    last = torch.zeros(group.shape[1], 1, dtype=matrix.dtype)
    last[-1] = 1
    return torch.linalg.solve_triangular(factor.mT, last.expand(len(group), -1, 1), upper=True)[..., 0]
