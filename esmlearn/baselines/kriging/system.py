"""The system of equations of all observations of a window, and its solution by conjugate gradients."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

logger = logging.getLogger(__name__)

TOLERANCE = 3e-4
"""Norm of the residual over that of the observations; with 1e-3 and with 1e-5 the RMSE is the same to four digits."""

MOST_STEPS = 500

SINGLE = 1e-4
"""Least reduction of the residual that is asked of one run in single precision; then it is computed anew."""

Columns = Float[Tensor, "observation column"]


@dataclass(frozen=True)
class System:
    """Covariances between the observations of a window, C, and the variances of their errors, R; all over sigma².

    C is never made: on the grid of all times and cells it is a sum of products of a matrix in time and one in space.

    Attributes
    ----------
    in_time, in_space
        Covariances between times and correlations between cells, float64.
    time, cell
        Of each observation.
    noise
        Variance of its error.
    """

    in_time: Float[Tensor, "component time time"]
    in_space: Float[Tensor, "component cell cell"]
    time: Int[Tensor, " observation"]
    cell: Int[Tensor, " observation"]
    noise: Float[Tensor, " observation"]

    def on_grid(self, weights: Columns) -> Float[Tensor, "column time cell"]:
        """Multiply weights of the observations by their covariances with all times and cells."""
        n_time, n_cell = self.in_time.shape[-1], self.in_space.shape[-1]
        spread = weights.new_zeros(weights.shape[1], n_time, n_cell)
        spread[:, self.time, self.cell] = weights.T
        total = torch.zeros_like(spread)
        for in_time, in_space in zip(self.in_time.to(weights.dtype), self.in_space.to(weights.dtype), strict=True):
            total += in_time @ (spread @ in_space)
        return total

    def multiply(self, weights: Columns) -> Columns:
        """Multiply by C + R."""
        return self.on_grid(weights)[:, self.time, self.cell].T + self.noise.to(weights.dtype)[:, None] * weights

    def single(self) -> "System":
        """The same in single precision."""
        return System(self.in_time.float(), self.in_space.float(), self.time, self.cell, self.noise.float())

    def covariances(self, some: Int[Tensor, "*batch row"], others: Int[Tensor, "*batch column"]) -> Tensor:
        """Covariances C between observations, by their numbers; shape (*batch, row, column)."""
        return between(self, (self.time[some], self.cell[some]), (self.time[others], self.cell[others]))


def between(system: System, some: tuple[Tensor, Tensor], others: tuple[Tensor, Tensor]) -> Tensor:
    """Covariances between places of the grid given by time and cell; shape (*batch, row, column)."""
    n_time, n_cell = system.in_time.shape[-1], system.in_space.shape[-1]
    in_time = (some[0] * n_time)[..., :, None] + others[0][..., None, :]
    in_space = (some[1] * n_cell)[..., :, None] + others[1][..., None, :]
    parts = zip(system.in_time.reshape(-1, n_time**2), system.in_space.reshape(-1, n_cell**2), strict=True)
    return sum(time.take(in_time) * space.take(in_space) for time, space in parts)


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
