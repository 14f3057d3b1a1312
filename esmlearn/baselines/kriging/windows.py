"""Windows in space and stretches in time that cover a record, so that memory does not grow with it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from esmlearn.fields.field import Field
from esmlearn.grids.tiles import ramp, slices

CELLS, OVERLAP = 40, 0.4
"""Most rows and columns of a window, and the share of it that overlaps with the next one."""

STEPS, HALO = 160, 5.0
"""Times of a stretch, and how far it looks to both sides, in the longest decorrelation time."""

MOST_HALO = 32
"""Most times that it looks to each side: they screen what is farther away."""


class Window(NamedTuple):
    """Rows and columns of a window, as indices of an array, and its weight in the mean of windows."""

    rows: np.ndarray
    columns: np.ndarray
    weight: Float[np.ndarray, "lat lon"]


class Stretch(NamedTuple):
    """Times of a stretch with those around it, and the stretch by itself."""

    around: slice
    core: slice

    @property
    def inner(self) -> slice:
        """The stretch, counted from the first time around it."""
        return slice(self.core.start - self.around.start, self.core.stop - self.around.start)


def windows(field: Field) -> Iterator[Window]:
    """Windows that cover the grid; on a ring of longitudes the last ones go on over its start."""
    n_lat, n_lon = field.land.shape
    for rows in slices(n_lat, CELLS, OVERLAP):
        for columns in slices(n_lon, CELLS, OVERLAP, ring=field.closes and n_lon > CELLS):
            size = rows.stop - rows.start, columns.stop - columns.start
            weight = ramp(size[0])[:, None] ** 2 * ramp(size[1]) ** 2
            yield Window(
                np.arange(rows.start, rows.stop)[:, None], np.arange(columns.start, columns.stop) % n_lon, weight
            )


def stretches(days: Float[np.ndarray, " time"], longest_days: float) -> Iterator[Stretch]:
    """Stretches that cover the times, which may have any distances."""
    for start in range(0, len(days), STEPS):
        stop = min(start + STEPS, len(days))
        first = int(np.searchsorted(days, days[start] - HALO * longest_days))
        last = int(np.searchsorted(days, days[stop - 1] + HALO * longest_days, side="right"))
        yield Stretch(slice(max(first, start - MOST_HALO), min(last, stop + MOST_HALO)), slice(start, stop))
