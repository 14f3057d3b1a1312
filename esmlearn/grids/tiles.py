"""Windows over a grid: windows with ocean, windows that cover the grid, and their weighted mean."""

import numpy as np
from jaxtyping import Bool, Float


def slices(length: int, window: int, overlap: float, *, ring: bool = False) -> list[slice]:
    """Windows that cover a length; the last one ends with it, or on a ring continues over its start."""
    window = min(window, length)
    stride = max(1, round(window * (1 - overlap)))
    starts = [*range(0, length, stride)] if ring else [*range(0, length - window, stride), length - window]
    return [slice(start, start + window) for start in starts]


def ramp(length: int) -> Float[np.ndarray, " cell"]:
    """Weights that rise from the edge of a window to its middle, and are never zero."""
    distance = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return (distance / distance.max()).astype(np.float32)


def corners_with_ocean(land: Bool[np.ndarray, "lat lon"], window: tuple[int, int]) -> np.ndarray:
    """South-west corners of all windows that fit and have at least a tenth of ocean (or any, if none has)."""
    size = [min(a, b) for a, b in zip(window, land.shape, strict=True)]
    views = np.lib.stride_tricks.sliding_window_view(~land, size)
    share = views.mean(axis=(2, 3))
    return np.argwhere(share >= min(0.1, share.max()))


class Blend:
    """Weighted mean of overlapping windows: value and standard deviation."""

    def __init__(self, n_time: int, n_lat: int, n_lon: int) -> None:
        self.total = np.zeros((2, n_time, n_lat, n_lon), np.float32)
        self.weight = np.zeros((n_time, n_lat, n_lon), np.float32)

    def add(
        self, time: slice, place: tuple[slice, slice], estimate: Float[np.ndarray, "two time lat lon"], weight: float
    ) -> None:
        """Add a window; columns beyond the end are those of the start."""
        lat, lon = place
        window = weight * ramp(lat.stop - lat.start)[:, None] * ramp(lon.stop - lon.start)
        columns = np.arange(lon.start, lon.stop) % self.weight.shape[-1]
        self.total[:, time, lat, columns] += estimate * window
        self.weight[time, lat, columns] += window

    def mean(self) -> Float[np.ndarray, "two time lat lon"]:
        """Blended value and standard deviation; zero where no window was."""
        return self.total / np.maximum(self.weight, np.float32(1e-9))
