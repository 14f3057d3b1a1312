"""Arrays of a model folder: scalings as tensors by name, and back."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from esmlearn.fields.climatology import Climatology, Scaling

CLIMATOLOGY = ("coefficients", "lat", "lon")

Climate = tuple[Climatology, Scaling]


def as_tensors(**arrays: np.ndarray) -> dict[str, Tensor]:
    """Copies of arrays as tensors."""
    return {name: torch.from_numpy(np.array(array, order="C")) for name, array in arrays.items()}


def climate_tensors(climates: Sequence[Climate]) -> dict[str, Tensor]:
    """Climatology and scaling of each level as tensors."""
    found: dict[str, np.ndarray] = {}
    for level, (climatology, scaling) in enumerate(climates):
        found |= {f"climatology.{level}.{name}": getattr(climatology, name) for name in CLIMATOLOGY}
        found[f"scaling.{level}.log_std"] = scaling.log_std
    return as_tensors(**found)


def read_climates(tensors: dict[str, Tensor]) -> tuple[Climate, ...]:
    """Climatology and scaling of each level, as `climate_tensors` wrote them."""
    n_levels = sum(name.startswith("scaling.") for name in tensors)
    return tuple(
        (
            Climatology(*(tensors[f"climatology.{level}.{name}"].numpy() for name in CLIMATOLOGY)),
            Scaling(tensors[f"scaling.{level}.log_std"].numpy()),
        )
        for level in range(n_levels)
    )
