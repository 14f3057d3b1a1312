"""A trained ensemble that fills gaps, and how its folder holds it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import nn

from esmlearn.errors import ModelFolderError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.models.denoisers import build_denoiser
from esmlearn.settings import TrainFillSettings
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.tasks.fill.samples import channels
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.model import read as read_transformer
from esmlearn.trained.arrays import climate_arrays, read_climates, read_land
from esmlearn.trained.folder import Content, Trained, read_folder

BASE_MODEL = "base_model"
"""Folder of the base model, in that of the ensemble."""


@dataclass(frozen=True)
class TrainedFiller(TrainedEnsemble):
    """A denoiser with all that it needs to sample what gaps hide.

    Attributes
    ----------
    climatology, scaling
        Of the training period.
    power
        Where the standard deviation of the base model is s, states are also stretched by s^power: it may be too small
        where it is small, and too large where it is large.
    base_model
        The model whose reconstruction members depart from; None where they depart from the climatology.
    """

    settings: TrainFillSettings
    climatology: Climatology
    scaling: Scaling
    power: float
    base_model: TrainedTransformer | None

    task: ClassVar[str] = "fill"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers that are no weights, by name."""
        return super().arrays() | climate_arrays([(self.climatology, self.scaling)]) | {"power": np.array(self.power)}

    def parts(self) -> dict[str, Trained]:
        """The base model, by the name of its subfolder."""
        return {BASE_MODEL: self.base_model} if self.base_model else {}


def build_network(settings: TrainFillSettings) -> nn.Module:
    """Make the denoiser, with random weights."""
    return build_denoiser(settings.denoiser, 1, len(channels(settings.neighbour_days)))


def read(content: Content) -> TrainedFiller:
    """Make a trained ensemble of its folder."""
    settings = content.read_settings(TrainFillSettings)
    climatology, scaling = read_climates(content)[0]
    base_model = None
    if settings.first_guess == "model":
        inner = read_folder(content.folder / BASE_MODEL)
        if inner.folder.resolve().parent != content.folder.resolve():
            raise ModelFolderError(
                f"{inner.folder} is a link that leads out of the model folder; copy the folder itself to its place."
            )
        if inner.task != TrainedTransformer.task:
            raise ModelFolderError(f"{inner.folder} is no SpatioTemporalModel; copy the folder again.")
        base_model = read_transformer(inner)
    return TrainedFiller(
        network=content.load_weights(lambda: build_network(settings)),
        settings=settings,
        land=read_land(content),
        record=content.record,
        amplitudes=content.array("amplitudes", 1),
        regression=None,
        climatology=climatology,
        scaling=scaling,
        power=float(content.array("power")),
        base_model=base_model,
    )
