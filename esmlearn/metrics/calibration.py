"""Whether a standard deviation is as large as the error: coverage of its intervals, CRPS, spread against skill."""

import numpy as np
from jaxtyping import Float
from scipy import stats

COVERAGE_LEVELS = (0.5, 0.9)


def calibration_at_points(
    values: Float[np.ndarray, " point"], std: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]
) -> dict[str, Float[np.ndarray, " point"]]:
    """Whether each point lies within the central intervals, its CRPS, its standard deviation and variance."""
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

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 21 with the sign turned. With no deviation at
    all it is the absolute error.
    """
    # `scores` 2.7 has no closed form; `scoringrules` has it, but would be one more dependency for these three lines.
    sigma = positive(std)
    z = (truth - values) / sigma
    return sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def positive(std: Float[np.ndarray, " point"]) -> Float[np.ndarray, " point"]:
    """Deviations that can be divided by."""
    return np.maximum(std, np.finfo(np.float32).tiny).astype(float)
