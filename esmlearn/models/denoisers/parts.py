"""What denoisers share: embeddings of noise level, place and date, and maps that can be halved."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from esmlearn.errors import SettingsError
from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.embeddings import COORDINATES, season

EMBED_DIM = 64
"""Length of the embeddings of the noise level, and of place and date."""

LEVEL_STRETCH = 25.0
"""The fastest sinusoid of the noise level has a period of 2 pi / 25 = 0.25: noise that grows by a factor of e."""


def embedder(n_features: int) -> nn.Sequential:
    """Learned vector of some features."""
    return nn.Sequential(nn.Linear(n_features, 4 * EMBED_DIM), nn.GELU(), nn.Linear(4 * EMBED_DIM, EMBED_DIM))


def zeroed[Layer: nn.Module](layer: Layer) -> Layer:
    """Set the weights of a layer to zero."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def pad_to_multiple(
    maps: Float[Tensor, "batch channel lat lon"], multiple: int
) -> Float[Tensor, "batch channel rows columns"]:
    """Repeat the last row and column until both sizes are multiples."""
    rows, columns = (-size % multiple for size in maps.shape[-2:])
    return F.pad(maps, (0, columns, 0, rows), mode="replicate") if rows or columns else maps


def time_of_day(hour: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 2"]:
    """Sine and cosine of the hour: midnight is no edge."""
    angle = 2 * math.pi / 24 * hour[..., None]
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def count_features(coordinates: str, *, date: bool, hour: bool) -> int:
    """Length of what `where_and_when` gives."""
    return (0 if coordinates == "none" else COORDINATES[coordinates][1]) + 4 * date + 2 * hour


def where_and_when(condition: Condition, coordinates: str, *, date: bool, hour: bool) -> Float[Tensor, "batch feature"]:
    """Features of place, date and hour, those of the settings; zeros where a coordinate is NaN.

    A date, an hour and, as `unit_sphere` or `sincos`, a place never give zeros alone: a dropped coordinate is no other.

    Raises
    ------
    SettingsError
        If the condition lacks one of them.
    """
    features = []
    if coordinates != "none":
        place = _given(condition.place, "place", f"coordinates: {coordinates}", "coordinates: none")
        features.append(COORDINATES[coordinates][0](place[:, 0], place[:, 1]))
    if date:
        features.append(season(_given(condition.year_fraction, "year_fraction", "date: true", "date: false")))
    if hour:
        features.append(time_of_day(_given(condition.hour, "hour", "hour: true", "hour: false")))
    return torch.cat(features, dim=-1).nan_to_num(nan=0.0)


def _given(value: Tensor | None, name: str, setting: str, other: str) -> Tensor:
    """Refuse a condition without a coordinate that a setting needs."""
    if value is None:
        raise SettingsError(f"The denoiser has {setting}, but no Condition.{name} is given; give it, or set {other}.")
    return value


def run(part: nn.Module, *inputs: Tensor | None, forget: bool) -> Any:
    """Run a part of a network; with `forget`, its activations are computed again when the backward pass needs them."""
    if forget and torch.is_grad_enabled():
        return checkpoint(part, *inputs, use_reentrant=False)
    return part(*inputs)
