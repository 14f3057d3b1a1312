"""Calibration of predicted standard deviations: coverage of intervals, CRPS, spread against error."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from scipy import stats

COVERAGE_LEVELS = (0.5, 0.9)

# Scores of single points by their names; scores are made of their means.
PointScores = dict[str, Float[np.ndarray, " point"]]


def calibration_at_points(
    values: Float[np.ndarray, " point"], std: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]
) -> PointScores:
    """Give for each point whether the truth is within the central intervals, the CRPS, and the predicted spread."""
    error = np.abs(values - truth)
    found = {
        f"coverage_{100 * level:.0f}": (error <= stats.norm.ppf((1 + level) / 2) * std).astype(float)
        for level in COVERAGE_LEVELS
    }
    return found | {"crps": gaussian_crps(values, std, truth), "sharpness": std, "variance": std**2}


def gaussian_crps(
    values: Float[np.ndarray, " point"], std: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]
) -> Float[np.ndarray, " point"]:
    r"""Continuous ranked probability score of a normal distribution, in the units of the truth; 0 is perfect.

    .. math:: \sigma \left[ z (2 \Phi(z) - 1) + 2 \phi(z) - \pi^{-1/2} \right], \quad z = (y - \mu) / \sigma

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 21 with the opposite sign. With a standard deviation
    of zero it is the absolute error.
    """
    # `scores` 2.7 has no closed form; `scoringrules` has it, but would be one more dependency for these three lines.
    sigma = positive(std)
    z = (truth - values) / sigma
    return sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def positive(std: Float[np.ndarray, " point"]) -> Float[np.ndarray, " point"]:
    """Replace standard deviations of zero by a very small number, to divide by them."""
    return np.maximum(std, np.finfo(np.float32).tiny).astype(float)


def roots_in_bins(
    sort_by: Float[np.ndarray, " point"],
    squares: Iterable[Float[np.ndarray, " point"]],
    weights: Float[np.ndarray, " point"],
    *,
    n_bins: int,
) -> tuple[list[Float[np.ndarray, " bin"]], list[int]]:
    """Sort points into bins of equal size; give the root of the weighted mean of squares, and the number of points."""
    order = np.argsort(sort_by, kind="stable")
    groups = np.array_split(order, min(n_bins, order.size))
    roots = [np.sqrt([np.average(part[group], weights=weights[group]) for group in groups]) for part in squares]
    return roots, [group.size for group in groups]
