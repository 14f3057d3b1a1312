"""A trained super-resolution, and how its folder holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.settings import TrainDownscaleSettings
from esmlearn.tasks.downscale.conditions import StaticFields
from esmlearn.tasks.downscale.inputs import channels
from esmlearn.trained.arrays import as_tensors
from esmlearn.trained.folder import Content, Trained

MOMENTS = ("mean", "std")
GRID = ("lat", "lon", "lat_edges", "lon_edges")


@dataclass(frozen=True)
class TrainedDownscaler:
    """A denoiser with all that it needs to sample fine fields.

    Attributes
    ----------
    network
        The denoiser.
    settings
        What it was trained with.
    scaling
        Of the fine field in the training period.
    coarse_scalings
        The same of each coarse field, interpolated to the fine grid.
    static
        Fields of the fine grid that never change.
    grid, land
        The fine grid, rows from south to north, and its land.
    amplitudes
        Factors on the states, so that the spread is that of the errors.
    record
        What else is known: data with hashes, variable, versions, seconds; `units` are those of the fine field, and
        `coarse_units` those of the coarse ones.
    regression
        The network whose mean members depart from; None where whole fields are sampled.
    """

    network: ResidualUNet
    settings: TrainDownscaleSettings
    scaling: MonthlyScaling
    coarse_scalings: tuple[MonthlyScaling, ...]
    static: StaticFields
    grid: RectilinearGrid
    land: Bool[np.ndarray, "lat lon"]
    amplitudes: Float[np.ndarray, " var"]
    record: Mapping[str, Any]
    regression: ResidualUNet | None = None

    task: ClassVar[str] = "downscale"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    @property
    def coarse_names(self) -> tuple[str, ...]:
        """Coarse fields of the training, that of the same quantity first."""
        return (self.settings.data.coarse, *self.settings.conditions.coarse)

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return {"network": self.network, **({"regression": self.regression} if self.regression else {})}

    def tensors(self) -> dict[str, Tensor]:
        """All other numbers, by name."""
        scalings = {
            f"scaling.{number}.{name}": getattr(scaling, name)
            for number, scaling in enumerate((self.scaling, *self.coarse_scalings))
            for name in MOMENTS
        }
        grid = {f"grid.{name}": getattr(self.grid, name) for name in GRID}
        static = {"static.values": self.static.values, "static.known": self.static.known}
        return as_tensors(land=self.land, amplitudes=self.amplitudes, **scalings, **grid, **static)

    def parts(self) -> dict[str, Trained]:
        """No further models."""
        return {}


def build_regression(settings: TrainDownscaleSettings, n_variables: int) -> ResidualUNet:
    """Make the network that gives the mean of fine fields and its standard deviation, with random weights."""
    sizes = settings.regression or settings.denoiser.model_copy(
        update={"image_channels": None, "conditioned_on_input": None}  # those of the denoiser, which has others
    )
    return ResidualUNet(sizes, 2 * n_variables, len(channels(settings, n_variables)))


def build_network(settings: TrainDownscaleSettings, n_variables: int) -> ResidualUNet:
    """Make the denoiser, with random weights; around a regression, it is conditioned on its output, too."""
    first_guess = 2 * n_variables if settings.learning == "residual" else 0
    return ResidualUNet(settings.denoiser, n_variables, len(channels(settings, n_variables)) + first_guess)


def read(content: Content) -> TrainedDownscaler:
    """Make a trained super-resolution of its folder."""
    settings, tensors = content.read_settings(TrainDownscaleSettings), content.tensors
    n_scalings = sum(name.startswith("scaling.") for name in tensors) // len(MOMENTS)
    log_scales = [settings.data.log_scale] * 2 + [None] * (n_scalings - 2)  # the fine field's, and its coarse one's
    scalings = [
        MonthlyScaling(tensors[f"scaling.{number}.mean"].numpy(), tensors[f"scaling.{number}.std"].numpy(), log_scale)
        for number, log_scale in enumerate(log_scales)
    ]
    n_variables = scalings[0].mean.shape[1]
    static = StaticFields(settings.conditions.static, tensors["static.values"].numpy(), tensors["static.known"].numpy())
    regression = None
    if settings.learning == "residual":
        regression = content.load_weights(build_regression(settings, n_variables), "regression")
    return TrainedDownscaler(
        network=content.load_weights(build_network(settings, n_variables)),
        settings=settings,
        scaling=scalings[0],
        coarse_scalings=tuple(scalings[1:]),
        static=static,
        grid=RectilinearGrid(*(tensors[f"grid.{name}"].numpy() for name in GRID)),
        land=tensors["land"].numpy(),
        amplitudes=tensors["amplitudes"].numpy(),
        record=content.record,
        regression=regression,
    )
