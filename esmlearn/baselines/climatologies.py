"""Baselines from the season or the month only: they do not use the observations on the days around a gap."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import uniform_filter1d

from esmlearn.baselines.base import Baseline, without_land
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means
from esmlearn.fields.time_interpolation import observed_mean
from esmlearn.settings import BaselineSettings

DAYS_IN_YEAR = 365
WINDOW, SMOOTHING = 11, 31
"""Days of the window that is averaged, and of the running mean that follows (Hobday et al. 2016)."""


class HarmonicClimatology(Baseline):
    """Mean seasonal cycle of the training period as harmonics of the year, on observed days too."""

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Give each day its value in the cycle."""
        return without_land(field, self.mean_cycle(field))


@dataclass(frozen=True)
class CalendarDayClimatology(Baseline):
    """Mean of each calendar day over the training period, on observed days too.

    The mean is that of all observations in a window of 11 days around the calendar day, in all years, smoothed by a
    running mean of 31 days, as Hobday et al. (2016, https://doi.org/10.1016/j.pocean.2015.12.014) define it. It is
    calculated from anomalies. For steps longer than a day the window is at least as long as a step, so that no calendar
    day is left out. Where a cell was never observed in a window, the harmonic climatology remains.

    Attributes
    ----------
    difference
        Difference from the harmonic climatology by calendar day, shape (day, lat, lon). The number of a day is
        that of `Field.calendar_day`, so that years and calendars of different lengths have the same days.
    """

    difference: Float[np.ndarray, "day lat lon"]

    @classmethod
    def fit(cls, training: Field, climatology: Climatology, settings: BaselineSettings) -> "CalendarDayClimatology":  # noqa: ARG003
        """Average what was observed around each calendar day."""
        observed = training.observed[:, 0]
        mean = climatology.of(training)
        anomalies = np.where(observed, training.values[:, 0] - mean, np.float32(0.0))
        total = np.zeros((DAYS_IN_YEAR, *training.land.shape), np.float32)
        count = np.zeros_like(total)
        day = training.calendar_day
        for index in np.unique(day):
            total[index] = anomalies[day == index].sum(axis=0)
            count[index] = observed[day == index].sum(axis=0)
        window = max(WINDOW, 2 * math.ceil(training.step_days / 2) + 1)
        total, count = _running_mean(total, window), _running_mean(count, window)
        known = count > 0.5 / window  # and not > 0: running means have rounding errors
        difference = np.where(known, total / np.where(known, count, 1), 0).astype(np.float32)
        return cls(climatology, training.land, training.units, _running_mean(difference, SMOOTHING))

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Give each day the mean of its calendar day."""
        return without_land(field, self.mean_cycle(field) + self.difference[field.calendar_day])


class ObservedMean(Baseline):
    """Mean of the observed days of each month at each cell, for the month and each of its days; else climatology."""

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Average the observed days month by month."""
        daily = self.mean_cycle(field)
        monthly = monthly_means(field, daily)
        for index, days in enumerate(field.months.values()):
            mean = observed_mean(field.values[days, 0], field.observed[days, 0])
            monthly[index] = np.where(np.isnan(mean), monthly[index], mean)
            daily[days] = np.where(np.isnan(mean), daily[days], mean)
        return without_land(field, daily, monthly)


def _running_mean(days: Float[np.ndarray, "day lat lon"], window: int) -> Float[np.ndarray, "day lat lon"]:
    """Average over days around each day of the year; 1 January follows 31 December."""
    return uniform_filter1d(days, window, axis=0, mode="wrap")
