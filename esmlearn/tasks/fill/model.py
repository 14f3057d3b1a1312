"""A trained ensemble that fills gaps, and how its folder holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.errors import ModelFolderError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.settings import TrainFillSettings
from esmlearn.tasks.fill.samples import channels
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.model import read as read_transformer
from esmlearn.trained.arrays import as_tensors, climate_tensors, read_climates
from esmlearn.trained.folder import Content, Trained, read_folder

BASE_MODEL = "base_model"
"""Folder of the base model, in that of the ensemble."""


@dataclass(frozen=True)
class TrainedFiller:
    """A denoiser with all that it needs to sample what gaps hide.

    Attributes
    ----------
    network
        The denoiser.
    settings
        What it was trained with.
    climatology, scaling
        Of the training period.
    land
        Land of the training grid, shape (lat, lon).
    amplitudes
        Factor on the states, so that the spread is that of the errors.
    power
        Where the standard deviation of the base model is s, states are also stretched by s^power: it may be too small
        where it is small, and too large where it is large.
    record
        What else is known: data with hashes, variable, versions, seconds.
    base_model
        The model whose reconstruction members depart from; None where they depart from the climatology.
    """

    network: ConvNextUNet
    settings: TrainFillSettings
    climatology: Climatology
    scaling: Scaling
    land: Bool[np.ndarray, "lat lon"]
    amplitudes: Float[np.ndarray, " 1"]
    power: float
    record: Mapping[str, Any]
    base_model: TrainedTransformer | None = None

    task: ClassVar[str] = "fill"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network}

    def tensors(self) -> dict[str, Tensor]:
        """All other numbers, by name."""
        others = as_tensors(land=self.land, amplitudes=self.amplitudes, power=np.array(self.power))
        return climate_tensors([(self.climatology, self.scaling)]) | others

    def parts(self) -> dict[str, Trained]:
        """The base model, by the name of its subfolder."""
        return {BASE_MODEL: self.base_model} if self.base_model else {}


def build_network(settings: TrainFillSettings) -> ConvNextUNet:
    """Make the denoiser, with random weights."""
    return ConvNextUNet(settings.denoiser, 1, len(channels(settings.neighbour_days)))


def read(content: Content) -> TrainedFiller:
    """Make a trained ensemble of its folder."""
    settings, tensors = content.read_settings(TrainFillSettings), content.tensors
    base_model = None
    if settings.first_guess == "model":
        inner = read_folder(content.folder / BASE_MODEL)
        if inner.task != TrainedTransformer.task:
            raise ModelFolderError(f"{inner.folder} is no SpatioTemporalModel; copy the folder again.")
        base_model = read_transformer(inner)
    return TrainedFiller(
        content.load_weights(build_network(settings)),
        settings,
        *read_climates(tensors)[0],
        land=tensors["land"].numpy(),
        amplitudes=tensors["amplitudes"].numpy(),
        power=float(tensors["power"]),
        record=content.record,
        base_model=base_model,
    )
