"""A sample of the task `fill`: one day in a window, what is known of it, and what its first guess misses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.models.batches import Batchable
from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.settings import TrainFillSettings
from esmlearn.tasks.ensembles.denoising import DenoisingBatch
from esmlearn.tasks.ensembles.errors import LEAST_STD, check_errors
from esmlearn.tasks.samples import EndlessSamples

EVERYWHERE = (slice(None), slice(None))


def channels(neighbour_days: int) -> tuple[str, ...]:
    """Names of the channels of `FirstGuessDays.maps`, with so many days before and after."""
    offsets = (*range(-neighbour_days, 0), *range(1, neighbour_days + 1))
    around = [f"{name} {offset:+d} d" for offset in offsets for name in ("change", "log_std", "observed")]
    return ("best", "log_std", "observed", "land", *around)


@dataclass(frozen=True)
class FirstGuessDays:
    """Days in a row with a first guess of what their gaps hide; all in scaled units.

    Attributes
    ----------
    observations
        What was observed.
    guess
        First guess; zero is the climatology.
    log_std
        Logarithm of its standard deviation. Where something was observed it is that of the error of the observation, if
        errors are an input, else zero; zero on land.
    exact
        Where the truth is taken to be what was observed: members never differ from it there.
    """

    observations: Anomalies
    guess: Float[np.ndarray, "time lat lon"]
    log_std: Float[np.ndarray, "time lat lon"]
    exact: Bool[np.ndarray, "time lat lon"]

    @classmethod
    def of(
        cls,
        field: Field,
        climatology: Climatology,
        scaling: Scaling,
        base: Reconstruction | None,
        settings: TrainFillSettings,
    ) -> "FirstGuessDays":
        """Scale a field and the reconstruction of a base model; without one, the first guess is the climatology.

        With the errors of observations as an input, the first guess of what was observed is the observation itself.
        """
        observations = Anomalies.of(field, climatology, scaling)
        observed = exact = observations.observed
        unit = scaling.at(field.year_fraction)[:, None, None]
        if base is None:
            guess = np.zeros_like(observations.values)
            log_std = guess
        else:
            guess = np.where(field.land, np.float32(0.0), (base.daily - climatology.of(field)) / unit)
            unsure = ~field.land & ~observed
            log_std = np.log(np.where(unsure, np.maximum(base.daily_std / unit, LEAST_STD), np.float32(1.0)))
        if settings.observation_errors:
            check_errors(settings, field)
            error = field.deviation[:, 0] / unit
            guess = np.where(observed, observations.values, guess)
            log_std = np.where(observed, np.log(np.maximum(error, LEAST_STD)), log_std)
            exact = observed & (error == 0) if settings.learns_observed else observed
        return cls(observations, guess.astype(np.float32), log_std.astype(np.float32), exact)

    def maps(
        self, days: Int[np.ndarray, " map"], neighbour_days: int, cells: tuple[slice, slice] = EVERYWHERE
    ) -> Float[Tensor, "map channel lat lon"]:
        """Maps that the denoiser is conditioned on: what is known of some days, and of the days around them.

        A first guess is made for each day by itself; how it changes from day to day shows where it errs.

        Parameters
        ----------
        days
            Their indices.
        neighbour_days
            Days before and after each; beyond the ends there are zeros.
        cells
            Rows and columns.

        Returns
        -------
        torch.Tensor
            The channels that `channels` names. `best` is the observation, else the first guess; `change` is that of
            the day around less that of the day itself.
        """
        best, log_std, observed = self._at(days, cells)
        land = np.broadcast_to(self.observations.land[cells], best.shape)
        maps = [best, log_std, observed, land]
        for offset in (*range(-neighbour_days, 0), *range(1, neighbour_days + 1)):
            there = ((days + offset >= 0) & (days + offset < len(self.guess)))[:, None, None]
            around, *rest = self._at((days + offset).clip(0, len(self.guess) - 1), cells)
            maps += [part * there for part in (around - best, *rest)]
        return torch.from_numpy(np.stack(maps, axis=1, dtype=np.float32))

    def residuals(
        self,
        values: Float[np.ndarray, "map lat lon"],
        days: Int[np.ndarray, " map"],
        cells: tuple[slice, slice] = EVERYWHERE,
    ) -> Float[np.ndarray, "map lat lon"]:
        """Clean states: scaled values of some days less the first guess, over its standard deviation."""
        return (values - self.guess[days, *cells]) / np.exp(self.log_std[days, *cells])

    def _at(self, days: Int[np.ndarray, " map"], cells: tuple[slice, slice]) -> list[np.ndarray]:
        """Best known values of some days, the logarithm of their deviation, and where something was observed."""
        observed = self.observations.observed[days, *cells]
        best = np.where(observed, self.observations.values[days, *cells], self.guess[days, *cells])
        return [best, self.log_std[days, *cells], observed]


class LearnedPeriod(NamedTuple):
    """Days of a period with a first guess, made under some clouds, and the truth."""

    days: FirstGuessDays
    truth: Anomalies


@dataclass(frozen=True)
class FillSample(Batchable):
    """A day in one window, or a batch of them with `batch` in front.

    Attributes
    ----------
    maps
        What is known, see `FirstGuessDays.maps`.
    clean
        Truth less first guess, over the standard deviation of the first guess; zero where it is not known.
    learned
        Where it counts: with a known truth that differs from what was observed, if anything was.
    position
        Latitude and longitude in degrees.
    area
        Relative area of the cells.
    year_fraction
        Part of the year that has gone.
    """

    maps: Float[Tensor, "*batch channel lat lon"]
    clean: Float[Tensor, "*batch 1 lat lon"]
    learned: Bool[Tensor, "*batch 1 lat lon"]
    position: Float[Tensor, "*batch 2 lat lon"]
    area: Float[Tensor, "*batch 1 lat lon"]
    year_fraction: Float[Tensor, "*batch"]


class FillSamples(EndlessSamples):
    """Days of some periods, in windows.

    Parameters
    ----------
    periods
        Periods to learn from: at least one, all on one grid.
    settings
        Size of a window, and how many days around are conditions.
    seed, length
        As of `EndlessSamples`.
    """

    def __init__(
        self, periods: Sequence[LearnedPeriod], settings: TrainFillSettings, *, seed: int, length: int
    ) -> None:
        super().__init__(periods[0].truth.land, settings.window, seed=seed, length=length)
        self.periods, self.neighbour_days = periods, settings.neighbour_days

    def __getitem__(self, index: int) -> FillSample:
        """Draw sample number `index`."""
        rng = self.random(index)
        days, truth = self.periods[int(rng.integers(len(self.periods)))]
        day = rng.integers(len(days.guess), size=1)
        cells = self.cells(rng)
        valid = truth.observed[day, *cells]
        clean = np.where(valid, days.residuals(truth.values[day, *cells], day, cells), np.float32(0.0))
        return FillSample(
            days.maps(day, self.neighbour_days, cells)[0],
            torch.from_numpy(clean),
            torch.from_numpy(valid & ~days.exact[day, *cells]),
            torch.from_numpy(truth.position[:, *cells].copy()),
            torch.from_numpy(truth.area[None, *cells].copy()),
            torch.from_numpy(truth.year_fraction[day])[0],
        )


def make_batch(samples: FillSample, *, drop_coordinates: float = 0.0) -> DenoisingBatch:
    """Make the batch of a denoiser.

    Parameters
    ----------
    samples
        Days in windows, stacked.
    drop_coordinates
        Share of the samples without place or date; their first guess still knows what it always knows.
    """
    condition = Condition(samples.maps, centre(samples.position), samples.year_fraction)
    return DenoisingBatch(samples.clean, samples.learned, samples.area, condition.drop_coordinates(drop_coordinates))
