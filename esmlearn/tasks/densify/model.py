"""A trained ensemble that completes levels, and how its folder holds it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import nn

from esmlearn.baselines.covariance import CORRELATIONS, Covariance
from esmlearn.models.denoisers import build_denoiser
from esmlearn.settings import TrainDensifySettings
from esmlearn.tasks.densify.inputs import channels
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.trained.arrays import Climate, climate_arrays, read_climates, read_land
from esmlearn.trained.folder import Content


@dataclass(frozen=True)
class TrainedDensifier(TrainedEnsemble):
    """A denoiser with all that it needs to sample complete levels; `record["levels"]` are their depths in metres.

    Attributes
    ----------
    climates
        Climatology and scaling of each level in the training period, and of the surface last if there is one.
    covariance
        Of the scaled anomalies of all levels; the regression departs from optimal interpolation with it.
    """

    settings: TrainDensifySettings
    climates: tuple[Climate, ...]
    covariance: Covariance

    task: ClassVar[str] = "densify"
    card: ClassVar[Path] = Path(__file__).with_name("card.md.j2")

    @property
    def n_levels(self) -> int:
        """Number of the levels, the surface not counted."""
        return len(self.amplitudes)

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers that are no weights, by name."""
        return super().arrays() | climate_arrays(self.climates)


def build_regression(settings: TrainDensifySettings, n_levels: int) -> nn.Module:
    """Make the network that gives a mean and its standard deviation, with random weights."""
    return build_denoiser(settings.denoiser, 2 * n_levels, _n_channels(settings, n_levels))


def build_network(settings: TrainDensifySettings, n_levels: int) -> nn.Module:
    """Make the denoiser, with random weights; around a regression, it is conditioned on its output, too."""
    first_guess = 2 * n_levels if settings.first_guess == "regression" else 0
    return build_denoiser(settings.denoiser, n_levels, _n_channels(settings, n_levels) + first_guess)


def _n_channels(settings: TrainDensifySettings, n_levels: int) -> int:
    """Number of the channels of the condition."""
    return len(channels(n_levels, surface=settings.surface is not None, errors=settings.observation_errors))


def read(content: Content) -> TrainedDensifier:
    """Make a trained ensemble of its folder."""
    settings, amplitudes = content.read_settings(TrainDensifySettings), content.array("amplitudes", None)
    n_levels = len(amplitudes)
    regression = None
    if settings.first_guess == "regression":
        regression = content.load_weights(lambda: build_regression(settings, n_levels), "regression")
    network = content.load_weights(lambda: build_network(settings, n_levels))
    climates, levels = read_climates(content), content.record["levels"]
    if len(climates) != n_levels + (settings.surface is not None) or len(levels) not in (0, n_levels):
        raise ValueError(f"{len(climates)} climatologies and {len(levels)} depths of {n_levels} levels")
    return TrainedDensifier(
        network=network,
        settings=settings,
        land=read_land(content),
        record=content.record,
        amplitudes=amplitudes,
        regression=regression,
        climates=climates,
        covariance=_read_covariance(content),
    )


def _read_covariance(content: Content) -> Covariance:
    """The covariance of the record, whose numbers are positive."""
    found = Covariance(**content.record["covariance"])
    numbers = found.length_km, found.time_days, found.noise_share, found.sigma
    if found.kernel not in CORRELATIONS or not all(0 < float(number) < math.inf for number in numbers):
        raise ValueError("no covariance")
    return found
