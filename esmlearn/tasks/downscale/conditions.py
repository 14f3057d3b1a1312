"""Conditions of fine fields: coarse fields on the fine cells, fixed fields, scattered observations.

Each condition is one channel with a mask of its own. What is left out is a channel whose mask is empty: in training at
random, so that one network learns to do with and without.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from einops import rearrange
from jaxtyping import Bool, Float, Int

from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.fields.rounding import rounding
from esmlearn.fields.times import match_times
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import Regridder, interpolator

FILL_KM = 500.0
"""Fine sea cells in bays that no coarse cell resolves take the nearest value within this distance."""


class Channels(NamedTuple):
    """Scaled values of some conditions, and where they are known."""

    values: Float[np.ndarray, "*time channel lat lon"]
    known: Bool[np.ndarray, "*time channel lat lon"]


@dataclass(frozen=True)
class StaticFields:
    """Fields of the fine grid that never change, scaled.

    Attributes
    ----------
    names
        As the recipe has them.
    values, known
        One for each name, and where there is a value.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, "channel lat lon"]
    known: Bool[np.ndarray, "channel lat lon"]

    @classmethod
    def of(cls, fields: dict[str, Float[np.ndarray, "lat lon"]], shape: tuple[int, int]) -> "StaticFields":
        """Scale fields to mean zero and a standard deviation of one, a constant one to zero; NaN is missing."""
        known = np.array([np.isfinite(field) for field in fields.values()], bool).reshape(len(fields), *shape)
        scaled = [
            (field - np.nanmean(field)) / max(float(np.nanstd(field)), rounding(field))
            for field in (given.astype(np.float64) for given in fields.values())
        ]
        values = np.where(known, np.array(scaled).reshape(len(fields), *shape), 0.0).astype(np.float32)
        return cls(tuple(fields), values, known)


@dataclass(frozen=True)
class CoarseInput:
    """A field on a coarse grid, interpolated to the fine one.

    Attributes
    ----------
    name
        As the recipe has it.
    field
        Its values.
    regridder
        Bicubic, from its cells to the fine ones.
    scaling
        Of the interpolated field, by calendar month; none until it is fitted.
    neighbours
        Steps of time at which it is a condition, too.
    """

    name: str
    field: Field
    regridder: Regridder
    scaling: MonthlyScaling | None = None
    neighbours: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        field: Field,
        fine: RectilinearGrid,
        scaling: MonthlyScaling | None = None,
        neighbours: tuple[int, ...] = (),
    ) -> "CoarseInput":
        """Find the weights to the fine grid.

        Raises
        ------
        DataError
            If the fine domain reaches beyond the coarse one.
        """
        regridder = interpolator(RectilinearGrid.of(field.like[0]), fine, "bicubic", fill_km=FILL_KM)
        return cls(name, field, regridder, scaling, neighbours)

    def fit(
        self,
        like: Field,
        times: Int[np.ndarray, " time"],
        *,
        by: Literal["pixel", "domain"] = "pixel",
        log_scale: float | None = None,
    ) -> "CoarseInput":
        """Learn the scaling from some times.

        Parameters
        ----------
        like
            The fine field of the training, whose grid and dates the interpolated one takes.
        times
            The times of the training among those of the coarse field.
        by, log_scale
            As of `MonthlyScaling.fit`.
        """
        values = self.regridder(self.field.values[times])
        carried = replace(like, values=values, observed=np.isfinite(values), units=self.field.units)
        return replace(self, scaling=MonthlyScaling.fit(carried, by=by, log_scale=log_scale))

    def at(self, fine: Field) -> "CoarseInput":
        """The same at the times of a fine field."""
        return replace(self, field=self.field[match_times(self.field, fine, names=("coarse field", "fine field"))])

    def within(self, lat: slice, lon: slice) -> "CoarseInput":
        """The same in a window of the fine cells."""
        scaling = self.scaling and self.scaling.within(lat, lon)
        return replace(self, regridder=self.regridder.within(lat, lon), scaling=scaling)

    def channels(self, times: Int[np.ndarray, " time"], month: Int[np.ndarray, " time"]) -> Channels:
        """Scaled values on the fine cells at some times, whose calendar months are given, then at their neighbours.

        What lies before the first time or after the last is not known.
        """
        if self.scaling is None:
            raise ValueError(f"{self.name} has no scaling yet; fit it first.")
        last = len(self.field.values) - 1
        index = times[:, None] + np.array([0, *self.neighbours])
        there = ((index >= 0) & (index <= last))[:, :, None, None, None]
        values = np.where(there, self.regridder(self.field.values[index.clip(0, last)]), np.float32(np.nan))
        steps = rearrange(values, "time step var y x -> step time var y x")
        return join([scaled_channels(step, self.scaling, month) for step in steps])


def scaled_channels(
    values: Float[np.ndarray, "time var lat lon"], scaling: MonthlyScaling, month: Int[np.ndarray, " time"]
) -> Channels:
    """Scale values; NaN is missing."""
    known = np.isfinite(values)
    scaled = scaling.scale(np.where(known, values, np.float32(0.0)), month)
    return Channels(np.where(known, scaled, np.float32(0.0)).astype(np.float32), known)


def join(parts: Sequence[Channels]) -> Channels:
    """Put conditions together, channel after channel."""
    values, known = zip(*parts, strict=True)
    return Channels(np.concatenate(values, axis=-3), np.concatenate(known, axis=-3))
