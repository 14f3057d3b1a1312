"""Climatology and scaling: mean seasonal cycle and standard deviation of the training period."""

from dataclasses import dataclass

import numpy as np
from iris.cube import Cube
from jaxtyping import Float
from scipy.ndimage import distance_transform_edt

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.grids.grid import same_places


@dataclass(frozen=True)
class Climatology:
    """Mean seasonal cycle of each cell, as harmonics of the year.

    Attributes
    ----------
    coefficients
        Mean, then cosine and sine of each harmonic, shape (term, lat, lon), in the units of the field.
    lat, lon
        Cell centres in degrees.
    """

    coefficients: Float[np.ndarray, "term lat lon"]
    lat: Float[np.ndarray, " lat"]
    lon: Float[np.ndarray, " lon"]

    @classmethod
    def fit(cls, field: Field, *, harmonics: int = 2, prior_days: float = 20.0) -> "Climatology":
        """Fit by least squares to the observed days of each cell.

        The cycle of a cell with few observed days is close to the mean cycle of the region, which has the weight of
        `prior_days` days. A cell that was never observed takes the cycle of the nearest one that was.

        Raises
        ------
        DataError
            If the field covers less than a year, too little for a seasonal cycle.
        """
        if field.year_fraction.max() - field.year_fraction.min() < 0.9:
            raise DataError(
                f"The climatology needs at least one year of data, but {field.dates[0]:%Y-%m-%d} to "
                f"{field.dates[-1]:%Y-%m-%d} is less; lengthen data.split.train."
            )
        basis = _harmonics(field.year_fraction, harmonics)
        observed = field.single().observed[:, 0]
        values = np.where(observed, field.values[:, 0], 0.0)
        count = observed.sum(axis=0)
        of_values = np.repeat(basis, observed.sum(axis=(1, 2)), axis=0)
        regional = np.linalg.lstsq(of_values, values[observed].astype(np.float64), rcond=None)[0]
        departure = np.where(observed, values - (basis @ regional)[:, None, None], 0.0)
        products = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
        n_terms = basis.shape[1]
        # A mean over several days, or one of several values of a day, counts as so many days.
        prior = prior_days if field.frequency == "day" else prior_days / field.step_days
        gram = np.tensordot(observed.astype(np.float32), products, axes=(0, 0)).reshape(*count.shape, n_terms, n_terms)
        gram += prior * np.diag(np.r_[0.05, np.ones(n_terms - 1)])
        moment = np.tensordot(departure, basis, axes=(0, 0))
        fitted = np.linalg.solve(gram, moment[..., None])[..., 0] + regional
        if (count == 0).any():
            nearest = distance_transform_edt(count == 0, return_distances=False, return_indices=True)
            fitted = fitted[tuple(nearest)]
        return cls(np.moveaxis(fitted, -1, 0).astype(np.float32), field.lat, field.lon)

    def at(self, year_fraction: Float[np.ndarray, " time"]) -> Float[np.ndarray, "time lat lon"]:
        """Climatology at dates given as fractions of their year."""
        basis = _harmonics(year_fraction, (len(self.coefficients) - 1) // 2).astype(np.float32)
        return np.tensordot(basis, self.coefficients, axes=1)

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
        """Fit to the anomalies of the observed cells, each weighted by its area."""
        observed = field.observed[:, 0]
        anomaly = np.where(observed, field.values[:, 0] - climatology.at(field.year_fraction), 0.0)
        weights = observed * field.area_weights
        square = (anomaly**2 * weights).sum(axis=(1, 2))
        count = weights.sum(axis=(1, 2))
        overall = 0.5 * np.log(square.sum() / count.sum())
        if by == "variable":
            return cls(np.array([overall]))
        some = count > 0
        basis = _harmonics(field.year_fraction[some], 2)
        root = np.sqrt(count[some])[:, None]
        variance = np.linalg.lstsq(basis * root, (square[some] / count[some])[:, None] * root, rcond=None)[0][:, 0]
        # Keep the variance of each day of a year positive, then fit harmonics to its logarithm.
        year = np.arange(365) / 365
        smooth = np.maximum(_harmonics(year, 2) @ variance, 0.05 * np.exp(2 * overall))
        return cls(np.linalg.lstsq(_harmonics(year, 2), 0.5 * np.log(smooth), rcond=None)[0])

    def at(self, year_fraction: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Standard deviation at dates given as fractions of their year."""
        return np.exp(_harmonics(year_fraction, (len(self.log_std) - 1) // 2) @ self.log_std).astype(np.float32)


def _harmonics(year_fraction: Float[np.ndarray, " time"], harmonics: int) -> Float[np.ndarray, "time term"]:
    """One, then cosine and sine of each harmonic of the year."""
    angle = 2 * np.pi * np.asarray(year_fraction, dtype=np.float64)[:, None] * np.arange(1, harmonics + 1)
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(len(angle), -1)
    return np.concatenate([np.ones((len(angle), 1)), waves], axis=1)
