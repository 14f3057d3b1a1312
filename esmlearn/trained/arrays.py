"""Climatologies and scalings as arrays of a model folder."""

from collections.abc import Sequence

import numpy as np

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.trained.folder import Content

CLIMATOLOGY = ("coefficients", "lat", "lon")
OPTIONAL = ("error", "trend")

Climate = tuple[Climatology, Scaling]
"""Climatology and scaling of one level."""


def climate_arrays(climates: Sequence[Climate]) -> dict[str, np.ndarray]:
    """Arrays of the climatologies and scalings of all levels, by name."""
    arrays: dict[str, np.ndarray] = {}
    for level, (climatology, scaling) in enumerate(climates):
        parts = {name: getattr(climatology, name) for name in (*CLIMATOLOGY, *OPTIONAL)}
        arrays |= {f"climatology.{level}.{name}": part for name, part in parts.items() if part is not None}
        arrays[f"scaling.{level}.log_std"] = scaling.log_std
    return arrays


def read_climates(content: Content) -> tuple[Climate, ...]:
    """Climatologies and scalings of all levels, from the arrays of `climate_arrays`."""
    n_levels = sum(name.startswith("scaling.") for name in content.tensors)
    return tuple(
        (
            _read_climatology(content, f"climatology.{level}."),
            Scaling(content.array(f"scaling.{level}.log_std")),
        )
        for level in range(n_levels)
    )


def _read_climatology(content: Content, prefix: str) -> Climatology:
    """A climatology, with what it may lack."""
    names = [name for name in (*CLIMATOLOGY, *OPTIONAL) if prefix + name in content.tensors]
    return Climatology(**{name: content.array(prefix + name) for name in names})
