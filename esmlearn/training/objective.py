"""What the training loop needs from a task: its loss, its validation, and what comes before and after."""

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import torch
from accelerate import Accelerator
from torch import Tensor, nn


@runtime_checkable
class Batch(Protocol):
    """Samples of one step."""

    def to(self, device: torch.device) -> "Batch":
        """Move to a device."""
        ...


@runtime_checkable
class Objective(Protocol):
    """Loss and validation of a training, and what is done before its first step and after its last."""

    def ready(self, network: Any, batches: Iterable[Any] | None, accelerator: Accelerator) -> None:
        """Prepare a network for its first step; `batches` is None where a checkpoint is loaded afterwards."""
        ...

    def loss(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Give the `loss` and its parts; an empty dict if the batch has nothing to learn from."""
        ...

    def validate(self, network: Any, accelerator: Accelerator) -> dict[str, float]:
        """Give errors on fixed samples; the best weights are those for which the first of them is lowest."""
        ...

    def finish(self, network: Any, accelerator: Accelerator) -> None:
        """Change the best weights after the training, such as to calibrate standard deviations."""
        ...
