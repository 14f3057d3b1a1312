"""What the season and the month say: baselines that ignore what was observed on the days around a gap."""

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

DAYS_IN_YEAR = 366
WINDOW, SMOOTHING = 11, 31
"""Days of the window that is averaged, and of the running mean that follows (Hobday et al. 2016)."""


class HarmonicClimatology(Baseline):
    """Mean seasonal cycle of the training period as harmonics of the year, whatever was observed."""

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Give each day its place in the cycle."""
        return without_land(field, self.mean_cycle(field))


@dataclass(frozen=True)
class CalendarDayClimatology(Baseline):
    """Mean of each calendar day over the training period, whatever was observed.

    The mean is that of all observations in a window of 11 days around the calendar day, in all years, smoothed by a
    running mean of 31 days, as Hobday et al. (2016, https://doi.org/10.1016/j.pocean.2015.12.014) define it. It is
    taken of the anomalies from the harmonic climatology, which remains where a cell was never seen in a window.

    Attributes
    ----------
    departure
        From the harmonic climatology, by calendar day, shape (day, lat, lon). Days are counted as parts of the year, so
        that years with and without 29 February and calendars of any length share them.
    """

    departure: Float[np.ndarray, "day lat lon"]

    @classmethod
    def fit(cls, training: Field, climatology: Climatology, settings: BaselineSettings) -> "CalendarDayClimatology":  # noqa: ARG003
        """Average what was observed around each calendar day."""
        observed = training.observed[:, 0]
        mean = climatology.at(training.year_fraction)
        anomalies = np.where(observed, training.values[:, 0] - mean, np.float32(0.0))
        total = np.zeros((DAYS_IN_YEAR, *training.land.shape), np.float32)
        count = np.zeros_like(total)
        day = _day_of_year(training)
        for index in np.unique(day):
            total[index] = anomalies[day == index].sum(axis=0)
            count[index] = observed[day == index].sum(axis=0)
        total, count = _running_mean(total, WINDOW), _running_mean(count, WINDOW)
        seen = count > 0.5 / WINDOW  # a running mean of counts is zero but for rounding
        departure = np.where(seen, total / np.where(seen, count, 1), 0).astype(np.float32)
        return cls(climatology, training.land, training.units, _running_mean(departure, SMOOTHING))

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Give each day the mean of its calendar day."""
        return without_land(field, self.mean_cycle(field) + self.departure[_day_of_year(field)])


class ObservedMean(Baseline):
    """Mean of the observed days of each month at each cell, for the month and each of its days.

    Where a month saw nothing, the climatology.
    """

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Average month by month."""
        daily = self.mean_cycle(field)
        monthly = monthly_means(field, daily)
        for index, days in enumerate(field.months.values()):
            mean = observed_mean(field.values[days, 0], field.observed[days, 0])
            monthly[index] = np.where(np.isnan(mean), monthly[index], mean)
            daily[days] = np.where(np.isnan(mean), daily[days], mean)
        return without_land(field, daily, monthly)


def _day_of_year(field: Field) -> np.ndarray:
    """Calendar day of each date, from 0 to 365, whatever the length of the calendar's year."""
    return (field.year_fraction * DAYS_IN_YEAR).astype(int)


def _running_mean(days: Float[np.ndarray, "day lat lon"], window: int) -> Float[np.ndarray, "day lat lon"]:
    """Average over days around each day of a year that closes on itself."""
    return uniform_filter1d(days, window, axis=0, mode="wrap")
