"""Outliers: observations that disagree with the analysis of those around them."""

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.baselines.optimal_interpolation import OptimalInterpolation
from esmlearn.fields.field import Field

PARTS = 5
"""Parts that the observations are split into; each is compared with the analysis of the others."""

ROUNDS = 4
"""Most times that suspects are checked again."""

FEWEST = 20
"""Fewest observations of a cell for a spread of its own."""

TO_STD = 1.4826
"""Factor from the median of the absolute value to the standard deviation of a normal distribution."""


def find_outliers(
    field: Field, analysis: OptimalInterpolation, *, threshold: float = 4.0, seed: int = 0
) -> Bool[np.ndarray, "time lat lon"]:
    """Find observations that optimal interpolation from the others does not expect.

    An observation y with the error variance R, where the analysis of others is x with the error variance P, is
    suspected if abs(y - x) > threshold sqrt(P + R) (Lorenc 1981,
    https://doi.org/10.1175/1520-0493(1981)109<0701:AGTDMS>2.0.CO;2). Others are four fifths of the observations, chosen
    at random. As an outlier makes good neighbours look bad, all are then checked against those that are not suspected,
    until the suspects stay the same. The deviation is divided by the robust spread of such deviations at the cell where
    that is more than one: the covariance is the same everywhere, but currents and fronts are not.

    Neighbours that are wrong together, as under the edge of a cloud that was taken for sea, support each other and are
    not found; nor is a cell that is always wrong.

    Parameters
    ----------
    field
        Observations, one variable; their errors, where known, are part of R.
    analysis
        Optimal interpolation that was fitted, on the grid of the field.
    threshold
        In standard deviations.
    seed
        Of the choice of the others.

    Returns
    -------
    numpy.ndarray
        True for outliers.
    """
    observed = field.observed[:, 0]
    part = np.random.default_rng(seed).integers(PARTS, size=observed.shape)
    suspects = np.zeros_like(observed)
    for _ in range(ROUNDS):
        deviation = _deviations(field, analysis, ~suspects, part)
        found = observed & (deviation > threshold * _spread(deviation, observed & ~suspects))
        if np.array_equal(found, suspects):
            break
        suspects = found
    return suspects


def _deviations(
    field: Field,
    analysis: OptimalInterpolation,
    trusted: Bool[np.ndarray, "time lat lon"],
    part: np.ndarray,
) -> Float[np.ndarray, "time lat lon"]:
    """Absolute difference of each observation from the analysis of trusted others, in expected deviations."""
    observed = field.observed[:, 0]
    noise = np.hypot(field.deviation[:, 0], analysis.covariance.noise)
    deviation = np.zeros(observed.shape)
    for number in range(PARTS):
        wanted = observed & (part == number)
        value, std = analysis.estimate(field, observed & trusted & (part != number), wanted)
        expected = np.hypot(std, noise)[wanted]
        deviation[wanted] = np.abs(field.values[:, 0][wanted] - value[wanted]) / expected
    return deviation


def _spread(
    deviation: Float[np.ndarray, "time lat lon"], counted: Bool[np.ndarray, "time lat lon"]
) -> Float[np.ndarray, "lat lon"]:
    """Robust standard deviation of the deviations at each cell, at least one; one where they are few."""
    enough = counted.sum(axis=0) >= FEWEST
    spread = np.ones(deviation.shape[1:])
    spread[enough] = TO_STD * np.nanmedian(np.where(counted, deviation, np.nan)[:, enough], axis=0)
    return np.maximum(spread, 1.0)
