"""Settings of the reader of profiles: which values count, and the grid that they are binned on."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from esmlearn.settings.base import Block, Positive, Seed


class ProfileSettings(Block):
    """Profiles of temperature or salinity, interpolated to levels and binned on cells and days."""

    variable: Literal["thetao", "so"] = Field("thetao", description="potential temperature, or practical salinity")
    levels: tuple[float, ...] = Field(min_length=1, description="depths of the levels, m, from the surface down")
    region: tuple[float, float, float, float] | None = Field(
        None, description="west, east, south, north: edges in degrees; may cross the date line; none: take a grid"
    )
    step: float | None = Field(None, gt=0, description="width of the cells in degrees; goes with region")
    days: Positive = Field(1, description="days in a bin of time")
    monthly: bool = Field(False, description="means of calendar months, in place of `days`")
    start: date | None = Field(
        None, description="first day of any bin, from which bins are counted; default: 1 January of the first year"
    )
    quality: Literal["good", "probably_good"] = Field(
        "probably_good",
        description="worst flag that counts: in Argo files 1, or 1 and 2; other archives only have accepted or not",
    )
    max_gap: float = Field(
        20.0,
        gt=0,
        description="largest distance between the values above and below a level, m; a tenth of its depth is added",
    )
    instrument_error: float | None = Field(
        None, gt=0, description="standard deviation of the error where a file gives none; default: 0.002 degC or 0.01"
    )
    floor: float | None = Field(
        None,
        ge=0,
        description="least standard deviation within a cell and bin of time; default: 0.1 degC or 0.02 (salinity)",
    )

    withhold: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the floats and ships that are kept apart, with all their profiles, to score on; by their "
        "names and the seed, so that it is the same for all variables",
    )
    withheld: bool = Field(False, description="whether those kept apart are read; else all others")
    seed: Seed = Field(0, description="the same seed keeps the same floats and ships apart")

    @field_validator("levels")
    @classmethod
    def _levels_go_down(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if min(levels) < 0 or list(levels) != sorted(set(levels)):
            raise ValueError(f"levels {', '.join(f'{level:g}' for level in levels)} must be depths that grow")
        return levels

    @model_validator(mode="after")
    def _months_or_days(self) -> "ProfileSettings":
        if self.monthly and self.days != 1:
            raise ValueError(f"monthly means have no days: leave out `days: {self.days}`, or `monthly`")
        return self

    @model_validator(mode="after")
    def _something_is_withheld(self) -> "ProfileSettings":
        if self.withheld and not self.withhold:
            raise ValueError("withheld floats are read, but none is withheld: give their share as `withhold`, too")
        return self

    @model_validator(mode="after")
    def _region_has_cells(self) -> "ProfileSettings":
        if (self.region is None) != (self.step is None):
            raise ValueError("region and step go together: give both, or none and a grid")
        if self.region is not None and not -90 <= self.region[2] < self.region[3] <= 90:
            raise ValueError(f"region {self.region} must be west, east, south, north, with the south below the north")
        return self
