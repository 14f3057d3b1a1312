"""Standard deviation of the errors of an analysis."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial import KDTree

from esmlearn.baselines.kriging.coordinates import Coordinates
from esmlearn.baselines.kriging.system import Places, System

NEAREST = 192
"""Observations around a block of cells and times that its errors are calculated with."""

BLOCK = 64
"""Places of a block: with many more, its observations no longer surround it; with fewer, there are more blocks."""

AT_ONCE = 32


def error_deviation(system: System, wanted: Places, coordinates: Coordinates) -> Float[np.ndarray, " place"]:
    """Standard deviation of the error of an analysis at the places where it is wanted, over sigma.

    The variance is C - c'(C + R)⁻¹c with the observations that are nearest to a block of times and cells. Those farther
    away are screened by them, so that they change it little; without them it is never too small.

    Parameters
    ----------
    system
        Of all observations.
    wanted
        Where it is wanted.
    coordinates
        Of the window: they tell what is near.
    """
    place, observed = coordinates.of(wanted), coordinates.of(system.observed)
    block = np.unique(coordinates.blocks(wanted, BLOCK), return_inverse=True)[1]
    order = np.argsort(block, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(block[order])) + 1)
    centres = np.stack([place[one].mean(axis=0) for one in members])
    near = min(NEAREST, len(observed))
    nearest = KDTree(observed).query(centres, k=near, workers=torch.get_num_threads())[1].reshape(len(centres), near)
    by_size = np.argsort([len(one) for one in members], kind="stable")
    result, prior, single = np.ones(len(wanted)), float(system.in_time[:, 0, 0].sum()), system.single()
    for start in range(0, len(by_size), AT_ONCE):
        chosen = by_size[start : start + AT_ONCE]
        size = max(len(members[one]) for one in chosen)
        targets = np.stack([np.resize(members[one], size) for one in chosen])  # repeated to the size of the largest
        number = torch.from_numpy(nearest[chosen])
        given = system.observed.at(number)
        matrix = single.covariances(given, given).double() + torch.diag_embed(system.noise[number])
        cross = single.covariances(given, wanted.at(torch.from_numpy(targets))).double()
        explained = torch.linalg.solve_triangular(torch.linalg.cholesky(matrix), cross, upper=False).square().sum(dim=1)
        result[targets] = (prior - explained).clamp(min=0).sqrt().numpy()
    return result
