"""Settings of the script `train` for the task `downscale`: super-resolution."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from esmlearn.settings.base import Block, Positive, Share, ShareRange, Units
from esmlearn.settings.data import SplitSettings
from esmlearn.settings.diffusion import DiffusionTrainSettings
from esmlearn.settings.networks import ResidualUNetSettings

IN_SITU = "in_situ"
"""Name of the condition of observations at scattered cells."""

NEIGHBOURS = "neighbours"
"""Name of the condition of the coarse field at other times."""


class DownscaleDataSettings(Block):
    """Data of super-resolution; names are those of datasets, their aliases, or variables in the recipe."""

    fine: str = Field(description="the field on the fine grid, target of the training")
    coarse: str = Field(description="the same quantity on the coarse grid, from which fine fields are made")
    split: SplitSettings
    units: Units | None = Field(None, description="units within the model; default: those of the fine field")
    scale_by: Literal["pixel", "domain"] = Field(
        "domain",
        description="scaling by mean and standard deviation of each calendar month, of the whole domain or of each "
        "cell; those of a cell need ten years or more, else they depend on the weather of the training",
    )
    land: str = Field("data", description="what is land on the fine grid, as `data.land` of the other tasks")
    transform: Literal["none", "log", "log1p"] = Field(
        "none",
        description="`log`: fields are the natural logarithm of the values, as for chlorophyll; `log1p`: x becomes "
        "ln(1 + x / log_scale), for what can be zero, such as precipitation; with both, none is negative",
    )
    log_scale: float | None = Field(
        None, gt=0, description="of `transform: log1p`: in the units of the data, below which differences hardly count"
    )

    @model_validator(mode="after")
    def _transform_agrees(self) -> "DownscaleDataSettings":
        if (self.log_scale is None) == (self.transform == "log1p"):
            raise ValueError(
                "transform `log1p` needs log_scale, such as 1 for precipitation in mm day-1"
                if self.log_scale is None
                else "log_scale is of `transform: log1p`; set that, too, or leave log_scale out"
            )
        return self


class InSituSettings(Block):
    """Observations at scattered cells of the fine grid, from stations or floats."""

    dataset: str | None = Field(
        None, description="dataset with observations on the fine grid, for `reconstruct`; none: no observations"
    )
    share: ShareRange = Field(
        (0.0, 0.02), description="training: least and greatest share of the cells of `fine` that are observed"
    )
    error: float = Field(0.0, ge=0, description="training: standard deviation of their error, in the units of the data")


class ConditionSettings(Block):
    """Conditions besides the coarse field; place, date and hour are options of the networks."""

    neighbours: tuple[int, ...] = Field(
        (),
        description="time steps, before (negative) and after, at which the coarse field is a condition too; structures "
        "that move through the coarse cells are then resolved better",
    )
    coarse: tuple[str, ...] = Field((), description="further variables on a coarse grid, at the same times")
    static: tuple[str, ...] = Field((), description="constant fields on the fine grid, such as orog and sftlf")
    in_situ: InSituSettings | None = Field(None, description="observations at scattered cells; none: not used")
    dropout: Share = Field(0.1, description="share of the samples without a condition, for each condition by itself")

    @field_validator("neighbours", "coarse", "static")
    @classmethod
    def _each_once[Names: tuple[int, ...] | tuple[str, ...]](cls, names: Names) -> Names:
        if 0 in names:
            raise ValueError("0 is the time itself, whose coarse field is always a condition; leave it out")
        if len(set(names)) < len(names):
            raise ValueError("the same condition is there twice; name each once")
        return names


class TrainDownscaleSettings(DiffusionTrainSettings):
    """Settings of the script `train` for super-resolution."""

    task: Literal["downscale"] = Field(description="what is trained: super-resolution")
    data: DownscaleDataSettings
    conditions: ConditionSettings = ConditionSettings()
    learning: Literal["residual", "field"] = Field(
        "residual", description="regression and diffusion of its residual, or diffusion of the whole field"
    )
    window: tuple[Positive, Positive] = Field((64, 64), description="fine cells of a sample in latitude and longitude")
    denoiser: ResidualUNetSettings = ResidualUNetSettings()
    regression: ResidualUNetSettings | None = Field(
        None, description="network of the regression; default: as the denoiser"
    )

    @model_validator(mode="after")
    def _settings_agree(self) -> "TrainDownscaleSettings":
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
        """Conditions that an ablation may leave out."""
        conditions, coordinates = self.conditions, super().droppable_conditions
        if conditions.dropout == 0:
            return coordinates
        neighbours = (NEIGHBOURS,) if conditions.neighbours else ()
        # Without a dataset of observations there is nothing to leave out.
        in_situ = (IN_SITU,) if conditions.in_situ and conditions.in_situ.dataset else ()
        return (*neighbours, *conditions.coarse, *conditions.static, *in_situ, *coordinates)
