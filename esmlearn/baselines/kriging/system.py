"""The system of equations of all observations of a window, and its solution by conjugate gradients."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from esmlearn.baselines.kriging.space import CellCorrelations

logger = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Norm of the residual over that of the observations; with 1e-5 the RMSE is the same to four digits."""

MOST_STEPS = 500

SINGLE = 1e-4
"""Least reduction of the residual that is asked of one run in single precision; then it is computed anew."""

Columns = Float[Tensor, "observation column"]


@dataclass(frozen=True)
class Places:
    """Places of a window: the numbers of their times, rows and columns."""

    time: Int[Tensor, "*place"]
    row: Int[Tensor, "*place"]
    column: Int[Tensor, "*place"]

    @classmethod
    def where(cls, mask: Bool[np.ndarray, "time row column"]) -> "Places":
        """Those of a mask."""
        return cls(*(torch.from_numpy(part) for part in np.nonzero(mask)))

    def at(self, chosen: Int[Tensor, "*chosen"]) -> "Places":
        """Some of them, by their number."""
        return Places(self.time[chosen], self.row[chosen], self.column[chosen])

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class System:
    """Covariances between the observations of a window, C, and the variances of their errors, R; all over sigma².

    C is never made: on the grid of all times and cells it is a sum of products of a matrix in time and correlations in
    space.

    Attributes
    ----------
    in_time
        Covariances of each component between times, float64.
    in_space
        Correlations of each component between cells, float64.
    observed
        Where the observations are.
    noise
        Variance of the error of each.
    """

    in_time: Float[Tensor, "component time time"]
    in_space: CellCorrelations
    observed: Places
    noise: Float[Tensor, " observation"]

    def on_grid(self, weights: Columns) -> Float[Tensor, "column time row column_of_grid"]:
        """Multiply weights of the observations by their covariances with all times and cells."""
        times, layers = self.in_time.shape[-1], weights.shape[1]
        rows, columns = self.in_space.table.shape[-2:]
        at = self.observed
        spread = weights.new_zeros(layers, times, rows, columns)
        spread[:, at.time, at.row, at.column] = weights.T
        spread = rearrange(spread, "layer time row column -> time (layer row column)")
        parts = rearrange(self.in_time @ spread, "k time (layer row column) -> k (layer time) row column",
                          row=rows, column=columns)  # fmt: skip
        return rearrange(self.in_space.multiply(parts), "(layer time) row column -> layer time row column", time=times)

    def multiply(self, weights: Columns) -> Columns:
        """Multiply by C + R."""
        at = self.observed
        return self.on_grid(weights)[:, at.time, at.row, at.column].T + self.noise[:, None] * weights

    def single(self) -> "System":
        """The same in single precision."""
        return System(self.in_time.float(), self.in_space.single(), self.observed, self.noise.float())

    def covariances(self, some: Places, others: Places) -> Float[Tensor, "*batch row column"]:
        """Covariances C between all pairs of some places and others; shape (*batch, row, column)."""
        one, other = (
            (some.time[..., :, None], some.row[..., :, None], some.column[..., :, None]),
            (others.time[..., None, :], others.row[..., None, :], others.column[..., None, :]),
        )
        lag = one[0] * self.in_time.shape[-1] + other[0]
        in_space = self.in_space.between(one[1:], other[1:])
        return sum(time.take(lag) * space for time, space in zip(self.in_time, in_space, strict=True))


def solve(
    system: System, precondition: Callable[[Columns], Columns], observations: Columns, *, tolerance: float | None = None
) -> tuple[Columns, int]:
    """Solve (C + R) weights = observations by preconditioned conjugate gradients; return the number of steps, too.

    Steps are in single precision. The residual is computed anew in double precision, and what remains is solved again,
    until its norm is `tolerance` (default: `TOLERANCE`) times that of the observations.
    """
    tolerance = TOLERANCE if tolerance is None else tolerance
    size = observations.norm(dim=0).clamp(min=1e-30)
    weights, residual, steps = torch.zeros_like(observations), observations, 0
    fast = system.single()
    while (left := float((residual.norm(dim=0) / size).max())) > tolerance and steps < MOST_STEPS:
        goal = max(SINGLE, 0.5 * tolerance / left)
        change, taken = _conjugate_gradients(fast, precondition, residual.float(), goal, MOST_STEPS - steps)
        weights = weights + change
        residual, steps = observations - system.multiply(weights), steps + taken
    if left > tolerance:
        logger.warning("Kriging: %d steps leave a relative residual of %.1g, not %.1g.", steps, left, tolerance)
    return weights, steps


def _conjugate_gradients(
    system: System, precondition: Callable[[Columns], Columns], right: Columns, tolerance: float, most: int
) -> tuple[Columns, int]:
    """Preconditioned conjugate gradients for all columns together (Golub & Van Loan 2013, algorithm 11.5.1)."""
    size = right.norm(dim=0).clamp(min=1e-30)
    solution, residual = torch.zeros_like(right), right
    direction, before = torch.zeros_like(right), torch.ones_like(size)
    for step in range(most):
        if float((residual.norm(dim=0) / size).max()) <= tolerance:
            return solution, step
        corrected = precondition(residual)
        now = (residual * corrected).sum(dim=0)
        direction = corrected + now / before * direction
        image = system.multiply(direction)
        length = now / (direction * image).sum(dim=0).clamp(min=1e-30)
        solution, residual, before = solution + length * direction, residual - length * image, now.clamp(min=1e-30)
    return solution, most
