"""Methods to measure a model by; each takes a field and gives a `Reconstruction`, as a model does."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from esmlearn.data.field import Field
from esmlearn.data.first_guess import interpolate_in_time, observed_mean
from esmlearn.data.reconstruction import Reconstruction, monthly_means
from esmlearn.data.scaling import Climatology


def climatology(field: Field, mean_cycle: Climatology) -> Reconstruction:
    """Mean seasonal cycle of the training period, whatever was observed."""
    return _complete(field, mean_cycle.at(field.year_fraction))


def observed_mean_of_month(field: Field, mean_cycle: Climatology) -> Reconstruction:
    """Mean of the observed days of each month at each cell; the climatology where the month saw nothing.

    Each day gets the mean of its month.
    """
    daily = mean_cycle.at(field.year_fraction)
    monthly = monthly_means(field, daily)
    for index, days in enumerate(field.months.values()):
        mean = observed_mean(field.values[days, 0], field.observed[days, 0])
        monthly[index] = np.where(np.isnan(mean), monthly[index], mean)
        daily[days] = np.where(np.isnan(mean), daily[days], mean)
    return _complete(field, daily, monthly)


def time_interpolation(field: Field, mean_cycle: Climatology) -> Reconstruction:
    """Interpolate the anomalies of each cell linearly in time; the nearest observation persists at both ends."""
    mean = mean_cycle.at(field.year_fraction)
    anomalies = field.values[:, 0] - mean
    return _complete(field, mean + interpolate_in_time(anomalies, field.observed[:, 0]).values)


BASELINES: dict[str, Callable[[Field, Climatology], Reconstruction]] = {
    "climatology": climatology,
    "observed_mean": observed_mean_of_month,
    "time_interpolation": time_interpolation,
}


def _complete(
    field: Field, daily: Float[np.ndarray, "time lat lon"], monthly: Float[np.ndarray, "month lat lon"] | None = None
) -> Reconstruction:
    """Take the land out; months are the means of their days unless a method has its own."""
    monthly = monthly_means(field, daily) if monthly is None else monthly
    nowhere = np.float32(np.nan)
    return Reconstruction(np.where(field.land, nowhere, daily), np.where(field.land, nowhere, monthly))
