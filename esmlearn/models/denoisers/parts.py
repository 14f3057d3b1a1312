"""Parts that all denoisers share: the frame of a U-Net, and features of noise level, place and time."""

import math
from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from esmlearn.errors import SettingsError
from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.embeddings import COORDINATES, season, sinusoids
from esmlearn.settings.networks import DenoiserOptions

EMBED_DIM = 64
"""Length of the embeddings of the noise level, and of place and time."""

LEVEL_STRETCH = 25.0
"""The fastest sinusoid of the noise level has a period of 2 pi / 25 = 0.25: noise that grows by a factor of e."""


class DenoisingUNet(nn.Module, ABC):
    """Base of denoisers: from noisy maps of any size to maps of that size, conditioned on maps, place and time.

    A subclass makes `down`, `up`, `head` and its other layers, then calls `arrange`; its `run_levels` applies all
    layers between stem and head. The head must start at zero, so that the untrained network gives zeros. Whether the
    output is noise, signal or a mixture of both is the choice of the parameterization.

    Parameters
    ----------
    settings
        Sizes and options.
    state_channels, condition_channels
        Number of variables or levels that are denoised, and of maps of the condition.
    width
        Channels after the first convolution.
    hour
        Whether the hour of the day is an input.
    """

    down: nn.ModuleList
    head: nn.Module

    def __init__(
        self, settings: DenoiserOptions, state_channels: int, condition_channels: int, width: int, *, hour: bool
    ) -> None:
        super().__init__()
        self.settings, self.hour = settings, hour
        place = 0 if settings.coordinates == "none" else COORDINATES[settings.coordinates][1]
        n_features = place + 4 * settings.date + 2 * hour
        self.embed_level = _embedder(EMBED_DIM)
        self.embed_context = _embedder(n_features) if n_features else None
        self.stem = nn.Conv2d(state_channels + condition_channels, width, 3, padding=1)

    def arrange(self) -> None:
        """Apply the settings for memory and compilation, once all layers are made."""
        if self.settings.channels_last:
            self.to(memory_format=torch.channels_last)
        if self.settings.compile:
            self.compile()

    def forward(
        self, x: Float[Tensor, "batch var lat lon"], noise_level: Float[Tensor, " batch"], condition: Condition
    ) -> Float[Tensor, "batch var lat lon"]:
        """Denoise; the output has the shape of the noisy state.

        Parameters
        ----------
        x
            The noisy state, scaled to a variance near one; zeros for a regression.
        noise_level
            A quarter of the logarithm of noise over signal (Karras et al. 2022, table 1,
            https://doi.org/10.48550/arXiv.2206.00364); zeros for a regression.
        condition
            Maps on the same cells, and place, date and hour where the settings have them.
        """
        rows, columns = x.shape[-2:]
        maps = pad_to_multiple(torch.cat([x, condition.maps.to(x.dtype)], dim=1), 2 ** (len(self.down) - 1))
        if self.settings.channels_last:
            maps = maps.contiguous(memory_format=torch.channels_last)
        level = self.embed_level(sinusoids(LEVEL_STRETCH * noise_level, EMBED_DIM))
        context = None
        if self.embed_context is not None:
            options = self.settings
            features = place_and_time(condition, options.coordinates, date=options.date, hour=self.hour)
            context = self.embed_context(features)
        return self.head(self.run_levels(self.stem(maps), level, context))[..., :rows, :columns].to(x.dtype)

    @abstractmethod
    def run_levels(self, maps: Tensor, level: Tensor, context: Tensor | None) -> Tensor:
        """Apply the layers between stem and head, given embeddings of the noise level and of place and time."""

    def run(self, part: nn.Module, *inputs: Tensor | None) -> Any:
        """Apply a layer; with `checkpoint_activations`, its activations are computed again in the backward pass."""
        if self.settings.checkpoint_activations and torch.is_grad_enabled():
            return checkpoint(part, *inputs, use_reentrant=False)
        return part(*inputs)

    @property
    def head_bias(self) -> nn.Parameter:
        """Bias of the last layer, one number for each channel of the output."""
        *_, bias = self.head.parameters()
        return bias


def _embedder(n_features: int) -> nn.Sequential:
    """Learned vector of some features."""
    return nn.Sequential(nn.Linear(n_features, 4 * EMBED_DIM), nn.GELU(), nn.Linear(4 * EMBED_DIM, EMBED_DIM))


def pad_to_multiple(
    maps: Float[Tensor, "batch channel lat lon"], multiple: int
) -> Float[Tensor, "batch channel rows columns"]:
    """Repeat the last row and column until both sizes are multiples."""
    rows, columns = (-size % multiple for size in maps.shape[-2:])
    return F.pad(maps, (0, columns, 0, rows), mode="replicate") if rows or columns else maps


def time_of_day(hour: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 2"]:
    """Sine and cosine of the hour, so that there is no jump at midnight."""
    angle = 2 * math.pi / 24 * hour[..., None]
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def place_and_time(condition: Condition, coordinates: str, *, date: bool, hour: bool) -> Float[Tensor, "batch feature"]:
    """Features of place, date and hour, those of the settings; zeros where a coordinate is NaN.

    The features of a date, of an hour and (with `unit_sphere` or `sincos`) of a place are never all zero, so that a
    dropped coordinate differs from every other one. Raises a SettingsError if the condition lacks a coordinate.
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
