"""Samples of super-resolution: a fine field in a window, and what is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils.data import Dataset

from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling, months_of
from esmlearn.grids.tiles import corners_with_ocean
from esmlearn.models.batches import Batchable
from esmlearn.settings import DownscaleTrainSettings
from esmlearn.tasks.downscale.conditions import CoarseInput, StaticFields, join


@dataclass(frozen=True)
class Pair(Batchable):
    """A fine field at one time in one window, or a batch of them with `batch` in front; all values are scaled.

    Attributes
    ----------
    values, valid
        The fine field, zero where it is not known, and where it is.
    told, known
        What is told of it, one channel for each condition, the coarse field first; and where that is known.
    land
        True on land.
    position
        Latitude and longitude in degrees.
    year_fraction, hour
        Part of the year that has gone, and hour of the day.
    """

    values: Float[Tensor, "*batch var lat lon"]
    valid: Bool[Tensor, "*batch var lat lon"]
    told: Float[Tensor, "*batch channel lat lon"]
    known: Bool[Tensor, "*batch channel lat lon"]
    land: Bool[Tensor, "*batch lat lon"]
    position: Float[Tensor, "*batch 2 lat lon"]
    year_fraction: Float[Tensor, "*batch"]
    hour: Float[Tensor, "*batch"]


class FinePairs(Dataset[Pair]):
    """Endless samples at random times and places; sample k is the same in every run.

    Parameters
    ----------
    fine
        The fine field of a period.
    scaling
        Of the fine field.
    coarse
        Coarse fields that tell of it, the field itself first. They are carried to the window of each sample: on the
        fine grid, all of them together would take more memory than the fine field itself.
    static
        Fields that never change.
    settings
        Sizes, and what is left out at random.
    seed
        Base of the random numbers.
    length
        Number of samples.
    """

    def __init__(
        self,
        fine: Field,
        scaling: MonthlyScaling,
        coarse: Sequence[CoarseInput],
        static: StaticFields,
        settings: DownscaleTrainSettings,
        *,
        seed: int,
        length: int,
    ) -> None:
        self.field, self.scaling, self.static = fine, scaling, static
        self.coarse = [given.at(fine) for given in coarse]
        self.within: dict[tuple[int, int], list[CoarseInput]] = {}
        self.settings, self.seed, self.length = settings, seed, length
        self.month = months_of(fine)
        self.position = np.stack(np.meshgrid(fine.lat, fine.lon, indexing="ij")).astype(np.float32)
        self.corners = corners_with_ocean(fine.land, settings.window)

    def __len__(self) -> int:
        """Count the samples of the whole training."""
        return self.length

    def __getitem__(self, index: int) -> Pair:
        """Draw sample number `index`."""
        rng = np.random.default_rng([self.seed, index])
        time = int(rng.integers(len(self.month)))
        south, west = self.corners[rng.integers(len(self.corners))]
        rows, columns = self.settings.window
        window = (slice(south, south + rows), slice(west, west + columns))
        valid = self.field.observed[time][:, *window]
        raw = np.where(valid, self.field.values[time][:, *window], np.float32(0.0))
        values = np.where(valid, self._scale(raw, time, window), np.float32(0.0))
        told, known = self._tell(raw, valid, time, window, rng)
        parts = (
            values,
            valid,
            told,
            known,
            self.field.land[window],
            self.position[:, *window],
            self.field.year_fraction[time],
            self.field.hour[time],
        )
        return Pair(
            *(
                torch.from_numpy(np.array(part, dtype=bool if np.asarray(part).dtype == bool else np.float32))
                for part in parts
            )
        )

    def _scale(self, raw: np.ndarray, time: int, window: tuple[slice, slice]) -> np.ndarray:
        """Scale a window of the fine field."""
        return self.scaling.within(*window).scale(raw[None], self.month[time : time + 1])[0]

    def _tell(
        self, raw: np.ndarray, valid: np.ndarray, time: int, window: tuple[slice, slice], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Conditions of a window, some of them left out; the coarse field itself never is."""
        conditions = self.settings.conditions
        corner = window[0].start, window[1].start
        if corner not in self.within:
            self.within[corner] = [given.within(*window) for given in self.coarse]
        month = self.month[time : time + 1]
        carried = join([given.tell(np.array([time]), month) for given in self.within[corner]])
        values = [carried.values[0], self.static.values[:, *window]]
        known = [carried.known[0], self.static.known[:, *window]]
        if conditions.in_situ:
            share = rng.uniform(*conditions.in_situ.share)
            seen = valid & (rng.random(valid.shape) < share)
            errors = conditions.in_situ.error * rng.standard_normal(raw.shape)
            values.append(self._scale(raw + errors, time, window) * seen)
            known.append(seen)
        told, there = np.concatenate(values), np.concatenate(known)
        kept = rng.random(len(there)) >= conditions.dropout
        kept[: len(valid)] = True
        there &= kept[:, None, None]
        return np.where(there, told, 0.0), there
