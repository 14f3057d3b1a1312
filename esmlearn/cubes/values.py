"""Values that can't be right: found, counted, and refused or masked."""

from collections.abc import Sequence
from itertools import pairwise

import cftime
import dask
import numpy as np
from cf_units import Unit
from iris.cube import Cube

from esmlearn.cubes.plausible import ANYTHING, Plausible, plausible
from esmlearn.cubes.values_seen import Seen, look
from esmlearn.errors import DataError
from esmlearn.settings.values import ValueSettings

MOSTLY = 0.9
"""With this share of the values out of range, the units are wrong and not the values."""

FEWEST = 1000
"""Fewer values don't show that one number is repeated too often."""

STUCK, AT_LIMIT = 0.05, 0.01
"""Least share of the values for a number that fills cells, and for one at the limit of a packing."""

MUCH_MORE = 20
"""A stuck number is so many times as frequent as any other."""

FAR = 0.25
"""A number is far from the rest if nothing lies within this part of their span."""

LONG_DAYS = 180.0
"""Days without any value between others that are worth a sentence."""


def check_values(cube: Cube, settings: ValueSettings | None = None) -> tuple[Cube, list[str]]:
    """Find values that can't be right; the data are read once, block by block.

    Parameters
    ----------
    cube
        Values of any dimensions; lazy data stay lazy.
    settings
        What is plausible, and whether the rest is refused or masked.

    Returns
    -------
    cube
        The same cube, or a copy in which such values are masked.
    sentences
        What was found, with numbers and the first date.

    Raises
    ------
    DataError
        If there are such values and they are not to be masked, or if nearly all values are of other units.
    """
    settings = settings or ValueSettings()
    if not cube.coords("time", dim_coords=True):  # a mask or another map that never changes
        return cube, []
    known = plausible(cube)
    if settings.range is not None:
        known = known._replace(low=settings.range[0], high=settings.range[1])
    seen = _look_at(cube, known)
    bad: list[float] = []
    sentences = []
    if seen.outside.any():
        sentences.append(_out_of_range(cube, known, seen))
    if settings.stuck:
        bad, found = _repeated(cube, known, seen)
        sentences += found
    if sentences and settings.out_of_range == "refuse":
        raise DataError(
            f"{' '.join(sentences)} Correct the file, or set input.values: out_of_range: mask, range or stuck."
        )
    if sentences:
        sentences = [f"{sentence} They count as not observed." for sentence in sentences]
        cube = _masked(cube, known, bad)
    return cube, sentences + _empty_for_long(cube, seen)


def _look_at(cube: Cube, known: Plausible) -> Seen:
    """Look at all blocks of a cube."""
    data = cube.lazy_data()
    axis = next(iter(cube.coord_dims("time")), None) if cube.coords("time") else None
    size = 1 if axis is None else data.shape[axis]
    starts = [0] if axis is None else np.cumsum((0, *data.chunks[axis])).tolist()
    blocks = data.to_delayed()
    parts = [
        dask.delayed(look)(blocks[index], known.low, known.high, axis, size, 0 if axis is None else starts[index[axis]])
        for index in np.ndindex(blocks.shape)
    ]
    return Seen.merged(dask.compute(*parts))


def _out_of_range(cube: Cube, known: Plausible, seen: Seen) -> str:
    """Say how many values are out of range; a DataError if nearly all are, for then their units are wrong."""
    low, high = seen.far_values
    values = f"from {low:g} to {high:g}" if low < high else f"all {low:g}"
    sentence = (
        f"{cube.name()}: {_count(int(seen.outside.sum()), int(seen.valid.sum()))} lie outside of {known.low:g} to "
        f"{known.high:g} {cube.units} ({values}), the first{_date(cube, seen.outside)}."
    )
    if low < high and seen.outside.sum() >= MOSTLY * seen.valid.sum():
        fitting = [unit for unit in ("K", "degC", "degF") if _fits(cube, known, unit, low, high)]
        hint = f"; they would fit as {fitting[0]}" if fitting else ""
        raise DataError(f"{sentence} The units of the file are probably wrong{hint}: correct them.")
    return sentence


