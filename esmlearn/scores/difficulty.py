"""How hard a hidden point is: the measures by which scores are broken down."""

from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

from esmlearn.scores.points import Bins

EARTH_RADIUS_KM = 6371.0
INF = float("inf")


def by_month(dates: np.ndarray) -> Bins:
    """Sort by the calendar month of each date."""
    months = np.array([date.month for date in dates])[:, None, None]
    return Bins("month", months, tuple((month, month) for month in range(1, 13)), "1", whole=True)


def by_share_hidden(share: np.ndarray) -> Bins:
    """Sort by a share that is hidden: of the ocean on a day, or of a month's days at a place."""
    edges = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    return Bins("share_hidden", share, tuple(pairwise(edges)), "1")


def by_distance(distance: Float[np.ndarray, "time lat lon"]) -> Bins:
    """Sort by the distance (km) to the nearest observation of the same day; days without any are the last bin."""
    edges = (0.0, 10.0, 25.0, 50.0, 100.0, 200.0, 400.0, INF)
    return Bins("distance_to_observation", distance, tuple(pairwise(edges)), "km")


def by_days(days: Float[np.ndarray, "time lat lon"]) -> Bins:
    """Sort by the days to the nearest observation at the same place; places never observed are in the last bin."""
    limits = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, INF))
    return Bins("days_to_observation", days, limits, "days", whole=True)


def share_hidden(
    hidden: Bool[np.ndarray, "time lat lon"], ocean: Bool[np.ndarray, "lat lon"]
) -> Float[np.ndarray, "time 1 1"]:
    """Share of the ocean cells that is hidden on each day."""
    return (hidden & ocean).sum(axis=(1, 2), keepdims=True) / max(int(ocean.sum()), 1)


def distance_to_observation(
    observed: Bool[np.ndarray, "time lat lon"], lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]
) -> Float[np.ndarray, "time lat lon"]:
    """Great-circle distance (km) from each cell to the nearest one that was observed on the same day.

    Found among points on the sphere, so that the date line, the narrowing of meridians and a grid that closes on itself
    need no special care. Land is never observed, and distances go straight across it. A day without any observation
    is infinitely far.
    """
    north, east = np.deg2rad(lat)[:, None], np.deg2rad(lon)[None, :]
    sphere = np.stack(
        np.broadcast_arrays(np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)),
        axis=-1,
    )
    distance = np.full(observed.shape, INF, np.float32)
    for day, seen in zip(distance, observed, strict=True):
        if seen.any():
            chord, _ = cKDTree(sphere[seen]).query(sphere[~seen])
            day[~seen] = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0, 1))
            day[seen] = 0.0
    return distance


def days_to_observation(
    observed: Bool[np.ndarray, "time lat lon"], day: np.ndarray
) -> Float[np.ndarray, "time lat lon"]:
    """Days from each value to the nearest observation at the same place, before or after; infinite if there is none.

    Parameters
    ----------
    observed
        What the methods were given.
    day
        Day number of each date, shape (time,), rising.
    """
    number = np.broadcast_to(np.asarray(day, float)[:, None, None], observed.shape)
    before = np.maximum.accumulate(np.where(observed, number, -INF), axis=0)
    after = np.minimum.accumulate(np.where(observed, number, INF)[::-1], axis=0)[::-1]
    return np.minimum(number - before, after - number).astype(np.float32)
