"""A sample of the task `densify`: sparse values of several levels, the surface above them, and the complete truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.times import at_times
from esmlearn.gaps.corrupt import Turn, degrade, drop_channels, hide_levels
from esmlearn.models.batches import Batchable
from esmlearn.settings import TrainDensifySettings
from esmlearn.tasks.densify.analysis import POINTS, NearProfiles
from esmlearn.tasks.samples import EndlessSamples
from esmlearn.trained.arrays import Climate


@dataclass(frozen=True)
class LevelSample(Batchable):
    """All levels at one time in one window, or a batch of them with `batch` in front; values are scaled anomalies.

    Attributes
    ----------
    values, valid
        Truth of each level, zero where it is not known, and where it is.
    observed
        What of it is an input.
    given, error
        Values that are inputs there, and the standard deviations of their errors; the truth and zero without errors.
    learned
        Where it counts: hidden or with an error, with a known truth, at places of the role.
    surface, surface_observed
        Values of the surface, and where they count.
    land
        True on land.
    position
        Latitude and longitude in degrees.
    area
        Relative area of the cells.
    year_fraction
        Part of the year that has gone.
    near
        Profiles of this time and of those around it, as which other parts of the truth are given.
    """

    values: Float[Tensor, "*batch var lat lon"]
    valid: Bool[Tensor, "*batch var lat lon"]
    observed: Bool[Tensor, "*batch var lat lon"]
    given: Float[Tensor, "*batch var lat lon"]
    error: Float[Tensor, "*batch var lat lon"]
    learned: Bool[Tensor, "*batch var lat lon"]
    surface: Float[Tensor, "*batch surface lat lon"]
    surface_observed: Bool[Tensor, "*batch surface lat lon"]
    land: Bool[Tensor, "*batch lat lon"]
    position: Float[Tensor, "*batch 2 lat lon"]
    area: Float[Tensor, "*batch 1 lat lon"]
    year_fraction: Float[Tensor, "*batch"]
    near: NearProfiles


@dataclass(frozen=True)
class LevelFields:
    """Fields of all levels with the climate of each, and the surface above them.

    Attributes
    ----------
    field
        Values of the levels.
    climates
        Climatology and scaling of each level, and of the surface last if there is one.
    surface
        The surface on the same grid and dates; None if it is no input.
    """

    field: Field
    climates: tuple[Climate, ...]
    surface: Field | None

    def anomalies(self) -> Float[np.ndarray, "time var lat lon"]:
        """Scaled departures of the levels from their climatologies; zero where nothing is known."""
        return _anomalies(self.field, self.climates[: self.field.values.shape[1]])

    def units(self) -> Float[np.ndarray, "time var"]:
        """Standard deviations of the anomalies of the levels."""
        climates = self.climates[: self.field.values.shape[1]]
        scales = [scaling.at(self.field.year_fraction) for _, scaling in climates]
        return np.stack(scales, axis=1).astype(np.float32)

    def surface_anomalies(self) -> Float[np.ndarray, "time surface lat lon"]:
        """The same of the surface, with no channel if there is none."""
        if self.surface is None:
            return np.zeros((len(self.field.dates), 0, *self.field.land.shape), np.float32)
        return _anomalies(self.surface, self.climates[-1:])

    def surface_observed(self) -> Bool[np.ndarray, "time surface lat lon"]:
        """Where the surface is known."""
        if self.surface is None:
            return np.zeros((len(self.field.dates), 0, *self.field.land.shape), bool)
        return self.surface.observed


class LevelSamples(EndlessSamples):
    """All levels at one time, in windows.

    Parameters
    ----------
    levels
        The truth of a period.
    settings
        Sizes, and what is hidden and degraded.
    places
        Cells that count, shape (lat, lon).
    given
        Cells whose values may be inputs at all.
    reach_days
        Days around the time of a sample of which profiles are given.
    errors
        Profiles of standard deviations, one of which is drawn for the errors of each profile that is given, in the
        units of the levels; None: profiles have no errors.
    seed, length
        As of `EndlessSamples`.
    """

    def __init__(
        self,
        levels: LevelFields,
        settings: TrainDensifySettings,
        *,
        places: Bool[np.ndarray, "lat lon"],
        given: Bool[np.ndarray, "lat lon"],
        reach_days: float,
        errors: Float[np.ndarray, "profile var"] | None = None,
        seed: int,
        length: int,
    ) -> None:
        super().__init__(~places, settings.window, seed=seed, length=length)
        self.settings, self.places, self.given, self.reach_days = settings, places, given, reach_days
        self.field, self.errors, self.level_units = levels.field, errors, levels.units()
        self.values = levels.anomalies()
        self.surface, self.surface_observed = levels.surface_anomalies(), levels.surface_observed()
        # Errors of the surface are given in its units; samples are scaled.
        self.units = levels.climates[-1][1].at(self.field.year_fraction)
        self.position = np.stack(np.meshgrid(self.field.lat, self.field.lon, indexing="ij")).astype(np.float32)

    def __getitem__(self, index: int) -> LevelSample:
        """Draw sample number `index`."""
        rng = self.random(index)
        time = int(rng.integers(len(self.values)))
        lat, lon = self.cells(rng)
        values, valid = self.values[time][:, lat, lon], self.field.observed[time][:, lat, lon]
        share = float(rng.uniform(*self.settings.hide.share))
        observed = self.observe(time, lat, lon, share, rng)
        given, error = self.give(time, lat, lon, observed, rng)
        surface, surface_observed = self.surface_of(time, lat, lon, rng)
        maps = (
            values,
            valid,
            observed,
            given,
            error,
            valid & ~(observed & (error == 0)) & self.places[lat, lon],
            surface,
            surface_observed,
            self.field.land[lat, lon],
            self.position[:, lat, lon],
            self.field.area_weights[None, lat, lon],
        )
        near = self.near(time, lat, lon, (observed, given, error), share, rng)
        turn = Turn.draw(*self.window, rng) if self.settings.turns else Turn(flip=False, quarters=0)
        season = np.float32(self.field.year_fraction[time])
        turned = (*(turn.apply(part) for part in maps), season)
        parts: list[Any] = [*(torch.from_numpy(np.array(part)) for part in turned), near]
        return LevelSample(*parts)

    def observe(
        self, time: int, lat: slice, lon: slice, share: float, rng: np.random.Generator
    ) -> Bool[np.ndarray, "var lat lon"]:
        """Hide a share of the truth at one time, and give the rest."""
        valid, hide = self.field.observed[time][:, lat, lon], self.settings.hide
        hidden = hide_levels(hide.kind, valid.shape, share=(share, share), rng=rng, alike=False, **hide.options)
        return valid & ~hidden & self.given[lat, lon]

    def give(
        self, time: int, lat: slice, lon: slice, observed: Bool[np.ndarray, "var lat lon"], rng: np.random.Generator
    ) -> tuple[Float[np.ndarray, "var lat lon"], Float[np.ndarray, "var lat lon"]]:
        """Values that are given where something was observed, with errors that are drawn, and their deviations."""
        values = self.values[time][:, lat, lon]
        if self.errors is None:
            return values, np.zeros_like(values)
        error = draw_errors(self.errors, values.shape[1:], rng) / self.level_units[time][:, None, None]
        error = np.where(observed, error, np.float32(0.0))
        return values + error * rng.standard_normal(error.shape, dtype=np.float32), error

    def near(
        self,
        time: int,
        lat: slice,
        lon: slice,
        now: tuple[np.ndarray, np.ndarray, np.ndarray],
        share: float,
        rng: np.random.Generator,
    ) -> NearProfiles:
        """Profiles of a sample, and such of the times around it until there are enough, the nearest times first.

        `now` is what is observed at its own time, the values that are given and their errors.
        """
        lags = self.field.days - self.field.days[time]
        profiles, n_points = [], 0
        for other in np.argsort(np.abs(lags), kind="stable"):
            if abs(lags[other]) > self.reach_days or n_points >= POINTS:
                break
            if other == time:
                seen, given, error = now
            else:
                seen = self.observe(int(other), lat, lon, share, rng)
                given, error = self.give(int(other), lat, lon, seen, rng)
            row, column = rng.permutation(np.argwhere(seen.any(axis=0))).T
            place = self.position[:, lat, lon][:, row, column].T
            values, known, errors = (part[:, row, column].T for part in (given, seen, error))
            profiles.append((values, known, place, np.full(len(row), lags[other]), errors))
            n_points += len(row)
        return NearProfiles.of(*map(np.concatenate, zip(*profiles, strict=True)))

    def surface_of(self, time: int, lat: slice, lon: slice, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Values of the surface as a satellite may see them, or none at all, and where they are."""
        surface, observed = self.surface[time][:, lat, lon], self.surface_observed[time][:, lat, lon]
        errors = self.settings.surface
        if errors is None:
            return surface, observed
        unit = self.units[time]
        degraded = degrade(
            np.where(observed, surface * unit, np.nan),
            factor=errors.factor,
            offset=errors.offset,
            speckle=errors.speckle,
            rng=rng,
        )
        observed = drop_channels(observed, probability=errors.dropout, rng=rng)
        return np.where(observed, degraded / unit, 0.0).astype(np.float32), observed


