"""Denoising: how a network learns to find the clean state in a noisy one, on hidden ocean only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.diffusion import denoising_loss, training_levels
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import DiffusionSettings


class DenoisingBatch(NamedTuple):
    """What a denoiser learns from.

    Attributes
    ----------
    clean
        Clean states in scaled units; zero where nothing is known.
    where
        True where something was hidden and the target is known: there the loss counts.
    area
        Relative area of the cells.
    condition
        Inputs beside the noisy state.
    """

    clean: Float[Tensor, "batch var lat lon"]
    where: Bool[Tensor, "batch var lat lon"]
    area: Float[Tensor, "batch 1 lat lon"]
    condition: Condition


@dataclass(frozen=True)
class DenoisingObjective:
    """Learn to find the clean state in a noisy one.

    Attributes
    ----------
    settings
        Schedule, parameterization and weights.
    make_batch
        Makes a batch of samples; given `drop_coordinates`, that share of them is without place or date.
    validation
        Fixed batches of samples.
    seed
        Of the fixed noise of the validation.
    drop_coordinates
        Share of the training samples without place or date.
    """

    settings: DiffusionSettings
    make_batch: Callable[..., DenoisingBatch]
    validation: Sequence[Any]
    seed: int
    drop_coordinates: float = 0.0

    def ready(self, network: nn.Module, batches: Iterable[Any] | None, accelerator: Accelerator) -> None:
        """Start from the weights as they are."""

    def loss(self, network: nn.Module, samples: Any) -> dict[str, Tensor]:
        """Add noise of random levels to the clean states, and compare what the network makes of them."""
        batch = self.make_batch(samples, drop_coordinates=self.drop_coordinates)
        return self._loss(network, batch, torch.rand(len(batch.clean)), torch.randn(batch.clean.shape))

    @torch.no_grad()
    def validate(self, network: nn.Module, accelerator: Accelerator) -> dict[str, float]:
        """Mean loss on fixed batches with fixed noise, at levels spread evenly over those of the training."""
        training = network.training
        network.eval()
        random = torch.Generator().manual_seed(self.seed)
        losses = []
        for samples in self.validation:
            batch = self.make_batch(samples.to(accelerator.device))
            count = len(batch.clean)
            uniform = (torch.randperm(count, generator=random) + 0.5) / count
            with accelerator.autocast():
                found = self._loss(network, batch, uniform, torch.randn(batch.clean.shape, generator=random))
            losses += [found["loss"].item()] if found else []
        network.train(training)
        return {"denoising": sum(losses) / len(losses)} if losses else {}

    def finish(self, network: nn.Module, accelerator: Accelerator) -> None:
        """Leave the best weights as they are."""

    def _loss(self, network: nn.Module, batch: DenoisingBatch, uniform: Tensor, noise: Tensor) -> dict[str, Tensor]:
        # Random numbers are drawn on the CPU, so that they are the same on every device.
        levels = training_levels(uniform, self.settings)
        noise = noise.to(batch.clean)
        found = denoising_loss(
            network, batch.clean, noise, levels, batch.condition, batch.where, self.settings, area=batch.area
        )
        return {} if found is None else {"loss": found}
