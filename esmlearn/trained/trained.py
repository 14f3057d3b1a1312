"""Networks with all that they need to be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import nn

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import DownscaleTrainSettings, EnsembleTrainSettings, TrainSettings
from esmlearn.tasks.downscale.conditions import StaticFields

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class TrainedModel:
    """A network with all that it needs to be used.

    Attributes
    ----------
    network
        The weights.
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

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network}

    def tensors(self) -> Tensors:
        """All else that is needed, by name."""
        return climate_tensors((self.climatology,), (self.scaling,)) | as_tensors(land=self.land)


@dataclass(frozen=True)
class TrainedEnsemble:
    """A denoiser with all that it needs to draw members.

    Attributes
    ----------
    network
        The weights.
    settings
        What it was trained with.
    climatologies, scalings
        Of the training period, one for each level, and of the surface last if there is one.
    land
        Land of the training grid, shape (lat, lon).
    amplitudes
        Factors on the states of each level, so that the spread is that of the errors.
    record
        What else is known, as of a `TrainedModel`.
    guide, regression
        The model whose reconstruction the members depart from, or the network whose mean; with neither, they depart
        from the climatology.
    power
        Where the guide's standard deviation is s, states are stretched by s^power too: it may be too sure where it is
        sure, and less sure than it could be where it is not.
    """

    network: ConvNextUNet
    settings: EnsembleTrainSettings
    climatologies: tuple[Climatology, ...]
    scalings: tuple[Scaling, ...]
    land: Bool[np.ndarray, "lat lon"]
    amplitudes: Float[np.ndarray, " var"]
    record: Mapping[str, Any]
    guide: TrainedModel | None = None
    regression: ConvNextUNet | None = None
    power: float = 0.0

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network, **({"regression": self.regression} if self.regression else {})}

    def tensors(self) -> Tensors:
        """All else that is needed, by name."""
        others = as_tensors(land=self.land, amplitudes=self.amplitudes, power=np.array(self.power))
        return climate_tensors(self.climatologies, self.scalings) | others


@dataclass(frozen=True)
class TrainedDownscaler:
    """A denoiser of fine fields with all that it needs to draw members.

    Attributes
    ----------
    network
        The weights.
    settings
        What it was trained with.
    scaling
        Of the fine field in the training period.
    coarse_scalings
        The same of each coarse field, carried to the fine grid.
    static
        Fields of the fine grid that never change.
    grid, land
        The fine grid, rows from south to north, and its land.
    amplitudes
        Factors on the states, so that the spread is that of the errors.
    record
        What else is known, as of a `TrainedModel`; `units` are those of the fine field, and `coarse_units` those of
        the coarse ones.
    regression
        The network whose mean the members depart from; None if they are drawn as whole fields.
    """

    network: ResidualUNet
    settings: DownscaleTrainSettings
    scaling: MonthlyScaling
    coarse_scalings: tuple[MonthlyScaling, ...]
    static: StaticFields
    grid: RectilinearGrid
    land: Bool[np.ndarray, "lat lon"]
    amplitudes: Float[np.ndarray, " var"]
    record: Mapping[str, Any]
    regression: ResidualUNet | None = None

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network, **({"regression": self.regression} if self.regression else {})}

    def tensors(self) -> Tensors:
        """All else that is needed, by name."""
        scalings = {
            f"scaling.{number}.{name}": getattr(scaling, name)
            for number, scaling in enumerate((self.scaling, *self.coarse_scalings))
            for name in MOMENTS
        }
        return as_tensors(
            land=self.land,
            amplitudes=self.amplitudes,
            **scalings,
            **{f"grid.{name}": getattr(self.grid, name) for name in GRID},
            **{"static.values": self.static.values, "static.known": self.static.known},
        )


CLIMATOLOGY = ("coefficients", "lat", "lon")
MOMENTS = ("mean", "std")
GRID = ("lat", "lon", "lat_edges", "lon_edges")

TrainedDiffusion = TrainedEnsemble | TrainedDownscaler
Trained = TrainedModel | TrainedDiffusion


def as_tensors(**arrays: np.ndarray) -> Tensors:
    """Copies of arrays as tensors."""
    return {name: torch.from_numpy(np.array(array, order="C")) for name, array in arrays.items()}


def climate_tensors(climatologies: tuple[Climatology, ...], scalings: tuple[Scaling, ...]) -> Tensors:
    """Climatology and scaling of each level."""
    found: dict[str, np.ndarray] = {}
    for level, (climatology, scaling) in enumerate(zip(climatologies, scalings, strict=True)):
        found |= {f"climatology.{level}.{name}": getattr(climatology, name) for name in CLIMATOLOGY}
        found[f"scaling.{level}.log_std"] = scaling.log_std
    return as_tensors(**found)