def draw_errors(
    errors: Float[np.ndarray, "profile var"], shape: tuple[int, ...], rng: np.random.Generator
) -> Float[np.ndarray, "var *shape"]:
    """Draw a profile of errors for each cell of some shape."""
    return np.moveaxis(errors[rng.integers(len(errors), size=shape)], -1, 0)


def same_dates(surface: Field, field: Field) -> Field:
    """Take the times of levels from a surface: the same ones, or means over theirs where it has shorter steps.

    Raises
    ------
    DataError
        If the grids differ, or a day is missing.
    """
    if not surface.grid.same_as(field.grid):
        raise DataError(
            f"The surface has {surface.land.shape} cells, the levels {field.land.shape}, or others: regrid both alike."
        )
    return at_times(surface, field, names=("surface", "levels"))


def _anomalies(field: Field, climates: Sequence[Climate]) -> Float[np.ndarray, "time var lat lon"]:
    """Scaled departures from the climatology of each variable; zero where nothing is known."""
    parts = []
    for index, (climatology, scaling) in enumerate(climates):
        unit = scaling.at(field.year_fraction)[:, None, None]
        parts.append((field.values[:, index] - climatology.at(field.year_fraction)) / unit)
    return np.where(field.observed, np.stack(parts, axis=1), np.float32(0.0)).astype(np.float32)
