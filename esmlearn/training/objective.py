"""Interface between the training loop and a task."""

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
    """Loss and validation of a training, and the steps before and after it."""

    def ready(self, network: Any, batches: Iterable[Any] | None, accelerator: Accelerator) -> None:
        """Prepare a network for its first step; `batches` is None where a checkpoint is loaded afterwards."""
        ...

    def loss(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Compute the `loss` and its parts; an empty dict if no pixel of the batch counts."""
        ...

    def validate(self, network: Any, accelerator: Accelerator) -> dict[str, float]:
        """Compute errors on fixed samples; the best weights are those with the lowest value of the first one."""
        ...

    def finish(self, network: Any, accelerator: Accelerator) -> None:
        """Change the best weights after the training, such as to calibrate standard deviations."""
        ...
