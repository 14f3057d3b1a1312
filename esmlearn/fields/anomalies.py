"""Scaled anomalies of a field."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field


@dataclass(frozen=True)
class Anomalies:
    """Anomalies of one variable in standard deviations, with their dates and places.

    Attributes
    ----------
    values
        Anomalies; zero where nothing was observed.
    observed, land
        True where there is a value, and on land.
    year_fraction
        Elapsed fraction of the year at each time.
    position
        Latitude and longitude of the cells in degrees.
    area
        Relative area of the cells.
    months, first_days
        Times of each calendar month, and the day of the month of the first of them.
    error
        Standard deviation of the error of each value, in standard deviations of the anomalies; zero where nothing was
        observed. None where errors are not known.
    """

    values: Float[np.ndarray, "time lat lon"]
    observed: Bool[np.ndarray, "time lat lon"]
    land: Bool[np.ndarray, "lat lon"]
    year_fraction: Float[np.ndarray, " time"]
    position: Float[np.ndarray, "2 lat lon"]
    area: Float[np.ndarray, "lat lon"]
    months: tuple[slice, ...]
    first_days: tuple[int, ...]
    error: Float[np.ndarray, "time lat lon"] | None = None

    @classmethod
    def of(cls, field: Field, climatology: Climatology, scaling: Scaling) -> "Anomalies":
        """Subtract the climatology from a field and divide by the standard deviation."""
        spread = scaling.at(field.single().year_fraction)[:, None, None]
        anomalies = (field.values[:, 0] - climatology.of(field)) / spread
        observed = field.observed[:, 0]
        return cls(
            values=np.where(observed, anomalies, np.float32(0.0)).astype(np.float32),
            observed=observed,
            land=field.land,
            year_fraction=field.year_fraction.astype(np.float32),
            position=np.stack(np.meshgrid(field.lat, field.lon, indexing="ij")).astype(np.float32),
            area=field.area_weights,
            months=tuple(field.months.values()),
            first_days=tuple(field.dates[days.start].day for days in field.months.values()),
            error=None if field.error is None else (field.deviation[:, 0] / spread).astype(np.float32),
        )
