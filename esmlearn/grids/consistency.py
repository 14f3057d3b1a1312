"""Fine fields that agree with the coarse one: averaged back, they give it; measured, and enforced."""

import numpy as np
from einops import pack, rearrange, unpack
from jaxtyping import Bool, Float
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from esmlearn.grids.regridding import Regridder, distinct_masks, interpolator

BLOCKS = 1e-3
"""Variance of a correction by blocks over that of a smooth one: blocks only where nothing smooth will do."""


def consistency_error(
    fine: Float[np.ndarray, "*lead lat lon"], coarse: Float[np.ndarray, "*lead_coarse y x"], average: Regridder
) -> float:
    """Root-mean-square difference between the averages of fine fields and the coarse one, weighted by area.

    Parameters
    ----------
    fine
        Fine fields; NaN is missing.
    coarse
        Coarse fields, one for each fine one or the same for all members.
    average
        From the fine cells to the coarse ones, see `esmlearn.grids.regridding.averager`.

    Returns
    -------
    float
        In the units of the fields, over all cells that have both; NaN if there is none.
    """
    square, weight = (part.sum() for part in inconsistency(fine, coarse, average))
    return float(np.sqrt(square / weight)) if weight else float("nan")


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

    with the averages :math:`A` over what is there, and bicubic interpolation :math:`B`. It is the shortest correction
    in the metric :math:`C^{-1}`: a bicubic surface through values at the coarse cells. The usual shortest one, with
    :math:`C = I`, is constant in each coarse cell, and its edges show in the spectrum. The small :math:`\epsilon` is
    for coasts, where a coarse cell may have no more than a corner of sea, which no smooth surface can set by itself.

    Parameters
    ----------
    fine, coarse, average
        As for `consistency_error`. Coarse cells without a value, or that the fine fields don't cover, ask for nothing.

    Returns
    -------
    numpy.ndarray
        Fields of the shape, the precision and the missing values of the fine ones.

    Raises
    ------
    DataError
        If a fine cell lies outside the coarse domain.
    """
    maps, lead = pack([fine.astype(np.float64)], "* y x")
    known = np.isfinite(maps)
    missed = coarse - average(unpack(maps, lead, "* y x")[0])
    asked = rearrange(pack([missed], "* y x")[0], "n y x -> n (y x)")
    flat, there = rearrange(maps, "n y x -> n (y x)"), rearrange(known, "n y x -> n (y x)")
    smooth = interpolator(average.target, average.source, "bicubic").matrix
    # What is there and what is asked for decide together which equations there are.
    for both, which in distinct_masks(np.concatenate([there, np.isfinite(asked)], axis=1)):
        sea, counts = np.split(both, [flat.shape[1]])
        if counts.any():
            weights = _weights_of_what_is_there(average.matrix[counts], sea)
            flat[which] += _correction(asked[which][:, counts], weights, smooth)
    return unpack(rearrange(flat, "n (y x) -> n y x", y=maps.shape[1]), lead, "* y x")[0].astype(fine.dtype)


def _weights_of_what_is_there(matrix: csr_array, there: Bool[np.ndarray, " cell"]) -> csr_array:
    """Weights of averages, shared out among the cells that have a value."""
    weights = matrix.multiply(there).tocsr()
    return weights.multiply(1 / weights.sum(axis=1)[:, None]).tocsr()


def _correction(
    missed: Float[np.ndarray, "map asked"], average: csr_array, smooth: csr_array
) -> Float[np.ndarray, "map cell"]:
    """Smooth maps whose averages are what is asked for."""
    of_smooth = average @ smooth
    gram = of_smooth @ of_smooth.T + BLOCKS * average @ average.T
    solved = splu(csc_array(gram)).solve(missed.T)
    return (smooth @ (of_smooth.T @ solved) + BLOCKS * (average.T @ solved)).T
