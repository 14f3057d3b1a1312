"""A sample of the task `downscale`: a fine field in a window, and the conditions that are known of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling, months_of
from esmlearn.models.batches import Batchable
from esmlearn.settings import TrainDownscaleSettings
from esmlearn.tasks.downscale.conditions import CoarseInput, StaticFields, join
from esmlearn.tasks.samples import EndlessSamples


@dataclass(frozen=True)
class FineSample(Batchable):
    """A fine field at one time in one window, or a batch of them with `batch` in front; all values are scaled.

    Attributes
    ----------
    values, valid
        The fine field, zero where it is not known, and where it is.
    conditions, known
        One channel for each condition, the coarse field first; and where it is known.
    land
        True on land.
    position
        Latitude and longitude in degrees.
    area
        Relative area of the cells.
    year_fraction, hour
        Part of the year that has gone, and hour of the day.
    """

    values: Float[Tensor, "*batch var lat lon"]
    valid: Bool[Tensor, "*batch var lat lon"]
    conditions: Float[Tensor, "*batch condition lat lon"]
    known: Bool[Tensor, "*batch condition lat lon"]
    land: Bool[Tensor, "*batch lat lon"]
    position: Float[Tensor, "*batch 2 lat lon"]
    area: Float[Tensor, "*batch 1 lat lon"]
    year_fraction: Float[Tensor, "*batch"]
    hour: Float[Tensor, "*batch"]


class FineSamples(EndlessSamples):
    """Fine fields at one time with their conditions, in windows.

    Parameters
    ----------
    fine
        The fine field of a period.
    scaling
        Of the fine field.
    coarse
        Coarse fields, that of the same quantity first. They are carried to the window of each sample: on the
        fine grid, all of them together would take more memory than the fine field itself.
    static
        Fields that never change.
    settings
        Sizes, and what is left out at random.
    seed, length
        As of `EndlessSamples`.
    """

    def __init__(
        self,
        fine: Field,
        scaling: MonthlyScaling,
        coarse: Sequence[CoarseInput],
        static: StaticFields,
        settings: TrainDownscaleSettings,
        *,
        seed: int,
        length: int,
    ) -> None:
        super().__init__(fine.land, settings.window, seed=seed, length=length)
        self.field, self.scaling, self.static = fine, scaling, static
        self.coarse = [given.at(fine) for given in coarse]
        self.within: dict[tuple[int, int], list[CoarseInput]] = {}
        self.settings = settings
        self.month = months_of(fine)
        scaling.check_months(self.month)
        self.position = np.stack(np.meshgrid(fine.lat, fine.lon, indexing="ij")).astype(np.float32)

    def __getitem__(self, index: int) -> FineSample:
        """Draw sample number `index`."""
        rng = self.random(index)
        time = int(rng.integers(len(self.month)))
        window = self.cells(rng)
        valid = self.field.observed[time][:, *window]
        raw = np.where(valid, self.field.values[time][:, *window], np.float32(0.0))
        values = np.where(valid, self._scale(raw, time, window), np.float32(0.0))
        conditions, known = self._conditions(raw, valid, time, window, rng)
        parts = (
            values,
            valid,
            conditions,
            known,
            self.field.land[window],
            self.position[:, *window],
            self.field.area_weights[None, *window],
            self.field.year_fraction[time],
            self.field.hour[time],
        )
        return FineSample(
            *(
                torch.from_numpy(np.array(part, dtype=bool if np.asarray(part).dtype == bool else np.float32))
                for part in parts
            )
        )

    def _scale(self, raw: np.ndarray, time: int, window: tuple[slice, slice]) -> np.ndarray:
        """Scale a window of the fine field."""
        return self.scaling.within(*window).scale(raw[None], self.month[time : time + 1])[0]

    def _conditions(
        self, raw: np.ndarray, valid: np.ndarray, time: int, window: tuple[slice, slice], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Conditions of a window, some of them left out; the coarse field itself never is."""
        options = self.settings.conditions
        corner = window[0].start, window[1].start
        if corner not in self.within:
            self.within[corner] = [given.within(*window) for given in self.coarse]
        month = self.month[time : time + 1]
        carried = join([given.channels(np.array([time]), month) for given in self.within[corner]])
        values = [carried.values[0], self.static.values[:, *window]]
        known = [carried.known[0], self.static.known[:, *window]]
        if options.in_situ:
            share = rng.uniform(*options.in_situ.share)
            seen = valid & (rng.random(valid.shape) < share)
            errors = options.in_situ.error * rng.standard_normal(raw.shape)
            values.append(self._scale(raw + errors, time, window) * seen)
            known.append(seen)
        found, there = np.concatenate(values), np.concatenate(known)
        kept = rng.random(len(there)) >= options.dropout
        kept[: len(valid)] = True
        there &= kept[:, None, None]
        return np.where(there, found, 0.0), there
