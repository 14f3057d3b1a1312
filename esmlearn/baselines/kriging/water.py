"""Distances between cells of the ocean, and waters that land keeps apart."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import label

from esmlearn.baselines.kriging.covariance import positions

APART = 1e6
"""Distance in km between cells whose waters are not connected: there is no correlation."""


def distances(
    land: Bool[np.ndarray, "lat lon"], lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]
) -> Float[np.ndarray, "cell cell"]:
    """Distances in km between all cells of the ocean of a window.

    They are chords of the sphere. Cells that no way through the water of the window connects are far apart: those of a
    lake, of an enclosed sea, or of the two sides of an isthmus. A way may pass the corner between two cells. Around a
    cape the distance stays the direct one.
    """
    ocean = positions(*np.meshgrid(lat, lon, indexing="ij"))[~land]
    waters = label(~land, structure=np.ones((3, 3)))[0][~land]
    chord = np.linalg.norm(ocean[:, None] - ocean, axis=-1)
    return np.where(waters[:, None] == waters, chord, APART)
