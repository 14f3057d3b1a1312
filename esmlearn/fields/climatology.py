"""Climatology and scaling: mean seasonal cycle and standard deviation of the training period."""

import logging
from dataclasses import dataclass

import numpy as np
from iris.cube import Cube
from jaxtyping import Float
from scipy.spatial import cKDTree

from esmlearn.errors import DataError
from esmlearn.fields.climatology_error import fit_region, unseen_error, year_waves
from esmlearn.fields.coverage import FEWEST, MONTHS, covers_the_year, days_near_months, longest_unseen
from esmlearn.fields.field import Field
from esmlearn.fields.rounding import rounding
from esmlearn.grids.grid import same_places
from esmlearn.grids.sphere import on_sphere

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Climatology:
    """Mean seasonal cycle of each cell, as harmonics of the year.

    Attributes
    ----------
    coefficients
        Mean, then cosine and sine of each harmonic, shape (term, lat, lon), in the units of the field.
    lat, lon
        Cell centres in degrees.
    error
        Standard error in the middle of each month, shape (month, lat, lon): zero where the observations cover month and
        cell; None if they do so everywhere.
    trend
        Change per year, and the decimal year at which it is zero; None without a trend.
    """

    coefficients: Float[np.ndarray, "term lat lon"]
    lat: Float[np.ndarray, " lat"]
    lon: Float[np.ndarray, " lon"]
    error: Float[np.ndarray, "12 lat lon"] | None = None
    trend: Float[np.ndarray, "2"] | None = None

    @classmethod
    def fit(cls, field: Field, *, harmonics: int = 2, prior_days: float = 20.0) -> "Climatology":
        """Fit by least squares to the observed days of each cell.

        The cycle of a cell with few observed days is close to the mean cycle of the region, which has the weight of
        `prior_days` days. A cell that was never observed takes the cycle of the nearest one that was, by great
        circle. Cells and months that the observations do not cover have an error, see
        `esmlearn.fields.climatology_error`.

        Raises
        ------
        DataError
            If the field covers too little of the year for a seasonal cycle, see `esmlearn.fields.coverage`.
        """
        if not covers_the_year(field.single(), harmonics=harmonics):
            raise DataError(_too_little(field, harmonics))
        basis = year_waves(field.year_fraction, harmonics, average_days=_averaged_days(field))
        observed = field.observed[:, 0]
        values = np.where(observed, field.values[:, 0], 0.0)
        count = observed.sum(axis=0)
        seen = days_near_months(field) >= FEWEST
        of_region = None if seen.any(axis=(1, 2)).all() else fit_region(values, observed, basis)
        if of_region is None:
            of_values = np.repeat(basis, observed.sum(axis=(1, 2)), axis=0)
            regional = np.linalg.lstsq(of_values, values[observed].astype(np.float64), rcond=None)[0]
        else:
            regional = of_region.coefficients
        departure = np.where(observed, values - (basis @ regional)[:, None, None], 0.0)
        products = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
        n_terms = basis.shape[1]
        # A mean over several days, or one of several values of a day, counts as so many days.
        days = 1.0 if field.frequency == "day" else field.step_days
        prior = prior_days / days
        gram = np.tensordot(observed.astype(np.float32), products, axes=(0, 0)).reshape(*count.shape, n_terms, n_terms)
        gram += prior * np.diag(np.r_[0.05, np.ones(n_terms - 1)])
        moment = np.tensordot(departure, basis, axes=(0, 0))
        fitted = np.linalg.solve(gram, moment[..., None])[..., 0] + regional
        places = on_sphere(field.lat, field.lon)
        if (count == 0).any():
            _, nearest = cKDTree(places[count > 0]).query(places[count == 0])
            fitted[count == 0] = fitted[count > 0][nearest]
        fitted = np.moveaxis(fitted, -1, 0).astype(np.float32)
        error = None
        if not seen[:, ~field.land].all():
            square = np.where(observed, values - np.tensordot(basis, fitted, axes=1), 0.0) ** 2
            variance = float(square.sum() / count.sum())
            error = unseen_error(fitted, seen, ~field.land, gram * days, variance, of_region, places)
        return cls(fitted, field.lat, field.lon, error)

    def at(self, year_fraction: Float[np.ndarray, " time"]) -> Float[np.ndarray, "time lat lon"]:
        """Climatology at dates given as fractions of their year, without the trend."""
        return self._waves(year_fraction)

    def of(self, field: Field) -> Float[np.ndarray, "time lat lon"]:
        """Climatology at the dates of a field, with the trend; its mean over the steps of a field of long steps."""
        cycle = self._waves(field.year_fraction, average_days=_averaged_days(field))
        if self.trend is None:
            return cycle
        per_year, year = self.trend
        return cycle + (per_year * (decimal_years(field) - year)).astype(np.float32)[:, None, None]

    def growth(self, field: Field, spread: Float[np.ndarray, " time"]) -> Float[np.ndarray, "time lat lon"] | None:
        """Factor by which standard deviations grow because the climatology is uncertain; None if it is not.

        Where nothing was observed nearby, the variance of a value is that of anomalies, s², and that of the error of
        the climatology, e². A method that knows s only gives a share of s², so the same share of s² + e² is right, and
        standard deviations grow by the root of 1 + e²/s².

        Parameters
        ----------
        field
            Whose dates are meant.
        spread
            Standard deviation s of the anomalies on each date.
        """
        if self.error is None:
            return None
        place = (field.year_fraction * 12 - 0.5) % 12
        before = place.astype(int)
        weight = (place - before).astype(np.float32)[:, None, None]
        error = self.error[before] * (1 - weight) + self.error[(before + 1) % 12] * weight
        return np.hypot(np.float32(1.0), error / spread.astype(np.float32)[:, None, None])

    def _waves(self, year_fraction: np.ndarray, average_days: float = 0.0) -> Float[np.ndarray, "time lat lon"]:
        basis = year_waves(year_fraction, (len(self.coefficients) - 1) // 2, average_days=average_days)
        return np.tensordot(basis.astype(np.float32), self.coefficients, axes=1)

    def covers(self, cube: Cube) -> bool:
        """Whether the climatology was made on the grid of a cube, with rows in either direction."""
        places = np.sort(cube.coord("latitude").points), cube.coord("longitude").points
        return same_places((self.lat, self.lon), places)


@dataclass(frozen=True)
class Scaling:
    """Standard deviation of the anomalies in the training period, the same for all days or by season.

    Attributes
    ----------
    log_std
        Logarithm of the standard deviation: its mean, then the harmonics of the year if scaled by calendar day.
    """

    log_std: Float[np.ndarray, " term"]

    @classmethod
    def fit(cls, field: Field, climatology: Climatology, *, by: str = "variable") -> "Scaling":
        """Fit to the anomalies of the observed cells, each weighted by its area.

        If the field covers too little of the year for a deviation by calendar day, that of all days is taken, and the
        log says so; months that were not seen have the deviation of all days. Where the observations equal their
        climatology, as in a sea that is always at its freezing point, the deviation is that of `rounding`.
        """
        observed = field.observed[:, 0]
        anomaly = np.where(observed, field.values[:, 0] - climatology.of(field), 0.0)
        weights = observed * field.area_weights
        square = (anomaly**2 * weights).sum(axis=(1, 2), dtype=np.float64)
        count = weights.sum(axis=(1, 2), dtype=np.float64)
        variance = square.sum() / count.sum()
        least = rounding(field.values) ** 2
        if variance <= least:
            logger.warning("The observations hardly differ from their climatology: constant, but for rounding.")
            return cls(np.array([0.5 * np.log(least)]))
        overall = 0.5 * np.log(variance)
        if by == "calendar_day" and not covers_the_year(field):
            logger.warning("The days cover too little of the year for scale_by `calendar_day`; `variable` is taken.")
            by = "variable"
        if by == "variable":
            return cls(np.array([overall]))
        some = count > 0
        unseen = MONTHS[(days_near_months(field) < FEWEST).all(axis=(1, 2))]
        # Without a value in them, waves would swing there as far as they like: each has the weight of a usual month.
        dates = np.r_[field.year_fraction[some], unseen]
        weight = np.r_[count[some], np.full(unseen.size, count.sum() / 12)]
        squares = np.r_[square[some] / count[some], np.full(unseen.size, variance)]
        root = np.sqrt(weight)[:, None]
        by_day = np.linalg.lstsq(year_waves(dates, 2) * root, squares[:, None] * root, rcond=None)[0][:, 0]
        # Keep the variance of each day of a year positive, then fit harmonics to its logarithm.
        year = np.arange(365) / 365
        smooth = np.maximum(year_waves(year, 2) @ by_day, 0.05 * variance)
        return cls(np.linalg.lstsq(year_waves(year, 2), 0.5 * np.log(smooth), rcond=None)[0])

    def at(self, year_fraction: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Standard deviation at dates given as fractions of their year."""
        return np.exp(year_waves(year_fraction, (len(self.log_std) - 1) // 2) @ self.log_std).astype(np.float32)


def decimal_years(field: Field) -> Float[np.ndarray, " time"]:
    """Dates as years and their elapsed fractions."""
    return np.array([date.year for date in field.dates]) + field.year_fraction


def _averaged_days(field: Field) -> float:
    """Days that each value is the mean of; zero for daily and sub-daily values."""
    return field.step_days if field.step_days > 1 and field.frequency != "day" else 0.0


def _too_little(field: Field, harmonics: int) -> str:
    """Say what a climatology lacks."""
    n_times = int(field.observed.any(axis=(1, 2, 3)).sum())
    return (
        f"The data from {field.dates[0]:%Y-%m-%d} to {field.dates[-1]:%Y-%m-%d} ({n_times} times with observations) "
        f"leave {365 * longest_unseen(field):.0f} days of the year unseen, too many for a climatology with "
        f"{harmonics} harmonics; lengthen the period (data.split.train), or take the climatology from elsewhere by "
        "`climatology: packaged` (sea-surface temperature), a file, a dataset, or a model folder."
    )
