"""Denoising: an ensemble learns to be as uncertain as it should, on hidden ocean pixels only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from einops import rearrange, reduce
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.diffusion import Known, denoiser, denoising_loss, sample, sampling_levels, training_levels
from esmlearn.models.denoisers.condition import Condition, repeat_members
from esmlearn.settings import DiffusionSettings, EnsembleSettings

CALIBRATION_MEMBERS = 6
"""Members that the spread is measured with."""

LEAST_AMPLITUDE = 0.1
"""Smallest factor on a state: an ensemble without any spread is none."""


class Lesson(NamedTuple):
    """What a denoiser learns from.

    Attributes
    ----------
    clean
        Clean states in scaled units; zero where nothing is known.
    where
        True where something was hidden and the target is valid.
    area
        Relative area of the cells.
    condition
        What the denoiser knows besides.
    unit
        Standard deviation of the first guess, that clean states are counted in; in scaled units.
    """

    clean: Float[Tensor, "batch var lat lon"]
    where: Bool[Tensor, "batch var lat lon"]
    area: Float[Tensor, "batch 1 lat lon"]
    condition: Condition
    unit: Float[Tensor, "batch var lat lon"]


@dataclass(frozen=True)
class DenoisingObjective:
    """To find the clean state in a noisy one.

    Attributes
    ----------
    settings
        Schedule, parameterization and weights.
    teach
        Makes a lesson of a batch; given `untold`, that share of the samples is not told place or date.
    validation
        Fixed batches with fixed gaps.
    seed
        Of the fixed noise of the validation.
    untold
        Share of the training samples that are not told place or date.
    """

    settings: DiffusionSettings
    teach: Callable[..., Lesson]
    validation: Sequence[Any]
    seed: int
    untold: float = 0.0

    def ready(self, network: nn.Module, batches: Iterable[Any] | None, accelerator: Accelerator) -> None:
        """Start from the weights as they are."""

    def loss(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Noise a lesson to random levels and ask for it back."""
        lesson = self.teach(batch, untold=self.untold)
        return self._ask(network, lesson, torch.rand(len(lesson.clean)), torch.randn(lesson.clean.shape))

    @torch.no_grad()
    def validate(self, network: nn.Module, accelerator: Accelerator) -> dict[str, float]:
        """Mean loss on fixed lessons with fixed noise, at levels spread evenly over those of the training."""
        training = network.training
        network.eval()
        random = torch.Generator().manual_seed(self.seed)
        losses = []
        for batch in self.validation:
            lesson = self.teach(batch.to(accelerator.device))
            count = len(lesson.clean)
            uniform = (torch.randperm(count, generator=random) + 0.5) / count
            with accelerator.autocast():
                found = self._ask(network, lesson, uniform, torch.randn(lesson.clean.shape, generator=random))
            losses += [found["loss"].item()] if found else []
        network.train(training)
        return {"denoising": sum(losses) / len(losses)} if losses else {}

    def finish(self, network: nn.Module, accelerator: Accelerator) -> None:
        """Leave the best weights as they are."""

    def _ask(self, network: nn.Module, lesson: Lesson, uniform: Tensor, noise: Tensor) -> dict[str, Tensor]:
        # Numbers are drawn on the CPU, so that they are the same on every device.
        levels = training_levels(uniform, self.settings)
        noise = noise.to(lesson.clean)
        found = denoising_loss(
            network, lesson.clean, noise, levels, lesson.condition, lesson.where, self.settings, area=lesson.area
        )
        return {} if found is None else {"loss": found}


def find_amplitudes(
    network: nn.Module, lessons: Iterable[Lesson], settings: DiffusionSettings, *, seed: int
) -> Float[np.ndarray, " var"]:
    """Find by how much states must be stretched for the spread of members to be that of the errors.

    A network that was trained for a short while draws members that lie too far apart, and so do few steps; the ten
    steps of the default are measured here. With errors e of the mean of M members whose variance is s², right members
    have E(e²) = a² s² + s² / M: the mean of a few errs itself.

    Parameters
    ----------
    network
        The trained denoiser.
    lessons
        Fixed lessons whose clean states have mean zero, as departures from a good first guess have.
    settings
        What it was trained with.
    seed
        Of the noise.

    Returns
    -------
    numpy.ndarray
        The factor a of each level.
    """
    sampler = EnsembleSettings().sampler
    levels = sampling_levels(settings, sampler)
    random = torch.Generator().manual_seed(seed)
    found = []
    for lesson in lessons:
        clean, hidden = (repeat_members(part, CALIBRATION_MEMBERS) for part in (lesson.clean, lesson.where))
        states = sample(
            denoiser(network, lesson.condition.for_members(CALIBRATION_MEMBERS), settings),
            partial(_draw, clean, random),
            levels,
            sampler,
            known=Known(clean, ~hidden),
        )
        states = rearrange(states, "(n member) ... -> member n ...", member=CALIBRATION_MEMBERS)
        parts = ((states.mean(0) - lesson.clean) ** 2, states.var(0))
        # In scaled units: small deviations are the least certain, and would rule the ratio in units of themselves.
        weight = lesson.where * lesson.unit**2
        found.append(torch.stack([reduce(part * weight, "n v y x -> v", "sum") for part in parts]))
    squares, variances = torch.stack(found).double().sum(0).cpu().numpy()
    ratio = np.divide(squares, variances, out=np.ones_like(squares), where=variances > 0)
    return np.sqrt(np.maximum(ratio - 1 / CALIBRATION_MEMBERS, LEAST_AMPLITUDE**2)).astype(np.float32)


def _draw(like: Tensor, random: torch.Generator, _number: int) -> Tensor:
    """Noise on the CPU, the same on every device."""
    return torch.randn(like.shape, generator=random).to(like)
