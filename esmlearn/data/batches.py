"""Tensors that belong together: of one sample, or of a batch of them."""

from dataclasses import dataclass, fields
from typing import Self

import torch


@dataclass(frozen=True)
class Batchable:
    """Base of samples whose attributes are all tensors; in a batch, each has the dimension `batch` in front."""

    def to(self, device: torch.device) -> Self:
        """Move to a device."""
        return type(self)(*(getattr(self, item.name).to(device, non_blocking=True) for item in fields(self)))

    @classmethod
    def stack(cls, samples: list[Self]) -> Self:
        """Make a batch of samples of one size."""
        return cls(*(torch.stack([getattr(sample, item.name) for sample in samples]) for item in fields(cls)))
