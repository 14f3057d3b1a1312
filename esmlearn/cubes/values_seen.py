"""What one look at the values of a block, and at all blocks together, shows."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

SAMPLE = 1_000_000
"""Values of a block among which repeated numbers are looked for."""

KEPT = 8
"""Most frequent numbers of a block that are kept."""


class Number(NamedTuple):
    """How often a number comes, and the nearest values below and above it."""

    cells: int
    below: float
    above: float


class Seen(NamedTuple):
    """Counts of values.

    Attributes
    ----------
    valid, outside
        At each time: values that are not missing, and those of them that are out of range.
    near_values, far_values
        Least and greatest value in range, and out of it.
    sampled, repeated
        Number of the values in range that were looked at for repeated numbers, and the most frequent of these.
    """

    valid: np.ndarray
    outside: np.ndarray
    near_values: tuple[float, float]
    far_values: tuple[float, float]
    sampled: int
    repeated: dict[float, Number]

    @classmethod
    def merged(cls, parts: Iterable["Seen"]) -> "Seen":
        """Put what was seen in all blocks together."""
        valid, outside, near, far, sampled, repeated = zip(*parts, strict=True)
        numbers: dict[float, Number] = {}
        for value, number in (item for one in repeated for item in one.items()):
            known = numbers.get(value, Number(0, -np.inf, np.inf))
            numbers[value] = Number(
                known.cells + number.cells, max(known.below, number.below), min(known.above, number.above)
            )
        return cls(np.sum(valid, axis=0), np.sum(outside, axis=0), _hull(near), _hull(far), sum(sampled), numbers)


def look(block: np.ndarray, low: float, high: float, axis: int | None, n_times: int, start: int) -> Seen:
    """Look at the values of a block once.

    Parameters
    ----------
    block
        Values, masked or NaN where they are missing.
    low, high
        Range of what is plausible.
    axis
        Of the time; None where there is none.
    n_times, start
        Number of times of the whole, and the first one of the block.
    """
    times = np.moveaxis(block, axis, 0) if axis is not None else block[None]
    rows = times.reshape(len(times), -1)
    values = np.ma.getdata(rows)
    if values.dtype == np.float16:  # in which limits overflow
        values = values.astype(np.float32)
    there = ~np.ma.getmaskarray(rows) & ~np.isnan(values)
    outside = there & ~((values >= low) & (values <= high))
    counts = np.zeros((2, n_times), np.int64)
    counts[:, start : start + len(rows)] = there.sum(axis=1), outside.sum(axis=1)
    inside = values[there & ~outside]
    sample = inside[:: -(-inside.size // SAMPLE) or 1]
    return Seen(counts[0], counts[1], _ends(inside), _ends(values[outside]), sample.size, _most_frequent(sample))


def _most_frequent(sample: np.ndarray) -> dict[float, Number]:
    """Count the most frequent numbers of a sample."""
    numbers, counts = np.unique(sample, return_counts=True)
    padded = np.concatenate([[-np.inf], numbers, [np.inf]])
    most = np.argsort(-counts, kind="stable")[:KEPT]
    return {float(numbers[k]): Number(int(counts[k]), float(padded[k]), float(padded[k + 2])) for k in most}


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Least and greatest of some values; inf and -inf of none."""
    return (float(values.min()), float(values.max())) if values.size else (np.inf, -np.inf)


def _hull(ends: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Least and greatest of all parts."""
    least, greatest = zip(*ends, strict=True)
    return min(least), max(greatest)
