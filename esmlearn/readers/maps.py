"""The files of an archive map by map, so that archives of any length fit into memory."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from esmlearn.readers.binning import Cells, Sums, bin_part, weigh
from esmlearn.readers.parts import Part


def maps_of(part: Part, cells: Cells | None, counted: Counter[str]) -> Iterator[tuple[float, Sums]]:
    """Yield the maps of a file, each with its time (days since 1850), as sums that can be added to those of others.

    Parameters
    ----------
    part
        The file.
    cells
        The regular grid to put it on; None: it stays on its own, in the order of the file.
    counted
        What is done to values is added to it.
    """
    if cells is not None:
        yield from bin_part(part, cells, counted)
        return
    for block in part.blocks():
        loaded = part.load(block)
        counted.update(loaded.changes)
        for index, day in enumerate(part.days[block]):
            error = None if loaded.error is None else loaded.error[index].astype(float).ravel()
            yield float(day), _as_sums(loaded.values[index].astype(float).ravel(), error)


def _as_sums(values: np.ndarray, error: np.ndarray | None) -> Sums:
    """Return a map as sums of one observation in each cell that has a value."""
    seen = np.isfinite(values)
    weight, error = weigh(values, error)
    weight = np.where(seen, weight, 0.0)
    return Sums(weight, weight * np.where(seen, values, 0.0), weight * error, seen.astype(np.int64))
