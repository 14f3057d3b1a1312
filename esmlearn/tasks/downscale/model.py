"""A trained super-resolution, and how its folder holds it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import nn

from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.models.denoisers import build_denoiser
from esmlearn.settings import TrainDownscaleSettings
from esmlearn.tasks.downscale.conditions import StaticFields
from esmlearn.tasks.downscale.inputs import channels
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.trained.arrays import read_land
from esmlearn.trained.folder import Content

MOMENTS = ("mean", "std")
GRID = ("lat", "lon", "lat_edges", "lon_edges")


@dataclass(frozen=True)
class TrainedDownscaler(TrainedEnsemble):
    """A denoiser with all that it needs to sample fine fields.

    Of the record, `units` are those of the fine field, and `coarse_units` those of the coarse ones.

    Attributes
    ----------
    scaling
        Of the fine field in the training period.
    coarse_scalings
        The same of each coarse field, interpolated to the fine grid.
    static
        Fields of the fine grid that never change.
    grid
        The fine grid, rows from south to north.
    """

    settings: TrainDownscaleSettings
    scaling: MonthlyScaling
    coarse_scalings: tuple[MonthlyScaling, ...]
    static: StaticFields
    grid: RectilinearGrid

    task: ClassVar[str] = "downscale"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    @property
    def coarse_names(self) -> tuple[str, ...]:
        """Coarse fields of the training, that of the same quantity first."""
        return (self.settings.data.coarse, *self.settings.conditions.coarse)

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers that are no weights, by name."""
        scalings = {
            f"scaling.{number}.{name}": getattr(scaling, name)
            for number, scaling in enumerate((self.scaling, *self.coarse_scalings))
            for name in MOMENTS
        }
        grid = {f"grid.{name}": getattr(self.grid, name) for name in GRID}
        static = {"static.values": self.static.values, "static.known": self.static.known}
        return super().arrays() | scalings | grid | static


def build_regression(settings: TrainDownscaleSettings, n_variables: int) -> nn.Module:
    """Make the network that gives the mean of fine fields and its standard deviation, with random weights."""
    sizes = settings.regression or settings.denoiser.model_copy(
        update={"image_channels": None, "conditioned_on_input": None}  # those of the denoiser, which has others
    )
    return build_denoiser(sizes, 2 * n_variables, len(channels(settings, n_variables)))


def build_network(settings: TrainDownscaleSettings, n_variables: int) -> nn.Module:
    """Make the denoiser, with random weights; around a regression, it is conditioned on its output, too."""
    first_guess = 2 * n_variables if settings.learning == "residual" else 0
    return build_denoiser(settings.denoiser, n_variables, len(channels(settings, n_variables)) + first_guess)


def read(content: Content) -> TrainedDownscaler:
    """Make a trained super-resolution of its folder."""
    settings, land = content.read_settings(TrainDownscaleSettings), read_land(content)
    rows, columns = land.shape
    n_coarse, n_static = 1 + len(settings.conditions.coarse), len(settings.conditions.static)
    log_scales = [settings.data.log_scale] * 2 + [None] * (n_coarse - 1)  # the fine field's, and its coarse one's
    scalings = [_read_scaling(content, number, log_scale) for number, log_scale in enumerate(log_scales)]
    n_variables = scalings[0].mean.shape[1]
    static = content.array("static.values", n_static, rows, columns)
    known = content.array("static.known", n_static, rows, columns, truth=True)
    shapes = (rows,), (columns,), (rows, 2), (columns, 2)
    grid = [content.array(f"grid.{name}", *shape) for name, shape in zip(GRID, shapes, strict=True)]
    if not {"units", "variable", "coarse_units"} <= content.record.keys():
        raise KeyError("units or variable")
    regression = None
    if settings.learning == "residual":
        regression = content.load_weights(lambda: build_regression(settings, n_variables), "regression")
    return TrainedDownscaler(
        network=content.load_weights(lambda: build_network(settings, n_variables)),
        settings=settings,
        land=land,
        record=content.record,
        amplitudes=content.array("amplitudes", n_variables),
        regression=regression,
        scaling=scalings[0],
        coarse_scalings=tuple(scalings[1:]),
        static=StaticFields(settings.conditions.static, static, known),
        grid=RectilinearGrid(*grid),
    )


def _read_scaling(content: Content, number: int, log_scale: float | None) -> MonthlyScaling:
    """The scaling of a field; NaN in months that were not seen."""
    mean, std = (content.array(f"scaling.{number}.{name}", 12, None, None, None, gaps=True) for name in MOMENTS)
    if mean.shape != std.shape or mean.shape[2:] not in ((1, 1), read_land(content).shape) or (std <= 0).any():
        raise ValueError(f"scaling {number} of shape {mean.shape}")
    return MonthlyScaling(mean, std, log_scale)
