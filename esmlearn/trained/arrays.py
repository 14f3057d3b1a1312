"""Climatologies and scalings as arrays of a model folder."""

from collections.abc import Sequence

import numpy as np

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.trained.folder import Content

CLIMATOLOGY = ("coefficients", "lat", "lon")

Climate = tuple[Climatology, Scaling]
"""Climatology and scaling of one level."""


def climate_arrays(climates: Sequence[Climate]) -> dict[str, np.ndarray]:
    """Arrays of the climates of all levels, by name."""
    found = {}
    for level, (climatology, scaling) in enumerate(climates):
        found |= {f"climatology.{level}.{name}": getattr(climatology, name) for name in CLIMATOLOGY}
        found[f"scaling.{level}.log_std"] = scaling.log_std
    return found


def read_climates(content: Content) -> tuple[Climate, ...]:
    """Climates of all levels, as `climate_arrays` wrote them."""
    n_levels = sum(name.startswith("scaling.") for name in content.tensors)
    return tuple(
        (
            Climatology(*(content.array(f"climatology.{level}.{name}") for name in CLIMATOLOGY)),
            Scaling(content.array(f"scaling.{level}.log_std")),
        )
        for level in range(n_levels)
    )
