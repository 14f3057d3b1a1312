"""A regression that members depart from: its mean, the standard deviation of its errors, and how it is trained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator, PartialState
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.diffusion import Network
from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.transformer.parts import LOG_STD_RANGE
from esmlearn.tasks.ensembles.denoising import DenoisingBatch
from esmlearn.tasks.ensembles.errors import LEAST_STD
from esmlearn.tasks.ensembles.tiles import tiled
from esmlearn.training.losses import gaussian_loss


class FirstGuess(NamedTuple):
    """A first guess and the logarithm of its standard deviation, in scaled units."""

    mean: Float[Tensor, "map var lat lon"]
    log_std: Float[Tensor, "map var lat lon"]

    @classmethod
    def climatology(
        cls,
        values: Float[Tensor, "map var lat lon"],
        observed: Bool[Tensor, "map var lat lon"],
        error: Float[Tensor, "map var lat lon"],
    ) -> "FirstGuess":
        """Depart from the climatology, zero, with its deviation; from observations with an error where there are any.

        States of exact observations are then their values.
        """
        nothing = torch.zeros_like(values)
        return cls(nothing, nothing).keep_observations(values, observed & (error > 0), error)

    def keep_observations(
        self,
        values: Float[Tensor, "map var lat lon"],
        observed: Bool[Tensor, "map var lat lon"],
        error: Float[Tensor, "map var lat lon"],
    ) -> "FirstGuess":
        """Put observations in: the residual of an exact one is zero, that of others is in units of its error."""
        log_error = torch.where(error > 0, error.clamp(min=float(LEAST_STD)).log(), 0.0)
        return FirstGuess(torch.where(observed, values, self.mean), torch.where(observed, log_error, self.log_std))


@dataclass(frozen=True)
class RegressionBatch:
    """Inputs of a regression, and its target.

    Attributes
    ----------
    condition
        Inputs.
    base
        What its mean departs from: zero, which is the climatology, or an interpolated field.
    values, valid
        The target in scaled units, and where it is known.
    observed
        Where it is among the inputs.
    given, error
        What is an input there, and the standard deviation of its error; zero where it is exact.
    learned
        Where it counts: the regression learns what is hidden of it, a denoiser also what was observed with an error.
    area
        Relative area of the cells.
    """

    condition: Condition
    base: Float[Tensor, "batch var lat lon"]
    values: Float[Tensor, "batch var lat lon"]
    valid: Bool[Tensor, "batch var lat lon"]
    observed: Bool[Tensor, "batch var lat lon"]
    given: Float[Tensor, "batch var lat lon"]
    error: Float[Tensor, "batch var lat lon"]
    learned: Bool[Tensor, "batch var lat lon"]
    area: Float[Tensor, "batch 1 lat lon"]

    @property
    def hidden(self) -> Bool[Tensor, "batch var lat lon"]:
        """Where something counts that is no input."""
        return self.learned & ~self.observed


MakeBatch = Callable[[Any], RegressionBatch]


def regress(network: Network, condition: Condition, base: Float[Tensor, "map var lat lon"]) -> FirstGuess:
    """Give mean and standard deviation: the noisy state and the noise level of the network are zero.

    Parameters
    ----------
    network
        Its state has twice the variables.
    condition
        Inputs.
    base
        What its mean departs from.
    """
    nothing = torch.zeros_like(base).repeat(1, 2, 1, 1)
    departure, log_std = network(nothing, base.new_zeros(len(base)), condition).float().chunk(2, dim=1)
    return FirstGuess(base + departure, log_std.clamp(*LOG_STD_RANGE))


@torch.no_grad()
def regress_domain(
    network: nn.Module,
    condition: Condition,
    base: Float[Tensor, "map var lat lon"],
    *,
    tile: tuple[int, int],
    position: Float[Tensor, "2 lat lon"],
    ring: bool,
) -> FirstGuess:
    """Run a trained regression on a whole domain, in tiles; parameters as of `regress` and `tiled`."""
    device = PartialState().device
    in_tiles = tiled(network.to(device), tile, position, ring=ring)
    return FirstGuess(*(part.cpu() for part in regress(in_tiles, condition.to(device), base.to(device))))


@dataclass(frozen=True)
class ResidualBatches:
    """Turn batches into those of a denoiser: its clean states are residuals of the regression over its deviation.

    Attributes
    ----------
    make_batch
        Makes inputs and target of the regression.
    regression
        The trained network; with None, clean states are the values themselves.
    """

    make_batch: MakeBatch
    regression: nn.Module | None

    def __call__(self, samples: Any, *, drop_coordinates: float = 0.0) -> DenoisingBatch:
        """Make a batch; coordinates that are dropped are dropped for the regression, too."""
        batch = self.make_batch(samples)
        condition, values = batch.condition.drop_coordinates(drop_coordinates), batch.values
        if self.regression is None:
            guess = FirstGuess.climatology(batch.given, batch.observed, batch.error)
        else:
            with torch.no_grad():
                guess = regress(self.regression.to(values.device), condition, batch.base)
            guess = guess.keep_observations(batch.given, batch.observed, batch.error)
            condition = condition._replace(maps=torch.cat([condition.maps, *guess], dim=1))
        clean = ((values - guess.mean) / guess.log_std.exp()).masked_fill(~batch.valid, 0.0)
        return DenoisingBatch(clean, batch.learned, batch.area, condition)


@dataclass(frozen=True)
class RegressionObjective:
    """Learn a mean and the standard deviation of its errors, where the target is hidden and known.

    Attributes
    ----------
    make_batch
        Makes inputs and target.
    validation
        Fixed batches of samples.
    drop_coordinates
        Share of the training samples without place or date.
    """

    make_batch: MakeBatch
    validation: Sequence[Any]
    drop_coordinates: float = 0.0

    def ready(self, network: nn.Module, batches: Any, accelerator: Accelerator) -> None:
        """Start from the weights as they are."""

    def loss(self, network: nn.Module, samples: Any) -> dict[str, Tensor]:
        """Loss where something is to be learned."""
        batch = self.make_batch(samples)
        if not batch.hidden.any():
            return {}
        guess = regress(network, batch.condition.drop_coordinates(self.drop_coordinates), batch.base)
        error = (guess.mean - batch.values)[batch.hidden]
        return {"loss": gaussian_loss(error, guess.log_std[batch.hidden])}

    def validate(self, network: nn.Module, accelerator: Accelerator) -> dict[str, float]:
        """Root-mean-square error where it counts, in scaled units."""
        errors = [error for batch in self._errors(network, accelerator) for error, _ in batch]
        squares = torch.cat(errors).square()
        return {"regression": float(squares.mean().sqrt())} if squares.numel() else {}

    def finish(self, network: Any, accelerator: Accelerator) -> None:
        """Scale the standard deviation of each variable to the size of its errors."""
        for variable, found in enumerate(zip(*self._errors(network, accelerator), strict=True)):
            ratio = torch.cat([error / log_std.exp() for error, log_std in found])
            if ratio.numel():
                with torch.no_grad():
                    network.head_bias[len(network.head_bias) // 2 + variable] += (
                        ratio.square().mean().sqrt().log().item()
                    )

    @torch.no_grad()
    def _errors(self, network: nn.Module, accelerator: Accelerator) -> list[list[tuple[Tensor, Tensor]]]:
        """Errors and the logarithms of their standard deviations: for each batch, one pair for each variable."""
        training = network.training
        network.eval()
        found = []
        for fixed in self.validation:
            batch = self.make_batch(fixed.to(accelerator.device))
            guess = regress(network, batch.condition, batch.base)
            error = guess.mean - batch.values
            found.append(
                [
                    (error[:, variable][where].cpu(), guess.log_std[:, variable][where].cpu())
                    for variable, where in enumerate(batch.hidden.unbind(1))
                ]
            )
        network.train(training)
        return found
