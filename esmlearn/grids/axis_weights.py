"""Weights of interpolation and averaging along an axis: one row for each new point, one column for each old one."""

import numpy as np
from einops import rearrange
from jaxtyping import Float, Int

Weights = Float[np.ndarray, "new old"]
Old = Float[np.ndarray, " old"]
New = Float[np.ndarray, " new"]

WHOLE = 1 - 1e-3
"""Share of a cell that must be covered, else it has no mean; edges in single precision are not exact."""


def nearest(old: Old, new: New) -> Weights:
    """Take the value of the nearest point; of two at one distance, the first."""
    return np.eye(old.size)[np.abs(new[:, None] - old).argmin(axis=1)]


def linear(old: Old, new: New) -> Weights:
    """Interpolate along the line through two neighbours, and extrapolate along it beyond the ends."""
    left = _left(old, new)
    share = (new - old[left]) / (old[left + 1] - old[left])
    return (1 - share)[:, None] * _pick(left, old.size) + share[:, None] * _pick(left + 1, old.size)


def bounded_linear(old: Old, new: New) -> Weights:
    """Interpolate linearly, with the outermost value beyond the ends, so that no weight is negative."""
    return linear(old, np.clip(new, old[0], old[-1]))


def cubic(old: Old, new: New) -> Weights:
    r"""Interpolate by cubic Hermite polynomials whose slopes are those of the quartic through five points.

    .. math:: f(s) = (1 + 2 s)(1 - s)^2 f_0 + s (1 - s)^2 h f'_0 + s^2 (3 - 2 s) f_1 - s^2 (1 - s) h f'_1

    This is exact for cubic polynomials, also on unevenly spaced points. On evenly spaced ones, these are the weights of
    the six-point cubic convolution of Keys 1981, https://doi.org/10.1109/TASSP.1981.1163711. Near the ends, more of the
    five points lie on one side; beyond them, values follow the line through the last two.
    """
    left = _left(old, new)
    step = old[left + 1] - old[left]
    s = (new - old[left]) / step
    slopes = _slopes(old)
    values = ((1 + 2 * s) * (1 - s) ** 2)[:, None] * _pick(left, old.size)
    values += (s**2 * (3 - 2 * s))[:, None] * _pick(left + 1, old.size)
    values += (step * s * (1 - s) ** 2)[:, None] * slopes[left]
    values -= (step * s**2 * (1 - s))[:, None] * slopes[left + 1]
    beyond = (s < 0) | (s > 1)
    return np.where(beyond[:, None], linear(old, new), values)


def overlap(old: Float[np.ndarray, "old 2"], new: Float[np.ndarray, "new 2"], *, turn: float | None = None) -> Weights:
    """Average over the old cells that lie in a new one, each weighted by the width that they share.

    `old` and `new` are lower and upper edges of the cells; for angles, `turn` is a full turn, after which cells repeat.
    Rows sum to one, or to zero where the old cells do not cover the whole of the new one.
    """
    shared = np.zeros((len(new), len(old)))
    for shift in (0.0,) if turn is None else (-turn, 0.0, turn):
        upper = np.minimum(new[:, None, 1], old[:, 1] + shift)
        lower = np.maximum(new[:, None, 0], old[:, 0] + shift)
        shared += np.clip(upper - lower, 0, None)
    covered = shared.sum(axis=1, keepdims=True)
    whole = covered >= WHOLE * (new[:, 1] - new[:, 0])[:, None]
    return np.where(whole, shared / np.where(whole, covered, 1.0), 0.0)


def _left(old: Old, new: New) -> Int[np.ndarray, " new"]:
    """Index of the old point to the left of each new one, or of the nearest one with another point to its right."""
    return np.clip(np.searchsorted(old, new, side="right") - 1, 0, old.size - 2)


def _pick(index: Int[np.ndarray, " new"], size: int) -> Weights:
    """Weights that take one point each."""
    return (rearrange(index, "new -> new 1") == np.arange(size)).astype(np.float64)


def _slopes(points: Old) -> Float[np.ndarray, "old old"]:
    """Weights of the slope at each point: that of the quartic through it and the nearest points, five in all."""
    size = min(5, points.size)
    weights = np.zeros((points.size, points.size))
    for index, point in enumerate(points):
        first = min(max(index - size // 2, 0), points.size - size)
        nearby = slice(first, first + size)
        scale = np.ptp(points[nearby])
        powers = np.vander((points[nearby] - point) / scale, increasing=True).T
        weights[index, nearby] = np.linalg.solve(powers, np.eye(size)[1]) / scale
    return weights
