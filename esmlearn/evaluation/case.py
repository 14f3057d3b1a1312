"""What is evaluated: one dataset that was reconstructed, with all methods, beside what is right."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from esmlearn import metrics
from esmlearn.evaluation.inputs import Coarse, Source
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings import EvaluateSettings, Region
from esmlearn.words import domain_of

# A truth with fewer gaps than this is shown as complete; one with more is withheld observations, and no map of its own.
COMPLETE = 0.99

# A truth that is known on a smaller share of the ocean is of single points, such as floats: no month or map is known.
SPARSE = 0.1


@dataclass(frozen=True, eq=False)
class Result:
    """What one method gave for one dataset.

    Attributes
    ----------
    name, role
        The method.
    reconstruction
        Its values.
    paths
        The files that they were read from, if any: of the days (or of all times, if they are shorter), of the months,
        and of the members.
    """

    name: str
    role: str
    reconstruction: Reconstruction
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Case:
    """One dataset that was reconstructed, with all that the methods gave.

    Attributes
    ----------
    settings
        How it is evaluated.
    dataset, split, quantity
        Names: of the dataset (with its depth where there are levels), of the part of the period, and of what is
        reconstructed.
    results
        One for each method.
    observed
        What the methods were given, shape (time, lat, lon).
    field
        The daily field that the first method left: grid, dates, months, units.
    truth
        What is known to be right on these dates, shape (time, lat, lon), NaN elsewhere; None if nothing is.
    seen
        The observations that the methods were given, NaN elsewhere; a truth may differ from them by their noise.
    truth_source
        Dataset that the truth comes from, with the days that were not reconstructed.
    observations_source
        Dataset that the observations come from; None if it is not at hand.
    synthetic
        Whether a file says that the data are synthetic.
    frequency
        That of the times that are not months: `day`, or `1hr`, `3hr`, `6hr`.
    downscaled
        Whether the methods were given a coarse field to refine, and not a fine one to fill.
    coarse
        That coarse field; None where there is none, or it is not at hand.
    height
        Height of the surface of each cell in metres, where the settings name it.
    on_land
        Which cells are land, for a quantity that is known on land and sea; None for others.
    """

    settings: EvaluateSettings
    dataset: str
    split: str
    quantity: str
    results: tuple[Result, ...]
    observed: Bool[np.ndarray, "time lat lon"]
    field: Field
    seen: Float[np.ndarray, "time lat lon"]
    truth: Float[np.ndarray, "time lat lon"] | None
    truth_source: Source | None
    observations_source: Source | None
    synthetic: bool
    frequency: str = "day"
    downscaled: bool = False
    coarse: Coarse | None = None
    height: Float[np.ndarray, "lat lon"] | None = None
    on_land: Bool[np.ndarray, "lat lon"] | None = None

    @property
    def label(self) -> str:
        """Name of the dataset and its depth, as a part of file names."""
        return self.dataset.replace(" at ", "_").replace(" ", "")

    @property
    def domain(self) -> str:
        """What is filled: the ocean, or the area for quantities that are known beyond it."""
        return domain_of(self.field.like[0].standard_name)

    @property
    def level(self) -> float | None:
        """Depth in metres; None where there are no levels."""
        return None if self.field.levels is None else float(self.field.levels[0])

    @property
    def ocean(self) -> Bool[np.ndarray, "lat lon"]:
        """Cells that are ocean for the methods and, if there is one, for the truth."""
        ocean = ~self.field.land
        return ocean if self.truth is None else ocean & np.isfinite(self.truth).any(axis=0)

    @property
    def hidden(self) -> Bool[np.ndarray, "time lat lon"]:
        """Ocean that the methods were not given."""
        return ~self.observed & self.ocean

    @cached_property
    def distance(self) -> Float[np.ndarray, "time lat lon"]:
        """Distance (km) to the nearest observation of the same day."""
        return metrics.distance_to_observation(self.observed, self.field.lat, self.field.lon)

    @cached_property
    def days_away(self) -> Float[np.ndarray, "time lat lon"]:
        """Days to the nearest observation at the same place."""
        day = np.array([(date - self.field.dates[0]).total_seconds() / 86_400 for date in self.field.dates])
        return np.round(metrics.days_to_observation(self.observed, day))

    @property
    def counted(self) -> Bool[np.ndarray, "time lat lon"]:
        """Hidden ocean that lies beyond the buffers."""
        far = self.hidden
        if self.settings.buffer_km:
            far &= self.distance >= self.settings.buffer_km
        if self.settings.buffer_days:
            far &= self.days_away >= self.settings.buffer_days
        return far

    @property
    def complete(self) -> bool:
        """Whether the truth is known nearly everywhere, and not at some withheld observations only."""
        return self.truth is not None and bool(np.isfinite(self.truth[:, self.ocean]).mean() >= COMPLETE)

    @property
    def withheld(self) -> bool:
        """Whether nothing is known but observations that were withheld from the methods.

        Those are of the same dataset, or of one of its own that is known at few points, such as floats kept apart.
        """
        if self.truth is None or self.complete:
            return False
        same = self.truth_source is not None and self.truth_source.same_as(self.observations_source)
        return same or bool(np.isfinite(self.truth[:, ~self.field.land]).mean() < SPARSE)

    @property
    def ancestors(self) -> list[str]:
        """Files that every product of the evaluation comes from."""
        given = {source.file for source in (self.truth_source, self.observations_source, self.coarse) if source}
        return [str(path) for result in self.results for path in result.paths] + sorted(file for file in given if file)


def cells_within(region: Region, grid: RectilinearGrid) -> Bool[np.ndarray, "lat lon"]:
    """Cells whose centre lies in a region, which may cross the date line."""
    width = (region.end_longitude - region.start_longitude) % 360 or 360
    east = (grid.lon - region.start_longitude) % 360 <= width
    north = (grid.lat >= region.start_latitude) & (grid.lat <= region.end_latitude)
    return north[:, None] & east[None, :]
