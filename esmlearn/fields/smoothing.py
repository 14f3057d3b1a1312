"""The analysis of what was observed, for a method that gives its input back: each value from the others and itself."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from esmlearn.errors import SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means

PARTS = 4
"""Parts that the observations are split into; the method runs once without each of them."""


def smooth_by_leaving_out(
    reconstruct: Callable[[Field], Reconstruction], field: Field, *, seed: int = 0
) -> Reconstruction:
    """Fill gaps, and combine what was observed with what the method says without it.

    The observations are split at random into `PARTS`, and each part is hidden once. Where the method then gives m with
    a standard deviation s, and y was observed with an error of standard deviation e, the analysis is the best linear
    combination of the two, whose errors are independent (Lorenc 1986, https://doi.org/10.1002/qj.49711247414):

        x = m + g (y - m), with g = s² / (s² + e²), and the standard deviation of its error is sqrt(g) e

    The mean of a month changes by the mean change of its days.

    Raises
    ------
    SettingsError
        If the errors of the observations are not known, or the method does not know its own.
    """
    if field.error is None:
        raise SettingsError(
            "smooth_observed needs the standard deviation of the errors of the observations: give `error`, or leave "
            "out smooth_observed."
        )
    kept = reconstruct(field)
    if kept.daily_std is None:
        raise SettingsError("smooth_observed needs a method that knows the errors of its days; leave it out.")
    observed, error = field.observed[:, 0], field.deviation[:, 0]
    part = np.random.default_rng(seed).integers(PARTS, size=observed.shape)
    daily, std = kept.daily.copy(), kept.daily_std.copy()
    for number in range(PARTS):
        hidden = observed & (part == number)
        without = reconstruct(field.hide(hidden))
        guess, variance = without.daily[hidden], np.asarray(without.daily_std, np.float64)[hidden] ** 2
        total = variance + error[hidden].astype(np.float64) ** 2
        # Where both are known exactly, the observation stays.
        gain = np.divide(variance, total, out=np.ones_like(total), where=total > 0)
        daily[hidden] = guess + gain * (field.values[:, 0][hidden] - guess)
        std[hidden] = np.sqrt(gain) * error[hidden]
    return replace(kept, daily=daily, daily_std=std, monthly=kept.monthly + monthly_means(field, daily - kept.daily))
