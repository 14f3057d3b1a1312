"""Where places of a window are, to tell what is near."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from esmlearn.baselines.kriging.covariance import RADIUS_KM, positions
from esmlearn.baselines.kriging.system import Places


@dataclass(frozen=True)
class Coordinates:
    """Times, rows and columns of a window, as coordinates in decorrelation times and lengths.

    Attributes
    ----------
    days
        Times in days.
    lat, lon
        Rows and columns in degrees.
    time_days, length_km
        Decorrelation time and length.
    """

    days: Float[np.ndarray, " time"]
    lat: Float[np.ndarray, " row"]
    lon: Float[np.ndarray, " column"]
    time_days: float
    length_km: float

    def of(self, places: Places) -> Float[np.ndarray, "place 4"]:
        """Points on a sphere, and the time."""
        at = positions(self.lat[places.row.numpy()], self.lon[places.column.numpy()]) / self.length_km
        return np.concatenate([at, self.days[places.time.numpy()][:, None] / self.time_days], axis=1)

    def blocks(self, places: Places, size: int) -> Int[np.ndarray, " place"]:
        """Number of the block of about so many times and cells that each place is in; its sides are of one length."""
        km = RADIUS_KM * np.deg2rad(1) / self.length_km
        axes = (
            self.days / self.time_days,
            km * self.lat,
            km * np.cos(np.deg2rad(self.lat.mean())) * np.unwrap(self.lon, period=360),
        )
        steps = [float(np.median(np.abs(np.diff(axis)))) if len(axis) > 1 else 1.0 for axis in axes]
        side = float(np.cbrt(size * np.prod(steps)))
        numbers = [np.unique(np.floor(axis / side), return_inverse=True)[1] for axis in axes]
        chosen = [part[at.numpy()] for part, at in zip(numbers, (places.time, places.row, places.column), strict=True)]
        return np.ravel_multi_index(chosen, [part.max() + 1 for part in numbers])
