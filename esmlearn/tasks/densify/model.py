"""A trained ensemble that completes levels, and how its folder holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.settings import TrainDensifySettings
from esmlearn.tasks.densify.inputs import channels
from esmlearn.trained.arrays import Climate, as_tensors, climate_tensors, read_climates
from esmlearn.trained.folder import Content, Trained


@dataclass(frozen=True)
class TrainedDensifier:
    """A denoiser with all that it needs to sample complete levels.

    Attributes
    ----------
    network
        The denoiser.
    settings
        What it was trained with.
    climates
        Climatology and scaling of each level in the training period, and of the surface last if there is one.
    land
        Land of the training grid, shape (lat, lon).
    amplitudes
        Factors on the states of each level, so that the spread is that of the errors.
    record
        What else is known: data with hashes, variable, versions, seconds; `levels` are their depths in metres.
    regression
        The network whose mean members depart from; None where they depart from the climatology.
    """

    network: ConvNextUNet
    settings: TrainDensifySettings
    climates: tuple[Climate, ...]
    land: Bool[np.ndarray, "lat lon"]
    amplitudes: Float[np.ndarray, " var"]
    record: Mapping[str, Any]
    regression: ConvNextUNet | None = None

    task: ClassVar[str] = "densify"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    @property
    def n_levels(self) -> int:
        """Number of the levels, the surface not counted."""
        return len(self.amplitudes)

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network, **({"regression": self.regression} if self.regression else {})}

    def tensors(self) -> dict[str, Tensor]:
        """All other numbers, by name."""
        return climate_tensors(self.climates) | as_tensors(land=self.land, amplitudes=self.amplitudes)

    def parts(self) -> dict[str, Trained]:
        """No further models."""
        return {}


def build_regression(settings: TrainDensifySettings, n_levels: int) -> ConvNextUNet:
    """Make the network that gives a mean and its standard deviation, with random weights."""
    n_channels = len(channels(n_levels, surface=settings.surface is not None))
    return ConvNextUNet(settings.denoiser, 2 * n_levels, n_channels)


def build_network(settings: TrainDensifySettings, n_levels: int) -> ConvNextUNet:
    """Make the denoiser, with random weights; around a regression, it is conditioned on its output, too."""
    n_channels = len(channels(n_levels, surface=settings.surface is not None))
    first_guess = 2 * n_levels if settings.first_guess == "regression" else 0
    return ConvNextUNet(settings.denoiser, n_levels, n_channels + first_guess)


def read(content: Content) -> TrainedDensifier:
    """Make a trained ensemble of its folder."""
    settings, tensors = content.read_settings(TrainDensifySettings), content.tensors
    n_levels = len(tensors["amplitudes"])
    regression = None
    if settings.first_guess == "regression":
        regression = content.load_weights(build_regression(settings, n_levels), "regression")
    return TrainedDensifier(
        content.load_weights(build_network(settings, n_levels)),
        settings,
        read_climates(tensors),
        land=tensors["land"].numpy(),
        amplitudes=tensors["amplitudes"].numpy(),
        record=content.record,
        regression=regression,
    )
