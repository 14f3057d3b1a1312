"""Whether a standard deviation is honest: coverage of its intervals, CRPS, spread against skill, reliability."""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import stats

from esmlearn.scores.comparison import Comparison

COVERAGE_LEVELS = (0.5, 0.9)
NOMINAL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


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

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 21 with the sign turned. (`scores` 2.7 has CRPS for
    ensembles and tabulated distributions, not the closed form.) With no deviation at all it is the absolute error.
    """
    sigma = _positive(std)
    z = (truth - values) / sigma
    return sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def reliability(comparison: Comparison) -> list[dict[str, Any]]:
    """How often the truth lies within the central intervals of each method that knows its error.

    Returns
    -------
    list of dict
        For each method: `nominal`, what the intervals should hold; `observed`, the area-weighted share of the points
        that they hold; and `pit`, the share of the points in each tenth of the predicted distribution, from its cold
        end to its warm one (probability integral transform, Dawid 1984, doi:10.2307/2981683).
    """
    total = comparison.areas.sum()
    truth = comparison.at_points(comparison.truth)
    found = []
    for method in comparison.methods:
        if method.std is None:
            continue
        z = (truth - comparison.at_points(method.values)) / _positive(comparison.at_points(method.std))
        rank = stats.norm.cdf(z)
        needed = np.abs(2 * rank - 1)
        within = np.histogram(needed, (0.0, *NOMINAL, np.inf), weights=comparison.areas)[0].cumsum()[:-1]
        tenths = np.histogram(rank, np.linspace(0, 1, 11), weights=comparison.areas)[0]
        found.append(
            {
                "dataset": comparison.dataset,
                "method": method.name,
                "frequency": comparison.frequency,
                "nominal": list(NOMINAL),
                "observed": (within / total).tolist(),
                "pit": (tenths / total).tolist(),
                "units": "1",
            }
        )
    return found


def _positive(std: Float[np.ndarray, " point"]) -> Float[np.ndarray, " point"]:
    """Deviations that can be divided by."""
    return np.maximum(std, np.finfo(np.float32).tiny).astype(float)
