"""Standard deviation of the errors of an analysis."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.spatial import KDTree

from esmlearn.baselines.kriging.system import System, between

NEAREST = 192
"""Observations around a block of cells and times that its errors are calculated with."""

SIDE = 1.25
"""Sides of a block, in the shortest decorrelation length and time."""

AT_ONCE = 32


def error_deviation(
    system: System,
    wanted: Bool[np.ndarray, "time cell"],
    observed: Float[np.ndarray, "observation coordinate"],
    times: Float[np.ndarray, " time"],
    cells: Float[np.ndarray, "cell 3"],
) -> Float[np.ndarray, "time cell"]:
    """Standard deviation of the error of an analysis, over sigma; where it is not wanted, one.

    The variance is C - c'(C + R)⁻¹c with the observations that are nearest to a block of times and cells. Those farther
    away are screened by them, so that they change it little; without them it is never too small.

    Parameters
    ----------
    system
        Of all observations.
    wanted
        Where it is wanted.
    observed, times, cells
        Coordinates of observations, times and cells, in decorrelation times and lengths.
    """
    result = np.ones(wanted.shape)
    time, cell = np.nonzero(wanted)
    if not len(system.time) or not len(time):
        return result
    place = np.concatenate([cells[cell], times[time, None]], axis=1)
    _, block = np.unique(np.floor(place / SIDE).astype(int), axis=0, return_inverse=True)
    order = np.argsort(block, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(block[order])) + 1)
    centres = np.stack([place[one].mean(axis=0) for one in members])
    near = min(NEAREST, len(observed))
    nearest = KDTree(observed).query(centres, k=near)[1].reshape(len(centres), near)
    by_size = np.argsort([len(one) for one in members], kind="stable")
    prior, single = float(system.in_time[:, 0, 0].sum()), system.single()
    for start in range(0, len(by_size), AT_ONCE):
        chosen = by_size[start : start + AT_ONCE]
        size = max(len(members[one]) for one in chosen)
        targets = np.stack([np.resize(members[one], size) for one in chosen])  # repeated to the size of the largest
        given = torch.from_numpy(nearest[chosen])
        matrix = single.covariances(given, given).double() + torch.diag_embed(system.noise[given])
        at = torch.from_numpy(time[targets]), torch.from_numpy(cell[targets])
        cross = between(single, (system.time[given], system.cell[given]), at).double()
        explained = torch.linalg.solve_triangular(torch.linalg.cholesky(matrix), cross, upper=False).square().sum(dim=1)
        result[time[targets], cell[targets]] = (prior - explained).clamp(min=0).sqrt().numpy()
    return result
