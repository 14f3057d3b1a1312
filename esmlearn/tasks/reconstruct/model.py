"""A trained transformer, and how its folder holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool
from torch import Tensor, nn

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import TrainSettings
from esmlearn.trained.arrays import as_tensors, climate_tensors, read_climates
from esmlearn.trained.folder import Content, Trained


@dataclass(frozen=True)
class TrainedTransformer:
    """A network with all that it needs to be used.

    Attributes
    ----------
    network
        The spatio-temporal transformer.
    settings
        What it was trained with.
    climatology, scaling
        Of the training period.
    land
        Land of the training grid, shape (lat, lon).
    record
        What else is known: data with hashes, variable, scores, versions, seconds.
    """

    network: SpatioTemporalModel
    settings: TrainSettings
    climatology: Climatology
    scaling: Scaling
    land: Bool[np.ndarray, "lat lon"]
    record: Mapping[str, Any]

    task: ClassVar[str] = "reconstruct"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network}

    def tensors(self) -> dict[str, Tensor]:
        """All other numbers, by name."""
        return climate_tensors([(self.climatology, self.scaling)]) | as_tensors(land=self.land)

    def parts(self) -> dict[str, Trained]:
        """No further models."""
        return {}


def read(content: Content) -> TrainedTransformer:
    """Make a trained transformer of its folder."""
    settings = content.read_settings(TrainSettings)
    network = content.load_weights(SpatioTemporalModel(settings.model))
    climate = read_climates(content.tensors)[0]
    return TrainedTransformer(network, settings, *climate, content.tensors["land"].numpy(), content.record)
