"""Difficulty of hidden points: distances to observations and coast, season, and others, with their bins."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.grids.regridding import EARTH_RADIUS_KM
from esmlearn.grids.sphere import angle_to_nearest, on_sphere

INF = float("inf")

Number = int | float


@dataclass(frozen=True)
class Bins:
    """Groups of points by one quantity.

    Attributes
    ----------
    by
        Name of the quantity; the key `by` of a row's `bin`.
    values
        Value of each point, shape (time, lat, lon), or one that broadcasts to it.
    limits
        Lower and upper limit of each bin. A bin includes its lower limit; its upper limit only if the values are whole
        numbers, or if it is the last bin.
    units
        Units of the limits.
    whole
        Whether the values are whole numbers.
    """

    by: str
    values: np.ndarray
    limits: tuple[tuple[Number, Number], ...]
    units: str
    whole: bool = False

    def __iter__(self) -> Iterator[tuple[Number, Number, np.ndarray]]:
        """Give the lower limit, the upper limit and the mask of the points for each bin."""
        for low, high in self.limits:
            last = self.whole or (low, high) == self.limits[-1]
            below = self.values <= high if last else self.values < high
            yield low, high, (self.values >= low) & below


def by_month(dates: np.ndarray) -> Bins:
    """Sort by the calendar month of each date."""
    months = np.array([date.month for date in dates])[:, None, None]
    return Bins("month", months, tuple((month, month) for month in range(1, 13)), "1", whole=True)


def by_season(dates: np.ndarray) -> Bins:
    """Sort by the season of each date: 1 is December to February, 4 is September to November."""
    seasons = np.array([date.month % 12 // 3 + 1 for date in dates])[:, None, None]
    return Bins("season", seasons, tuple((season, season) for season in range(1, 5)), "1", whole=True)


def by_hour(dates: np.ndarray) -> Bins:
    """Sort by the hour of the day (UTC) of each date."""
    hours = np.array([date.hour for date in dates])[:, None, None]
    return Bins("hour", hours, tuple((hour, hour) for hour in sorted({date.hour for date in dates})), "h", whole=True)


def by_surface(land: Bool[np.ndarray, "lat lon"]) -> Bins:
    """Sort by the surface: 0 is sea, 1 is land."""
    return Bins("surface", land.astype(int), ((0, 0), (1, 1)), "1", whole=True)


def by_height(height: Float[np.ndarray, "lat lon"]) -> Bins:
    """Sort by the height of the surface (m), negative heights in the lowest bin; a cell with NaN is in no bin."""
    edges = (0.0, 200.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0, INF)
    return Bins("height", np.maximum(height, 0.0), tuple(pairwise(edges)), "m")


def by_share_hidden(share: np.ndarray) -> Bins:
    """Sort by the hidden share, of the ocean on a day or of a month's days at a place."""
    edges = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    return Bins("share_hidden", share, tuple(pairwise(edges)), "1")


def by_distance(distance: Float[np.ndarray, "time lat lon"]) -> Bins:
    """Sort by the distance (km) to the nearest observation of the same day; days without any are the last bin."""
    edges = (0.0, 10.0, 25.0, 50.0, 100.0, 200.0, 400.0, INF)
    return Bins("distance_to_observation", distance, tuple(pairwise(edges)), "km")


def by_coast(distance: Float[np.ndarray, "lat lon"]) -> Bins:
    """Sort by the distance (km) to the nearest land."""
    edges = (0.0, 25.0, 50.0, 100.0, 200.0, 400.0, INF)
    return Bins("distance_to_coast", distance, tuple(pairwise(edges)), "km")


def by_days(days: Float[np.ndarray, "time lat lon"]) -> Bins:
    """Sort by the days to the nearest observation at the same place; places never observed are in the last bin."""
    limits = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, INF))
    return Bins("days_to_observation", days, limits, "days", whole=True)


def share_hidden(
    hidden: Bool[np.ndarray, "time lat lon"], ocean: Bool[np.ndarray, "lat lon"]
) -> Float[np.ndarray, "time 1 1"]:
    """Give the share of the ocean cells that is hidden on each day."""
    return (hidden & ocean).sum(axis=(1, 2), keepdims=True) / max(int(ocean.sum()), 1)


def distance_to_observation(
    observed: Bool[np.ndarray, "time lat lon"], lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]
) -> Float[np.ndarray, "time lat lon"]:
    """Give the great-circle distance (km) from each cell to the nearest one that was observed on the same day.

    Distances go straight across land. On a day without any observation they are infinite.
    """
    places = on_sphere(lat, lon)
    return EARTH_RADIUS_KM * np.stack([angle_to_nearest(day, places) for day in observed])


def distance_to_coast(
    land: Bool[np.ndarray, "lat lon"], lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]
) -> Float[np.ndarray, "lat lon"]:
    """Give the great-circle distance (km) from each cell to the centre of the nearest land cell; 0 on land.

    Land outside of the grid is not known. Without any land the distances are infinite.
    """
    return EARTH_RADIUS_KM * angle_to_nearest(land, on_sphere(lat, lon))


def days_to_observation(
    observed: Bool[np.ndarray, "time lat lon"], day: np.ndarray
) -> Float[np.ndarray, "time lat lon"]:
    """Give the days from each value to the nearest observation at the same place, before or after; infinite if none.

    Parameters
    ----------
    observed
        True where a value was an input of the methods.
    day
        Day number of each date, shape (time,), rising.
    """
    number = np.broadcast_to(np.asarray(day, float)[:, None, None], observed.shape)
    before = np.maximum.accumulate(np.where(observed, number, -INF), axis=0)
    after = np.minimum.accumulate(np.where(observed, number, INF)[::-1], axis=0)[::-1]
    return np.minimum(number - before, after - number).astype(np.float32)
