"""Places on the unit sphere, and how far each is from the nearest of some: the date line is nothing special."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

INF = float("inf")


def on_sphere(lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]) -> Float[np.ndarray, "lat lon 3"]:
    """Cell centres in degrees as points on the unit sphere."""
    north, east = np.meshgrid(np.deg2rad(lat), np.deg2rad(lon), indexing="ij")
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)


def angle_to_nearest(
    mask: Bool[np.ndarray, "lat lon"], places: Float[np.ndarray, "lat lon 3"]
) -> Float[np.ndarray, "lat lon"]:
    """Great-circle angle (radian) from each cell to the nearest one where a mask is true: 0 there; infinite if none."""
    angle = np.full(mask.shape, INF, np.float32)
    if mask.any():
        chord, _ = cKDTree(places[mask]).query(places[~mask])
        angle[~mask] = 2 * np.arcsin(np.clip(chord / 2, 0, 1))
        angle[mask] = 0.0
    return angle
