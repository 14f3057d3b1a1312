"""A trained transformer, and how its folder holds it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import TrainReconstructSettings
from esmlearn.trained.arrays import climate_arrays, read_climates, read_land
from esmlearn.trained.folder import Content, Trained


@dataclass(frozen=True)
class TrainedTransformer(Trained):
    """The spatio-temporal transformer, and climatology and scaling of its training period."""

    network: SpatioTemporalModel
    settings: TrainReconstructSettings
    climatology: Climatology
    scaling: Scaling

    task: ClassVar[str] = "reconstruct"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers that are no weights, by name."""
        return super().arrays() | climate_arrays([(self.climatology, self.scaling)])


def read(content: Content) -> TrainedTransformer:
    """Make a trained transformer of its folder."""
    settings = content.read_settings(TrainReconstructSettings)
    network = content.load_weights(lambda: SpatioTemporalModel(settings.model))
    return TrainedTransformer(network, settings, read_land(content), content.record, *read_climates(content)[0])
