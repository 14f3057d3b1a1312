"""Super-resolution: from which coarse fields, and with what else known, fine fields are drawn."""

from typing import Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share
from esmlearn.settings.data import SplitSettings
from esmlearn.settings.diffusion import DiffusionTrainSettings
from esmlearn.settings.networks import ResidualUNetSettings

IN_SITU = "in_situ"
"""Name of the observations at scattered cells among the conditions."""

NEIGHBOURS = "neighbours"
"""Name of the coarse field at other times among the conditions."""


class DownscaleDataSettings(Block):
    """What super-resolution learns from; names are those of datasets, their aliases, or variables in the recipe."""

    fine: str = Field(description="the field on the fine grid, which is learned from")
    coarse: str = Field(description="the same quantity on the coarse grid, which fine fields are drawn from")
    split: SplitSettings
    units: str | None = Field(None, description="units that the model works in; default: those of the fine field")
    scale_by: Literal["pixel", "domain"] = Field(
        "domain",
        description="mean and standard deviation of each calendar month, of the whole domain or of each cell: those of "
        "a cell need ten years or more, or the weather of the training stays in them",
    )
    log_scale: float | None = Field(
        None,
        gt=0,
        description="work with ln(1 + x / this), in the units of the data: for precipitation; none: no logarithm",
    )


class InSituSettings(Block):
    """Observations at scattered cells of the fine grid, from stations or floats."""

    dataset: str | None = Field(
        None, description="where they come from when fine fields are drawn, on the fine grid; none: there are none"
    )
    share: tuple[Share, Share] = Field(
        (0.0, 0.02), description="training: least and greatest share of the cells that are told, taken from `fine`"
    )
    error: float = Field(
        0.0, ge=0, description="training: standard deviation of their errors, in the units of the data"
    )


class ConditionSettings(Block):
    """What is known besides the coarse field; place, date and hour are options of the networks."""

    neighbours: tuple[int, ...] = Field(
        (),
        description="steps of time, before (negative) and after, at which the coarse field is told, too: what moves "
        "through coarse cells tells more than a still picture",
    )
    coarse: tuple[str, ...] = Field((), description="further variables on a coarse grid, at the same times")
    static: tuple[str, ...] = Field((), description="fields of the fine grid that never change, such as orog and sftlf")
    in_situ: InSituSettings | None = Field(None, description="observations at scattered cells; none: they are not seen")
    dropout: Share = Field(
        0.1, description="share of the samples that learn to do without, for each of these conditions by itself"
    )


class TrainDownscaleSettings(DiffusionTrainSettings):
    """Settings of the script `train` for super-resolution."""

    task: Literal["downscale"] = Field(description="what is trained: super-resolution")
    data: DownscaleDataSettings
    conditions: ConditionSettings = ConditionSettings()
    learning: Literal["residual", "field"] = Field(
        "residual",
        description="a regression first and diffusion on its residual, or diffusion on the whole field",
    )
    window: tuple[Positive, Positive] = Field((64, 64), description="fine cells of a sample in latitude and longitude")
    denoiser: ResidualUNetSettings = ResidualUNetSettings()
    regression: ResidualUNetSettings | None = Field(
        None, description="learning `residual`: the network that is trained first; default: as the denoiser"
    )

    @model_validator(mode="after")
    def _regression_is_asked_for(self) -> "TrainDownscaleSettings":
        if self.regression and self.learning == "field":
            raise ValueError("learning `field` has no regression; leave it out, or set learning: residual")
        names = [self.data.coarse, *self.conditions.coarse, *self.conditions.static]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is named twice; name each condition once")
        return self

    @property
    def why_no_share(self) -> str:
        """Why an ablation can't hide another share of the data."""
        return "is for gaps, but super-resolution has none; leave it out."

    @property
    def droppable_conditions(self) -> tuple[str, ...]:
        """All that some samples of the training lacked: what an ablation may leave out."""
        conditions = self.conditions
        if conditions.dropout == 0:
            return self.droppable_coordinates
        neighbours = (NEIGHBOURS,) if conditions.neighbours else ()
        # Stations that no dataset gives are never there when fields are drawn.
        stations = (IN_SITU,) if conditions.in_situ and conditions.in_situ.dataset else ()
        return (*neighbours, *conditions.coarse, *conditions.static, *stations, *self.droppable_coordinates)
