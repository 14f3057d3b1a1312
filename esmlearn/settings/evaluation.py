"""Settings of the scripts `evaluate` and `report`."""

from datetime import date

from pydantic import Field, field_validator, model_validator

from esmlearn.settings.base import Block, Positive
from esmlearn.settings.input import InputSettings


class Place(Block):
    """A place on the globe, in degrees."""

    latitude: float = Field(ge=-90, le=90, description="degrees north")
    longitude: float = Field(ge=-360, le=360, description="degrees east")


class Region(Block):
    """A part of the domain, from west to east and from south to north, in degrees."""

    start_longitude: float = Field(ge=-360, le=360, description="western edge, degrees east")
    end_longitude: float = Field(ge=-360, le=360, description="eastern edge; a region may cross the date line")
    start_latitude: float = Field(ge=-90, le=90, description="southern edge, degrees north")
    end_latitude: float = Field(ge=-90, le=90, description="northern edge, degrees north")

    @model_validator(mode="after")
    def _south_comes_first(self) -> "Region":
        if self.start_latitude >= self.end_latitude:
            raise ValueError(
                f"start_latitude {self.start_latitude:g} must lie south of end_latitude {self.end_latitude:g}"
            )
        return self


class EvaluateSettings(Block):
    """Settings of the script `evaluate`."""

    truth: str | None = Field(None, description="dataset with the true values; default: the values that were withheld")
    coarse: str | None = Field(
        None, description="super-resolution: the coarse field; default: from the attributes of the reconstruction"
    )
    height: str | None = Field(
        None, description="height of the surface (orog) on the fine grid, for scores by height; none: no such scores"
    )
    buffer_km: float = Field(
        0.0, ge=0, description="hidden points nearer than this to an observation of the same day do not count"
    )
    buffer_days: int = Field(
        0, ge=0, description="hidden points nearer than this to an observation at the same place do not count"
    )
    block_days: Positive = Field(30, description="days in a block of the block bootstrap, for the intervals")
    regions: dict[str, Region] = Field({}, description="parts of the domain with scores of their own, by name")
    dates: tuple[date, ...] = Field((), description="days in the figures; default: chosen by the program")
    place: Place | None = Field(None, description="place of the time series; default: the one with most hidden values")
    input: InputSettings = InputSettings()
    split: str = Field("test", description="name of the scored points in files and reports")

    @field_validator("regions")
    @classmethod
    def _all_is_taken(cls, regions: dict[str, Region]) -> dict[str, Region]:
        if "all" in regions:
            raise ValueError("`all` is the whole domain; give the region another name")
        return regions


class ReportSettings(Block):
    """Settings of the script `report`."""

    title: str | None = Field(None, description="heading of the page; default: the title of the recipe")
    summary: str | None = Field(None, description="a few sentences of the author, at the top of the page")