def _fits(cube: Cube, known: Plausible, unit: str, low: float, high: float) -> bool:
    """Whether values would be plausible in another unit of temperature."""
    if not cube.units.is_convertible(unit):
        return False
    least, greatest = Unit(unit).convert(np.array([low, high]), cube.units)
    return bool(known.low <= least and greatest <= known.high)


def _repeated(cube: Cube, known: Plausible, seen: Seen) -> tuple[list[float], list[str]]:
    """Find a number that fills many cells: far from the rest, zero where no zero is natural, or at a limit."""
    counts = sorted(seen.repeated.items(), key=lambda item: -item[1].cells)
    if seen.sampled < FEWEST or len(counts) < 2:
        return [], []
    (value, most), (_, second) = counts[:2]
    share = most.cells / seen.sampled
    if most.cells < MUCH_MORE * second.cells or any(low <= value <= high for low, high in _widened(known)):
        return [], []
    quantity_known = (known.low, known.high) != (ANYTHING.low, ANYTHING.high)
    low, high = seen.near_values
    gap = min(abs(value - most.below), abs(most.above - value))
    rest = (high if value < high else most.below) - (low if value > low else most.above)
    zeros = [0.0, Unit("degC").convert(0.0, cube.units)] if cube.units.is_convertible("degC") else [0.0]
    zero = quantity_known and bool(np.isclose(value, zeros, rtol=1e-6, atol=1e-6).any())
    at_limit = quantity_known and value in (low, high)
    if share >= STUCK and (zero or gap > FAR * rest):
        what = "which no sea or air has in so many places; it stands for missing values or is stuck"
    elif share >= AT_LIMIT and at_limit:
        what = "the limit of what the file can hold"
    else:
        return [], []
    return [value], [
        f"{cube.name()}: about {100 * share:.3g} % of the values are exactly {value:g} {cube.units}, {what}."
    ]


def _widened(known: Plausible) -> list[tuple[float, float]]:
    """Ranges of natural numbers, with room for rounding."""
    return [(low - 1e-6 * (1 + abs(low)), high + 1e-6 * (1 + abs(high))) for low, high in known.natural]


def _masked(cube: Cube, known: Plausible, bad: Sequence[float]) -> Cube:
    """Mask what is out of range or one of the bad numbers."""

    def mask(block: np.ndarray) -> np.ma.MaskedArray:
        outside = (block < known.low) | (block > known.high)
        return np.ma.masked_where(np.ma.filled(outside, False) | np.isin(np.ma.getdata(block), bad), block)

    if not cube.has_lazy_data():
        return cube.copy(data=mask(cube.data))
    data = cube.lazy_data()
    return cube.copy(data=data.map_blocks(mask, dtype=data.dtype, meta=np.ma.masked_array([], dtype=data.dtype)))


def _empty_for_long(cube: Cube, seen: Seen) -> list[str]:
    """Say which long times have no value at all, between times with values: a wrong valid_range can hide a year."""
    if len(seen.valid) < 3:
        return []
    coord = cube.coord("time")
    days = coord.units.convert(coord.points, Unit("days since 1900-01-01", coord.units.calendar))
    there = np.flatnonzero(seen.valid).tolist()
    return [
        f"{cube.name()} has no value at all after{_at(cube, first)} until{_at(cube, last)} ({last - first - 1} times): "
        "see whether valid_range or missing_value of these files are wrong."
        for first, last in pairwise(there)
        if last - first > 3 and days[last] - days[first] > LONG_DAYS
    ]


def _count(some: int, of: int) -> str:
    """Write a count with its share."""
    return f"{some:,} of {of:,} values ({100 * some / of:.3g} %)"


def _date(cube: Cube, counts: np.ndarray) -> str:
    """Date of the first time that has any."""
    return _at(cube, int(np.flatnonzero(counts)[0])) if cube.coords("time") else ""


def _at(cube: Cube, index: int) -> str:
    """Date of one time."""
    coord = cube.coord("time")
    date = cftime.num2date(coord.points[index], str(coord.units), calendar=coord.units.calendar)
    return f" {date:%Y-%m-%d}"
