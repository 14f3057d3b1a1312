"""Tensors that belong together: of one sample, or of a batch of them."""

from dataclasses import dataclass, fields
from typing import Any

import torch


@dataclass(frozen=True)
class Batchable:
    """Base of samples whose attributes are tensors or samples themselves; in a batch, tensors have `batch` in front.

    An attribute that is None in one sample is None in all.
    """

    def to[Batch: "Batchable"](self: Batch, device: torch.device, *, non_blocking: bool = True) -> Batch:
        """Move to a device."""
        parts = self._parts()
        return type(self)(*(None if part is None else part.to(device, non_blocking=non_blocking) for part in parts))

    @classmethod
    def stack[Batch: "Batchable"](cls: type[Batch], samples: list[Batch]) -> Batch:
        """Make a batch of samples of one size."""
        columns = (list(parts) for parts in zip(*(sample._parts() for sample in samples), strict=True))
        return cls(
            *(None if parts[0] is None else getattr(type(parts[0]), "stack", torch.stack)(parts) for parts in columns)
        )

    def _parts(self) -> list[Any]:
        """Attributes in their order."""
        return [getattr(self, item.name) for item in fields(self)]
