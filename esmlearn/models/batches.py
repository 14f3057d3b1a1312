"""Tensors that belong together: of one sample, or of a batch of them."""

from dataclasses import dataclass, fields

import torch


@dataclass(frozen=True)
class Batchable:
    """Base of samples whose attributes are all tensors; in a batch, each has the dimension `batch` in front."""

    def to[Batch: "Batchable"](self: Batch, device: torch.device) -> Batch:
        """Move to a device."""
        return type(self)(*(getattr(self, item.name).to(device, non_blocking=True) for item in fields(self)))

    @classmethod
    def stack[Batch: "Batchable"](cls: type[Batch], samples: list[Batch]) -> Batch:
        """Make a batch of samples of one size."""
        return cls(*(torch.stack([getattr(sample, item.name) for sample in samples]) for item in fields(cls)))
