"""Windows in space and stretches in time that cover a record, so that memory does not grow with it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import find_objects, label
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from esmlearn.fields.field import Field
from esmlearn.grids.tiles import ramp, slices

ROWS, COLUMNS, OVERLAP = 64, 96, 0.25
"""Most rows and columns of a window, and the share of it that overlaps with the next one."""

STEPS, PLACES = 360, 1_000_000
"""Most times of a stretch, and of its places: cells at a time."""

HALO, MOST_HALO = 5.0, 32
"""How far a stretch looks to both sides, in the longest decorrelation time; but at most at so many times, which screen
those farther away."""


class Window(NamedTuple):
    """A water of a window that no land divides.

    Attributes
    ----------
    rows, columns
        Of the smallest box around it, as indices of an array.
    water
        Its cells in this box.
    weight
        In the mean of windows.
    own
        Cells that are farther inside of this window than of any other.
    """

    rows: np.ndarray
    columns: np.ndarray
    water: Bool[np.ndarray, "row column"]
    weight: Float[np.ndarray, "row column"]
    own: Bool[np.ndarray, "row column"]


class Stretch(NamedTuple):
    """Times of a stretch with those around it, and the stretch by itself."""

    around: slice
    core: slice

    @property
    def inner(self) -> slice:
        """The stretch, counted from the first time around it."""
        return slice(self.core.start - self.around.start, self.core.stop - self.around.start)


def windows(
    field: Field, most_rows: int | None = None, most_columns: int | None = None, overlap: float = OVERLAP
) -> list[Window]:
    """Windows that cover the ocean; on a ring of longitudes the last ones go on over its start.

    Waters that are not connected within a window are apart: those of a lake, of an enclosed sea, or of the two sides of
    an isthmus know nothing of each other. A way may pass the corner between two cells.
    """
    rows, columns = field.land.shape
    most_rows, most_columns = most_rows or ROWS, most_columns or COLUMNS
    ring = field.closes and columns > most_columns
    boxes = [
        (np.arange(row.start, row.stop)[:, None], np.arange(column.start, column.stop) % columns)
        for row in slices(rows, most_rows, overlap)
        for column in slices(columns, most_columns, overlap, ring=ring)
    ]
    weights = [ramp(row.size)[:, None] ** 2 * ramp(column.size) ** 2 for row, column in boxes]
    best = np.zeros(field.land.shape, np.float32)
    for box, weight in zip(boxes, weights, strict=True):
        best[box] = np.maximum(best[box], weight)
    return [
        Window(row[part[0]], column[part[1]], water, weight[part], weight[part] == best[row, column][part])
        for (row, column), weight in zip(boxes, weights, strict=True)
        for part, water in _waters(~field.land[row, column], ring=field.closes and len(column) == columns)
    ]


def _waters(
    ocean: Bool[np.ndarray, "row column"], *, ring: bool
) -> Iterator[tuple[tuple[slice, slice], Bool[np.ndarray, "row column"]]]:
    """Connected waters, with the boxes around them; on a ring the last column touches the first."""
    number, count = label(ocean, np.ones((3, 3)))
    if ring:
        west, east = number[:, 0], number[:, -1]
        seam = np.stack([np.r_[west, west[1:], west[:-1]], np.r_[east, east[:-1], east[1:]]])
        seam = seam[:, (seam > 0).all(axis=0)]
        touching = coo_matrix((np.ones(seam.shape[1]), seam), shape=(count + 1, count + 1))
        number = connected_components(touching, directed=False)[1][number]
    for index, box in enumerate(find_objects(number), 1):
        yield box, number[box] == index


def stretches(days: Float[np.ndarray, " time"], longest_days: float, cells: int) -> Iterator[Stretch]:
    """Stretches of a water of so many cells that cover the times, which may have any distances."""
    steps = int(np.clip(PLACES // cells - 2 * MOST_HALO, MOST_HALO, STEPS))
    for start in range(0, len(days), steps):
        stop = min(start + steps, len(days))
        first = int(np.searchsorted(days, days[start] - HALO * longest_days))
        last = int(np.searchsorted(days, days[stop - 1] + HALO * longest_days, side="right"))
        yield Stretch(slice(max(first, start - MOST_HALO), min(last, stop + MOST_HALO)), slice(start, stop))
