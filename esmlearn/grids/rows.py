"""Blocks of rows, for what is calculated cell by cell and would need much memory for all at once."""

from collections.abc import Iterator

MOST_VALUES = 4_000_000
"""Values of a block, of all times together."""


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut the rows of an array (time, lat, lon) into blocks of at most `MOST_VALUES`, or single rows.

    >>> list(row_blocks((1_000_000, 3, 2)))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    n_time, n_rows, n_columns = shape
    step = max(1, MOST_VALUES // max(1, n_time * n_columns))
    return (slice(first, min(first + step, n_rows)) for first in range(0, n_rows, step))
