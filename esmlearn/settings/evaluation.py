"""The scripts `evaluate` and `report`."""

from datetime import date

from pydantic import Field, field_validator, model_validator

from esmlearn.settings.base import Block, Positive


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

    truth: str | None = Field(
        None, description="dataset with what is right; default: what was withheld from the reconstructed dataset itself"
    )
    coarse: str | None = Field(
        None, description="super-resolution: the coarse field; default: what the reconstruction says it came from"
    )
    height: str | None = Field(
        None, description="height of the surface (orog) on the fine grid, to break scores down by; none: they are not"
    )
    buffer_km: float = Field(
        0.0, ge=0, description="hidden points nearer than this to an observation of the same day do not count"
    )
    buffer_days: int = Field(
        0, ge=0, description="hidden points nearer than this to an observation at the same place do not count"
    )
    block_days: Positive = Field(30, description="days that are drawn together when intervals are bootstrapped")
    regions: dict[str, Region] = Field({}, description="parts of the domain that get scores of their own, by name")
    dates: tuple[date, ...] = Field((), description="days to show; default: chosen by the program")
    place: Place | None = Field(None, description="where the time series is shown; default: where most was hidden")
    split: str = Field("test", description="name of the points that the scores are made on")

    @field_validator("regions")
    @classmethod
    def _all_is_taken(cls, regions: dict[str, Region]) -> dict[str, Region]:
        if "all" in regions:
            raise ValueError("`all` is the whole domain; give the region another name")
        return regions


class ReportSettings(Block):
    """Settings of the script `report`."""

    title: str | None = Field(None, description="heading of the page; default: the title of the recipe")
    summary: str | None = Field(None, description="a few sentences of the author's own, shown first")
