"""The files of an archive map by map, so that archives of any length fit into memory."""

from collections.abc import Iterator

import dask
import numpy as np
from iris.cube import Cube

from esmlearn.readers.binning import Cells, Sums, bin_part, weigh
from esmlearn.readers.parts import Part
from esmlearn.readers.read import joined


def maps_of(part: Part, cells: Cells | None) -> Iterator[tuple[float, Sums]]:
    """Yield the maps of a file, each with its time (days since 1850), as sums that can be added to those of others.

    Parameters
    ----------
    part
        The file.
    cells
        The regular grid to put it on; None: it stays on its own.
    """
    if cells is not None:
        yield from bin_part(part, cells)
        return
    cube = joined([part])
    values = cube.lazy_data()
    errors = error_of(cube)
    first = 0
    for size in values.chunks[0]:
        block = slice(first, first + size)
        maps, deviations = dask.compute(values[block], None if errors is None else errors[block])
        for index in range(size):
            deviation = None if deviations is None else np.ma.filled(deviations[index].astype(float), np.nan).ravel()
            yield float(part.days[first + index]), as_sums(np.ma.filled(maps[index].astype(float), np.nan).ravel(), deviation)
        first += size


def as_sums(values: np.ndarray, error: np.ndarray | None) -> Sums:
    """Return a map as sums of one observation in each cell that has a value."""
    weight, error = weigh(values, error)
    seen = np.isfinite(values)
    weight = np.where(seen, weight, 0.0)
    return Sums(weight, weight * np.where(seen, values, 0.0), weight * error, seen.astype(np.int64))


def error_of(cube: Cube) -> object | None:
    """Return the standard deviation of the errors that come with a cube, lazily, or None."""
    for extra in cube.ancillary_variables():
        if extra.name().endswith("standard_error"):
            return extra.lazy_data() if extra.has_lazy_data() else extra.core_data()
    return None
