"""Climatologies and scalings as arrays of a model folder."""

from collections.abc import Sequence

import numpy as np

from esmlearn.errors import ModelFolderError
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
            Scaling(_odd(content, content.array(f"scaling.{level}.log_std", None))),
        )
        for level in range(n_levels)
    )


def read_land(content: Content) -> np.ndarray:
    """True on land, shape (lat, lon)."""
    return content.array("land", None, None, truth=True)


def _read_climatology(content: Content, prefix: str) -> Climatology:
    """A climatology on the grid of the land, with what it may lack."""
    rows, columns = read_land(content).shape
    shapes = {
        "coefficients": (None, rows, columns),
        "lat": (rows,),
        "lon": (columns,),
        "error": (12, rows, columns),
        "trend": (2,),
    }
    names = [name for name in (*CLIMATOLOGY, *OPTIONAL) if name in CLIMATOLOGY or prefix + name in content.tensors]
    arrays = {name: content.array(prefix + name, *shapes[name]) for name in names}
    _odd(content, arrays["coefficients"])
    return Climatology(**arrays)


def _odd(content: Content, array: np.ndarray) -> np.ndarray:
    """Refuse harmonics without their mean, or without one of cosine and sine."""
    if len(array) % 2 == 0:
        raise ModelFolderError(
            f"The model folder {content.folder} has {len(array)} terms of a seasonal cycle, but their number is odd; "
            "copy the folder again."
        )
    return array
