"""Consistency of fine fields with a coarse one: the averages of the fine ones should give it. Error and correction."""

import numpy as np
from einops import pack, rearrange, unpack
from jaxtyping import Float
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from esmlearn.grids.regridding import Regridder, distinct_masks, interpolator

BLOCKS = 1e-3
"""Variance of a correction that is constant in each coarse cell, over that of a smooth one."""


def consistency_error(
    fine: Float[np.ndarray, "*lead lat lon"], coarse: Float[np.ndarray, "*lead_coarse y x"], average: Regridder
) -> float:
    """Root-mean-square difference between the averages of fine fields and the coarse one, weighted by area.

    It is in the units of the fields, over all cells that have both; NaN if there is none. NaN is missing. There is one
    coarse field for each fine one, or one for all members; `average` is made by `averager`.
    """
    square, weight = (part.sum() for part in inconsistency(fine, coarse, average))
    return float(np.sqrt(square / weight)) if weight else np.nan


def inconsistency(
    fine: Float[np.ndarray, "*lead lat lon"], coarse: Float[np.ndarray, "*lead_coarse y x"], average: Regridder
) -> tuple[Float[np.ndarray, "*lead"], Float[np.ndarray, "*lead"]]:
    """Sum of the squared differences of each map, weighted by area, and sum of the weights; see `consistency_error`."""
    square = (average(fine.astype(np.float64)) - coarse) ** 2
    weights = np.isfinite(square) * average.target.area
    return np.asarray(np.nansum(square * weights, axis=(-2, -1))), np.asarray(weights.sum(axis=(-2, -1)))


def make_consistent(
    fine: Float[np.ndarray, "*lead lat lon"], coarse: Float[np.ndarray, "*lead_coarse y x"], average: Regridder
) -> Float[np.ndarray, "*lead lat lon"]:
    r"""Add the smooth correction that makes the averages of fine fields those of the coarse one.

    .. math::

        d = C A^T (A C A^T)^{-1} (c - A f), \quad C = B B^T + \epsilon I

    with the averages :math:`A` over cells that have a value, and bicubic interpolation :math:`B`. It is the smallest
    correction in the metric :math:`C^{-1}`: a bicubic surface through values at the coarse cells. The smallest one with
    :math:`C = I` is constant in each coarse cell, and its edges show in the spectrum. The small :math:`\epsilon` is
    for coasts, where a coarse cell may have only a corner of sea, for which a smooth surface is not enough.

    Arguments are those of `consistency_error`. Coarse cells without a value, or that the fine fields do not cover, are
    no constraints. The result has the precision and the missing values of the fine fields.

    Raises
    ------
    DataError
        If a fine cell lies outside the coarse domain.
    """
    maps, lead = pack([fine.astype(np.float64)], "* y x")
    known = np.isfinite(maps)
    missing = coarse - average(unpack(maps, lead, "* y x")[0])
    wanted = rearrange(pack([missing], "* y x")[0], "n y x -> n (y x)")
    flat, there = rearrange(maps, "n y x -> n (y x)"), rearrange(known, "n y x -> n (y x)")
    smooth = interpolator(average.target, average.source, "bicubic").matrix
    # Maps with the same fine values and the same constraints share one system of equations.
    for both, which in distinct_masks(np.concatenate([there, np.isfinite(wanted)], axis=1)):
        sea, counts = np.split(both, [flat.shape[1]])
        if counts.any():
            # Weights of the averages are divided among the cells that have a value.
            weights = average.matrix[counts].multiply(sea).tocsr()
            weights = weights.multiply(1 / weights.sum(axis=1)[:, None]).tocsr()
            flat[which] += _correction(wanted[which][:, counts], weights, smooth)
    return unpack(rearrange(flat, "n (y x) -> n y x", y=maps.shape[1]), lead, "* y x")[0].astype(fine.dtype)


def _correction(
    wanted: Float[np.ndarray, "map constraint"], average: csr_array, smooth: csr_array
) -> Float[np.ndarray, "map cell"]:
    """Smooth maps that have the wanted averages."""
    of_smooth = average @ smooth
    gram = of_smooth @ of_smooth.T + BLOCKS * average @ average.T
    solved = splu(csc_array(gram)).solve(wanted.T)
    return (smooth @ (of_smooth.T @ solved) + BLOCKS * (average.T @ solved)).T
