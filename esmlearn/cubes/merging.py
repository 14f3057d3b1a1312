"""Steps of an array in another order, with missing ones put in as masked and several merged to one; lazy or not."""

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
from jaxtyping import Int

Array = Any
"""An array of numpy or dask, masked or not."""


def take_steps(array: Array, rows: Int[np.ndarray, " step"], axis: int) -> Array:
    """Take steps along an axis by their places; where the place is -1, the step is masked."""
    known = rows >= 0
    # A step that is missing repeats the one before, so that lazy data are read in their order.
    near = np.maximum(rows[np.maximum.accumulate(np.where(known, np.arange(rows.size), 0))], 0)
    taken = array[(slice(None),) * axis + (near,)]
    if known.all():
        return taken
    missing = ~known.reshape(-1, *[1] * (array.ndim - axis - 1))
    if isinstance(taken, da.Array):
        chunks = tuple(each if place == axis else (1,) for place, each in enumerate(taken.chunks))[axis:]
        lazy = da.broadcast_to(da.from_array(missing, chunks=chunks), taken.shape, chunks=taken.chunks)
        return da.ma.masked_where(lazy, taken)
    return np.ma.masked_where(np.broadcast_to(missing, taken.shape), taken)


def mean_of_passes(passes: Sequence[Array], errors: Sequence[Array] | None = None) -> Array:
    """Average passes where they have values, weighted by the inverse square of their errors.

    Where the error of a pass is not known, all have the same weight, as have copies of one step. A single value stays
    as it is.
    """
    return _elementwise(_mean, passes, errors)


def error_of_mean(errors: Sequence[Array], passes: Sequence[Array]) -> Array:
    """Standard deviation of the error of `mean_of_passes`, 1 / sqrt(sum of 1 / e²); masked where one is not known."""
    return _elementwise(_error, passes, errors)


def first_of(copies: Sequence[Array]) -> Array:
    """Take the first value that is not masked."""
    return _elementwise(_first, copies)


def sum_of(copies: Sequence[Array]) -> Array:
    """Add values that are not masked."""
    return _elementwise(_sum, copies)


def _elementwise(function: Any, passes: Sequence[Array], errors: Sequence[Array] | None = None) -> Array:
    """Call a function of stacked values and errors on the blocks of arrays."""

    def on_blocks(*parts: np.ndarray) -> np.ma.MaskedArray:
        values, known = _stack(parts[: len(passes)])
        result, there = function(values, known, *(_stack(parts[len(passes) :]) if errors else ()))
        return np.ma.masked_array(result.astype(kind), mask=~there)

    parts = [*passes, *(errors or ())]
    keeps = passes[0].dtype.kind == "f" or function in (_first, _sum)
    kind = passes[0].dtype if keeps else np.dtype("f8")
    if function is _error and errors:
        kind = errors[0].dtype
    lazy = next((part for part in parts if isinstance(part, da.Array)), None)
    if lazy is not None:
        parts = [da.asanyarray(part).rechunk(lazy.chunks) for part in parts]
        meta = np.ma.masked_array(np.empty((0,) * parts[0].ndim, kind))
        return da.map_blocks(on_blocks, *parts, dtype=kind, meta=meta)
    return on_blocks(*parts)


def _stack(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Values with zeros where there are none, and where there are some."""
    known = np.stack([~np.ma.getmaskarray(part) & np.isfinite(np.ma.getdata(part)) for part in parts])
    return np.where(known, np.stack([np.ma.getdata(part) for part in parts]), 0), known


def _mean(
    values: np.ndarray, known: np.ndarray, error: np.ndarray | None = None, has_error: np.ndarray | bool = False
) -> tuple[np.ndarray, np.ndarray]:
    weight = known.astype(float)
    if error is not None:
        weight = np.where(_all_known(known, error, has_error), _precision(known, error), weight)
    count, total = known.sum(axis=0), weight.sum(axis=0)
    mean = (weight * values).sum(axis=0) / np.where(count > 0, total, 1)
    return np.where(count == 1, values.sum(axis=0), mean), count > 0


def _error(_: np.ndarray, known: np.ndarray, error: np.ndarray, has_error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = known.sum(axis=0)
    there = _all_known(known, error, has_error) & (count > 0)
    merged = 1 / np.sqrt(np.where(there, _precision(known, error).sum(axis=0), 1))
    return np.where(count == 1, np.where(known, error, 0).sum(axis=0), merged), there


def _all_known(known: np.ndarray, error: np.ndarray, has_error: np.ndarray | bool) -> np.ndarray:
    return (~known | (has_error & (error > 0))).all(axis=0)


def _precision(known: np.ndarray, error: np.ndarray) -> np.ndarray:
    return np.where(known, 1 / np.where(error > 0, error.astype(float), 1) ** 2, 0)


def _first(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place = known.argmax(axis=0)[None]
    return np.take_along_axis(values, place, axis=0)[0], known.any(axis=0)


def _sum(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.sum(axis=0), known.any(axis=0)
