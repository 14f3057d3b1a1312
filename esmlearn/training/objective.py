"""What a training strives for. The loop knows no more of it than this."""

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
    """How a network is readied, what it loses at each step, how it is judged, and what is done to the best."""

    def ready(self, network: Any, batches: Iterable[Any] | None, accelerator: Accelerator) -> None:
        """Find what is to be known before the first step; there are no batches where a checkpoint knows it already."""
        ...

    def loss(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Give the `loss` and its parts; nothing where a batch has nothing to learn from."""
        ...

    def validate(self, network: Any, accelerator: Accelerator) -> dict[str, float]:
        """Judge on fixed samples. The best weights are those with the lowest of the first number."""
        ...

    def finish(self, network: Any, accelerator: Accelerator) -> None:
        """Do what is to be done to the best weights."""
        ...
