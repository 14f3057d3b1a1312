"""Regression of what is not known, and lessons in how the truth scatters around it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.models.denoisers.condition import Condition
from esmlearn.tasks.ensembles.denoising import Lesson
from esmlearn.tasks.ensembles.guess import Guess, regress, sure_of_observations
from esmlearn.training.losses import gaussian_loss


class Question(NamedTuple):
    """What a network is asked, and what is right.

    Attributes
    ----------
    condition
        What it is told.
    base
        What a regression departs from; zero is the climatology.
    values, valid
        The truth in scaled units, and where it is known.
    observed
        Where it is given, and nothing is left to say.
    learned
        Where it counts.
    area
        Relative area of the cells.
    """

    condition: Condition
    base: Float[Tensor, "batch var lat lon"]
    values: Float[Tensor, "batch var lat lon"]
    valid: Bool[Tensor, "batch var lat lon"]
    observed: Bool[Tensor, "batch var lat lon"]
    learned: Bool[Tensor, "batch var lat lon"]
    area: Float[Tensor, "batch 1 lat lon"]


Ask = Callable[[Any], Question]


@dataclass(frozen=True)
class Departures:
    """Turn batches into lessons: the truth as a departure from a regression, in units of its deviation.

    Attributes
    ----------
    ask
        Makes a question of a batch.
    regression
        The trained network whose answer is departed from; with none, the truth is learned as it is.
    """

    ask: Ask
    regression: nn.Module | None

    def __call__(self, batch: Any, *, untold: float = 0.0) -> Lesson:
        """Turn a batch into a lesson; what is not told is kept from the regression, too."""
        condition, base, values, valid, observed, learned, area = self.ask(batch)
        condition = condition.drop_coordinates(untold)
        if self.regression is None:
            return Lesson(values, learned, area, condition, torch.ones_like(values))
        with torch.no_grad():
            guess = regress(self.regression.to(values.device), condition, base)
        guess = sure_of_observations(guess, values, observed)
        clean = ((values - guess.mean) / guess.log_std.exp()).masked_fill(~valid, 0.0)
        maps = torch.cat([condition.maps, *guess], dim=1)
        return Lesson(clean, learned, area, condition._replace(maps=maps), guess.log_std.exp())


@dataclass(frozen=True)
class RegressionObjective:
    """To say what is not known, and how far off that may be.

    Attributes
    ----------
    ask
        Makes a question of a batch.
    validation
        Fixed batches.
    untold
        Share of the training samples that are not told place or date.
    """

    ask: Ask
    validation: Sequence[Any]
    untold: float = 0.0

    def ready(self, network: nn.Module, batches: Iterable[Any] | None, accelerator: Accelerator) -> None:
        """Start from the weights as they are."""

    def loss(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Loss where something is to be learned."""
        question = self.ask(batch)
        if not question.learned.any():
            return {}
        guess = regress(network, question.condition.drop_coordinates(self.untold), question.base)
        error = (guess.mean - question.values)[question.learned]
        return {"loss": gaussian_loss(error, guess.log_std[question.learned])}

    def validate(self, network: nn.Module, accelerator: Accelerator) -> dict[str, float]:
        """Root-mean-square error where it counts, in scaled units."""
        errors = [error for error, _ in self._errors(network, accelerator)]
        squares = torch.cat(errors).square()
        return {"regression": float(squares.mean().sqrt())} if squares.numel() else {}

    def finish(self, network: Any, accelerator: Accelerator) -> None:
        """Scale the deviation of each variable to the size of its errors, for members depart in units of it."""
        found = list(self._errors(network, accelerator))
        n_variables = len(found) // len(self.validation)
        for variable in range(n_variables):
            ratio = torch.cat([error / log_std.exp() for error, log_std in found[variable::n_variables]])
            if ratio.numel():
                with torch.no_grad():
                    network.head_bias[n_variables + variable] += ratio.square().mean().sqrt().log().item()

    @torch.no_grad()
    def _errors(self, network: nn.Module, accelerator: Accelerator) -> Iterator[tuple[Tensor, Tensor]]:
        """Errors of each variable of each batch, and the logarithms of their deviations."""
        training = network.training
        network.eval()
        for fixed in self.validation:
            question = self.ask(fixed.to(accelerator.device))
            guess: Guess = regress(network, question.condition, question.base)
            for variable in range(question.values.shape[1]):
                where = question.learned[:, variable]
                error = (guess.mean - question.values)[:, variable][where]
                yield error.cpu(), guess.log_std[:, variable][where].cpu()
        network.train(training)
