"""Days with a first guess of what their gaps hide, and samples of them for a denoiser to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from esmlearn.fields.anomalies import Anomalies
from esmlearn.grids.tiles import corners_with_ocean
from esmlearn.models.batches import Batchable
from esmlearn.settings import EnsembleTrainSettings

DAY_CHANNELS = 4
"""Best known values, logarithm of their standard deviation, where something was observed, land."""

CHANNELS_AROUND = 3
"""Of each day around: change of the best known values, logarithm of their deviation, where something was observed."""

EVERYWHERE = (slice(None), slice(None))


def count_channels(reach: int) -> int:
    """Number of the channels of `GuessedDays.channels`."""
    return DAY_CHANNELS + CHANNELS_AROUND * 2 * reach


@dataclass(frozen=True)
class GuessedDays:
    """Days in a row with a first guess of what their gaps hide; all in scaled units.

    Attributes
    ----------
    seen
        What was observed.
    guess
        First guess; zero is the climatology.
    log_std
        Logarithm of its standard deviation; zero where something was observed and on land.
    """

    seen: Anomalies
    guess: Float[np.ndarray, "time lat lon"]
    log_std: Float[np.ndarray, "time lat lon"]

    def channels(
        self, days: Int[np.ndarray, " map"], reach: int, cells: tuple[slice, slice] = EVERYWHERE
    ) -> Float[Tensor, "map channel lat lon"]:
        """Say what is known of some days, and of the days around them.

        A guess is made for each day by itself; how it changes from day to day tells where it errs.

        Parameters
        ----------
        days
            Their indices.
        reach
            Days before and after each that are told; beyond the ends there is nothing but zeros.
        cells
            Rows and columns.
        """
        best, log_std, observed = self._at(days, cells)
        land = np.broadcast_to(self.seen.land[cells], best.shape)
        channels = [best, log_std, observed, land]
        for offset in (*range(-reach, 0), *range(1, reach + 1)):
            there = ((days + offset >= 0) & (days + offset < len(self.guess)))[:, None, None]
            around, *rest = self._at((days + offset).clip(0, len(self.guess) - 1), cells)
            channels += [part * there for part in (around - best, *rest)]
        return torch.from_numpy(np.stack(channels, axis=1, dtype=np.float32))

    def departures(
        self,
        values: Float[np.ndarray, "map lat lon"],
        days: Int[np.ndarray, " map"],
        cells: tuple[slice, slice] = EVERYWHERE,
    ) -> Float[np.ndarray, "map lat lon"]:
        """Clean states: how far scaled values of some days lie from the guess, in units of its deviation."""
        return (values - self.guess[days, *cells]) / np.exp(self.log_std[days, *cells])

    def _at(self, days: Int[np.ndarray, " map"], cells: tuple[slice, slice]) -> list[np.ndarray]:
        """Best known values of some days, the logarithm of their deviation, and where something was observed."""
        observed = self.seen.observed[days, *cells]
        best = np.where(observed, self.seen.values[days, *cells], self.guess[days, *cells])
        return [best, self.log_std[days, *cells], observed]


class Reconstructed(NamedTuple):
    """Days of a period as they were guessed under some clouds, and the truth."""

    guessed: GuessedDays
    truth: Anomalies


@dataclass(frozen=True)
class GuessedSample(Batchable):
    """A day in one window, or a batch of them with `batch` in front.

    Attributes
    ----------
    channels
        What is known, as `GuessedDays.channels` says it.
    clean
        Truth as a departure from the guess, in units of its deviation; zero where it is not known.
    learned
        Where it counts: hidden, with a known truth.
    unit
        Deviation of the guess in scaled units.
    position
        Latitude and longitude in degrees.
    year_fraction
        Part of the year that has gone.
    """

    channels: Float[Tensor, "*batch channel lat lon"]
    clean: Float[Tensor, "*batch 1 lat lon"]
    learned: Bool[Tensor, "*batch 1 lat lon"]
    unit: Float[Tensor, "*batch 1 lat lon"]
    position: Float[Tensor, "*batch 2 lat lon"]
    year_fraction: Float[Tensor, "*batch"]


class GuessedSamples(Dataset[GuessedSample]):
    """Endless samples at random times and places; sample k is the same in every run.

    Parameters
    ----------
    periods
        Days as they were guessed, and the truth: at least one period, all on one grid.
    settings
        Size of a window, and how many days around are told.
    seed
        Base of the random numbers.
    length
        Number of samples.
    """

    def __init__(
        self, periods: Sequence[Reconstructed], settings: EnsembleTrainSettings, *, seed: int, length: int
    ) -> None:
        self.periods, self.settings, self.seed, self.length = periods, settings, seed, length
        self.corners = corners_with_ocean(periods[0].truth.land, settings.window)

    def __len__(self) -> int:
        """Count the samples of the whole training."""
        return self.length

    def __getitem__(self, index: int) -> GuessedSample:
        """Draw sample number `index`."""
        rng = np.random.default_rng([self.seed, index])
        guessed, truth = self.periods[int(rng.integers(len(self.periods)))]
        day = rng.integers(len(guessed.guess), size=1)
        south, west = self.corners[rng.integers(len(self.corners))]
        rows, columns = self.settings.window
        cells = slice(south, south + rows), slice(west, west + columns)
        valid = truth.observed[day, *cells]
        clean = np.where(valid, guessed.departures(truth.values[day, *cells], day, cells), np.float32(0.0))
        return GuessedSample(
            guessed.channels(day, self.settings.neighbour_days, cells)[0],
            torch.from_numpy(clean),
            torch.from_numpy(valid & ~guessed.seen.observed[day, *cells]),
            torch.from_numpy(np.exp(guessed.log_std[day, *cells])),
            torch.from_numpy(truth.position[:, *cells].copy()),
            torch.from_numpy(truth.year_fraction[day])[0],
        )
