"""How ensembles of all tasks are trained: a regression first, where there is one, and a denoiser around it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from esmlearn.settings import DiffusionTrainSettings
from esmlearn.tasks.ensembles.denoising import DenoisingBatch, DenoisingObjective
from esmlearn.tasks.ensembles.regression import MakeBatch, RegressionObjective
from esmlearn.training.checkpoint import REGRESSION, State
from esmlearn.training.loop import train


@dataclass(frozen=True)
class EnsembleTraining:
    """The training of the networks of one ensemble.

    Attributes
    ----------
    settings
        Of the script `train`.
    samples_of
        Gives endless samples of the period of a role, given the role, their number and a seed.
    stack
        Puts samples together.
    n_validation
        Fixed samples that the best weights are chosen on.
    run_dir
        Folder for logs and checkpoints.
    """

    settings: DiffusionTrainSettings
    samples_of: Callable[[str, int, int], Any]
    stack: Callable[[list[Any]], Any]
    n_validation: int
    run_dir: Path

    @cached_property
    def validation(self) -> list[Any]:
        """Batches of the validation period, the same in every run."""
        options = self.settings.training
        samples = self.samples_of("validation", self.n_validation, options.seed + 1)
        some = (samples[k] for k in range(self.n_validation))
        return [self.stack(list(batch)) for batch in itertools.batched(some, options.batch_size)]

    def train_regression[Network: nn.Module](self, network: Network, make_batch: MakeBatch) -> Network:
        """Train a regression, and freeze it."""
        options = self.settings.training
        steps = {"steps": options.regression_steps}
        settings = self.settings.model_copy(update={"training": options.model_copy(update=steps)})
        samples = self.samples_of("train", options.regression_steps * options.batch_size, options.seed + 2)
        options_of_network: Any = network.settings
        objective = RegressionObjective(make_batch, self.validation, options_of_network.coordinates_dropout)
        train(network, samples, self.stack, objective, settings, self.run_dir, stage=REGRESSION)
        return network.eval().requires_grad_(requires_grad=False)

    def train_denoiser(self, network: nn.Module, make_batch: Callable[..., DenoisingBatch]) -> State:
        """Train a denoiser in place, and say how it went."""
        options, dropout = self.settings.training, self.settings.denoiser.coordinates_dropout
        samples = self.samples_of("train", options.steps * options.batch_size, options.seed)
        objective = DenoisingObjective(self.settings.diffusion, make_batch, self.validation, options.seed, dropout)
        return train(network, samples, self.stack, objective, self.settings, self.run_dir)
