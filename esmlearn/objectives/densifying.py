"""Lessons in completing levels: the truth as a departure from the climatology of each level, or from a regression."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from einops import rearrange
from torch import Tensor, nn

from esmlearn.data.profiles import Sample
from esmlearn.models.condition import Condition, centre
from esmlearn.models.convnext_unet import ConvNextUNet
from esmlearn.models.densifying import densify_maps, regress, sure_of_observations
from esmlearn.objectives.denoising import Lesson
from esmlearn.objectives.likelihood import gaussian_loss


@dataclass(frozen=True)
class DensifyingLessons:
    """Turn samples into lessons.

    Attributes
    ----------
    regression
        The trained network whose answer is departed from; with none, it is the climatology.
    """

    regression: ConvNextUNet | None

    def __call__(self, sample: Sample, *, untold: float = 0.0) -> Lesson:
        """Turn a batch of samples into a lesson; what is not told is kept from the regression, too."""
        condition = tell(sample).untold(untold)
        area = rearrange(sample.position[:, 0].deg2rad().cos(), "n y x -> n 1 y x")
        if self.regression is None:
            return Lesson(sample.values, sample.learned, area, condition, torch.ones_like(sample.values))
        with torch.no_grad():
            guess = regress(self.regression.to(sample.values.device), condition, sample.values.shape[1])
        guess = sure_of_observations(guess, sample.values, sample.observed)
        clean = ((sample.values - guess.mean) / guess.log_std.exp()).masked_fill(~sample.valid, 0.0)
        maps = torch.cat([condition.maps, *guess], dim=1)
        return Lesson(clean, sample.learned, area, condition._replace(maps=maps), guess.log_std.exp())


@dataclass(frozen=True)
class RegressionObjective:
    """To say what is hidden of the levels, and how far off that may be.

    Attributes
    ----------
    validation
        Fixed batches with fixed gaps.
    untold
        Share of the training samples that are not told place or date.
    """

    validation: Sequence[Sample]
    untold: float = 0.0

    def ready(self, network: nn.Module, batches: Iterable[Sample] | None, accelerator: Accelerator) -> None:
        """Start from the weights as they are."""

    def loss(self, network: nn.Module, batch: Sample) -> dict[str, Tensor]:
        """Loss where something was hidden that is known."""
        if not batch.learned.any():
            return {}
        guess = regress(network, tell(batch).untold(self.untold), batch.values.shape[1])
        error = (guess.mean - batch.values)[batch.learned]
        return {"loss": gaussian_loss(error, guess.log_std[batch.learned])}

    def validate(self, network: nn.Module, accelerator: Accelerator) -> dict[str, float]:
        """Root-mean-square error where something was hidden, in scaled units."""
        errors = [error for error, _ in self._errors(network, accelerator)]
        squares = torch.cat(errors).square()
        return {"regression": float(squares.mean().sqrt())} if squares.numel() else {}

    def finish(self, network: ConvNextUNet, accelerator: Accelerator) -> None:
        """Scale the deviation of each level to the size of its errors, for members depart in units of it."""
        found = list(self._errors(network, accelerator))
        n_levels = len(found) // len(self.validation)
        for level in range(n_levels):
            ratio = torch.cat([error / log_std.exp() for error, log_std in found[level::n_levels]])
            if ratio.numel():
                with torch.no_grad():
                    network.head.get_parameter("bias")[n_levels + level] += ratio.square().mean().sqrt().log().item()

    @torch.no_grad()
    def _errors(self, network: nn.Module, accelerator: Accelerator) -> Iterator[tuple[Tensor, Tensor]]:
        """Errors of each level of each batch, and the logarithms of their deviations."""
        training = network.training
        network.eval()
        for fixed in self.validation:
            batch = fixed.to(accelerator.device)
            guess = regress(network, tell(batch), batch.values.shape[1])
            for level in range(batch.values.shape[1]):
                where = batch.learned[:, level]
                error = (guess.mean - batch.values)[:, level][where]
                yield error.cpu(), guess.log_std[:, level][where].cpu()
        network.train(training)


def tell(sample: Sample) -> Condition:
    """What a network is told of a batch."""
    maps = densify_maps(sample.values, sample.observed, sample.surface, sample.surface_observed, sample.land)
    return Condition(maps, centre(sample.position), sample.year_fraction)
