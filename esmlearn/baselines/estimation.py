"""Estimation of the covariance for optimal interpolation, by cross-validation in the training period."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from esmlearn.baselines.covariance import CORRELATIONS, Analysis, Covariance, Points, analyse
from esmlearn.baselines.variogram import cell_km, fit_scales, measure_variogram, steps_a_day
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.rounding import rounding
from esmlearn.gaps.withhold import withhold
from esmlearn.settings import OptimalInterpolationSettings, WithholdSettings

logger = logging.getLogger(__name__)

SHARE, DAYS = 0.1, 5
"""Share of the observations that gaps of other days withhold, and days that each of these gaps lasts."""

TRIALS, VALUES = 256, 12
"""Withheld places that are used in the estimation, and values near each of them."""

NEAR, AROUND = (2, 4, 4), (9, 12, 12)
"""Days, rows and columns to both sides of such a place, for the withheld values and for the observations.

Of steps longer than a day, so many steps; of shorter ones, up to four for each day, as more would only take longer.
"""

FEWEST = 200
"""Fewest withheld values for an estimation."""

NOISES = (0.01, 0.03, 0.1, 0.3)
"""Values of `noise_share` that are tried."""

LEAST_RATIO = 0.1
"""Least factor on the first estimate of sigma, where known errors of observations explain all that is found."""
PRIOR = Covariance("matern_52", length_km=77.0, time_days=3.3, noise_share=0.1, sigma=1.0)
"""Covariance for a record that is too short for cross-validation: scales as estimated from 22 years of sea-surface
temperature in the Tasman Sea; sigma comes from the anomalies."""

PRIOR_WEIGHT = 0.1
"""Misfit of the variogram that twice or half a prior value may bring to be as good."""

_TOO_LITTLE = (
    "The training period has too few observations to estimate the covariance of optimal_interpolation; lengthen"
    " it, set kernel, length_km, time_days, noise_share and sigma of optimal_interpolation, or leave out this baseline."
)


class Trial(NamedTuple):
    """Withheld values, and the observations around them that are left."""

    left: Points
    aside: Points


def estimate_covariance(
    training: Field, anomalies: Float[np.ndarray, "time lat lon"], settings: OptimalInterpolationSettings
) -> Covariance:
    """Find the covariance with the smallest error on values that gaps of other days withhold.

    For each kernel and some values of `noise_share`, length and time are fitted to the variogram. Of these candidates
    the one with the smallest mean absolute error is taken. Then sigma is scaled so that errors and error estimates have
    the same mean square: the estimates are right on average, even if the model of the covariance is not. Parameters
    that are set are not estimated. Where the observations or gaps are too few for this, see `from_few`.

    Raises
    ------
    DataError
        If the training period has hardly any observations.
    """
    given = settings.model_dump(include={part.name for part in fields(Covariance)}, exclude_none=True)
    if len(given) == len(fields(Covariance)):
        return Covariance(**given)
    least = rounding(training.values)
    trials = list(make_trials(training, anomalies, settings.seed))
    if sum(len(trial.aside.anomalies) for trial in trials) < FEWEST:
        return from_few(training, anomalies, given)
    truth = np.concatenate([trial.aside.anomalies for trial in trials])

    variogram = measure_variogram(training, anomalies)
    sigma = max(float(np.nanstd(anomalies, dtype=np.float64)), least)
    start = Covariance("matern_32", length_km=100.0, time_days=5.0, noise_share=0.0, sigma=sigma)
    # A fit that starts far below the distance of two values finds no slope to follow.
    start = replace(
        start,
        length_km=max(start.length_km, cell_km(training)),
        time_days=max(start.time_days, training.step_days),
    )
    free = [name for name in ("length_km", "time_days") if name not in given]
    candidates = [
        fit_scales(variogram, replace(start, **{"kernel": kernel, "noise_share": noise, **given}), free)
        for kernel, noise in product(
            [given["kernel"]] if "kernel" in given else CORRELATIONS,
            [given["noise_share"]] if "noise_share" in given else NOISES,
        )
    ]

    def fill(covariance: Covariance) -> Analysis:
        filled = [analyse(trial.left, trial.aside.places, covariance, settings.neighbours) for trial in trials]
        return Analysis(*map(np.concatenate, zip(*filled, strict=True)))

    fillings = [fill(candidate) for candidate in candidates]
    errors = [np.abs(filling.anomalies - truth).mean() for filling in fillings]
    best, filling = candidates[int(np.argmin(errors))], fillings[int(np.argmin(errors))]
    # The withheld values have noise, too.
    expected = np.hypot(filling.std, best.noise)
    ratio = error_ratio(filling.anomalies - truth, expected, errors_of(trials))
    return replace(best, sigma=given.get("sigma", max(best.sigma * ratio, least)))


def from_few(training: Field, anomalies: Float[np.ndarray, "time lat lon"], given: Mapping[str, Any]) -> Covariance:
    """Covariance of a short record: scales near the `PRIOR` that fit its variogram, without cross-validation.

    Kernel and noise are those of the prior. Where no two days have observations, the time is that of the prior, too.
    Parameters that are given keep their values.

    Raises
    ------
    DataError
        If there are fewer than two observations.
    """
    seen = anomalies[training.observed[:, 0]].astype(np.float64)
    if "sigma" not in given and seen.size < 2:
        raise DataError(_TOO_LITTLE)
    sigma = max(float(np.sqrt(np.mean(seen**2))) if seen.size else 0.0, rounding(training.values))
    start = replace(PRIOR, **{"sigma": sigma, **given})
    variogram = measure_variogram(training, np.where(training.observed[:, 0], anomalies, np.nan))
    lags = {"length_km": variogram.km > 0, "time_days": variogram.days > 0}
    free = [name for name, some in lags.items() if name not in given and some.any()]
    found = fit_scales(variogram, start, free, prior_weight=PRIOR_WEIGHT) if free else start
    # Short distances don't show the whole variance, but the anomalies do.
    found = replace(found, sigma=given.get("sigma", max(found.sigma, sigma)))
    logger.warning(
        "%d times with gaps are too few to cross-validate the covariance of optimal_interpolation: %s, %.0f km and "
        "%.1f days are fitted to the pairs of observations and to prior values of %.0f km and %.1f days.",
        len(training.dates), found.kernel, found.length_km, found.time_days, PRIOR.length_km, PRIOR.time_days,
    )  # fmt: skip
    return found


def error_ratio(
    found: Float[np.ndarray, " point"],
    expected: Float[np.ndarray, " point"],
    known: Float[np.ndarray, " point"] | None,
) -> float:
    """Factor on the expected errors with which they and the known ones explain the mean square of those found.

    Known errors of observations stay as they are: the factor f solves mean(found² / (f² expected² + known²)) = 1. It is
    at least `LEAST_RATIO`, where the known errors alone are larger than what is found.
    """
    if known is None:
        return float(np.sqrt(np.mean((found / expected) ** 2)))

    def excess(factor: float) -> float:
        return float(np.mean(found**2 / ((factor * expected) ** 2 + known**2)) - 1)

    most = float(np.sqrt(np.mean((found / expected) ** 2)))
    if most <= LEAST_RATIO or excess(LEAST_RATIO) <= 0:
        return LEAST_RATIO
    return float(brentq(excess, LEAST_RATIO, most))


def errors_of(trials: Sequence[Trial]) -> Float[np.ndarray, " point"] | None:
    """Known errors of the withheld values; None where none are known."""
    errors = [trial.aside.errors for trial in trials if trial.aside.errors is not None]
    return np.concatenate(errors) if errors else None


def make_trials(
    training: Field, anomalies: Float[np.ndarray, "time lat lon"], seed: int, number: int = TRIALS
) -> Iterator[Trial]:
    """Withhold observations of the training period, and choose values near random places over all of it."""
    try:
        left = withhold(training, WithholdSettings(share=SHARE, days=DAYS, seed=seed)).observed[:, 0]
    except DataError:
        return
    withheld = training.observed[:, 0] & ~left
    near, around = (np.array([days * min(4, steps_a_day(training)), *cells]) for days, *cells in (NEAR, AROUND))
    rng = np.random.default_rng(seed)
    for place in rng.permutation(np.argwhere(withheld))[:number]:
        first = np.maximum(place - around, 0)
        box = tuple(slice(low, high + 1) for low, high in zip(first, place + around, strict=True))
        found = np.argwhere(withheld[box])
        nearby = found[(np.abs(found + first - place) <= near).all(axis=1)]
        aside = np.zeros_like(withheld[box])
        aside[*rng.permutation(nearby)[:VALUES].T] = True
        field = training[box[0]].region(*box[1:])
        if left[box].any():
            yield Trial(points_of(field, anomalies[box], left[box]), points_of(field, anomalies[box], aside))


def points_of(field: Field, anomalies: Float[np.ndarray, "time lat lon"], chosen: np.ndarray) -> Points:
    """Give coordinates, anomalies and known errors where a mask is true; days count from the first of the field."""
    time, row, column = np.nonzero(chosen)
    places = np.stack([field.lon[column], field.lat[row], field.days[time]], axis=1)
    errors = None if field.error is None else field.error[:, 0][chosen].astype(np.float64)
    return Points(places, anomalies[chosen].astype(np.float64), errors)
