"""Settings of the script `train` for the task `densify`."""

from typing import Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share, ShareRange, Units
from esmlearn.settings.diffusion import GapTrainSettings


class HideSettings(Block):
    """Gaps that are put into the levels of a training sample.

    `profiles`: only whole columns at scattered cells remain, as those of Argo floats. `rectangles`, `clouds`, `swaths`:
    each level has other gaps.
    """

    kind: Literal["profiles", "rectangles", "clouds", "swaths"] = Field("profiles", description="shape of the gaps")
    share: ShareRange = Field((0.9, 0.99), description="least and greatest share that is hidden")
    min_size: Positive = Field(2, description="rectangles: shortest side in cells")
    max_size: Positive = Field(9, description="rectangles: longest side in cells")

    @model_validator(mode="after")
    def _sides_are_in_order(self) -> "HideSettings":
        if self.min_size > self.max_size:
            raise ValueError(f"min_size {self.min_size} must not be larger than max_size {self.max_size}")
        return self

    @property
    def options(self) -> dict[str, int]:
        """Options of the kind."""
        return {"min_size": self.min_size, "max_size": self.max_size} if self.kind == "rectangles" else {}


class SurfaceSettings(Block):
    """The surface above the levels, as satellites observe it: a condition."""

    dataset: str = Field(description="dataset with the surface, on the grid of the levels")
    short_name: str = Field("tos", description="variable of the surface")
    units: Units | None = Field(None, description="its units within the model; default: those of the levels")
    dropout: Share = Field(0.25, description="share of the training samples without the surface")
    factor: float = Field(0.05, ge=0, description="standard deviation of a relative error of each sample")
    offset: float = Field(
        0.2, ge=0, description="standard deviation of an offset of each sample, in the units of the surface"
    )
    speckle: float = Field(0.1, ge=0, description="standard deviation of an error of each cell, in these units")


class PlacesSettings(Block):
    """Blocks of cells that only the validation uses, at all times, with a buffer around them."""

    block: Positive = Field(16, description="side of a block in cells")
    share: float = Field(0.2, gt=0, lt=1, description="share of the blocks")
    buffer: int = Field(4, ge=0, description="cells around each block that are not used at all")


class TrainDensifySettings(GapTrainSettings):
    """Settings of the script `train` for an ensemble that completes levels from sparse profiles."""

    task: Literal["densify"] = Field(description="what is trained: an ensemble that completes levels")
    first_guess: Literal["regression", "climatology"] = Field(
        "regression", description="first guess of the members: that of a network that is trained first, or climatology"
    )
    hide: HideSettings = Field(HideSettings(), description="gaps that are put into a training sample")
    surface: SurfaceSettings | None = Field(None, description="the surface as a condition; none: it is not used")
    places: PlacesSettings | None = Field(
        PlacesSettings(), description="places for the validation only; none: it differs from the training in time only"
    )
    turns: bool = Field(
        False,
        description="whether samples are flipped and rotated at random; needs a model without coordinates and date",
    )

    @model_validator(mode="after")
    def _settings_agree(self) -> "TrainDensifySettings":
        if self.data.target is None:
            raise ValueError("task `densify` needs data.target, the dataset with the complete levels")
        if self.data.climatology is not None:
            raise ValueError("task `densify` fits a climatology to each level; leave out data.climatology")
        # The front of a rotated map would run across the gradient of the season, too.
        if self.turns and (self.denoiser.coordinates != "none" or self.denoiser.date):
            raise ValueError(
                "samples can't be flipped or turned where coordinates or date condition the model, since a turned map "
                "lies nowhere on Earth; set turns: false, or denoiser: {coordinates: none, date: false}"
            )
        return self

    @property
    def surface_variable(self) -> str | None:
        """Variable of the surface; None without a surface."""
        return None if self.surface is None else self.surface.short_name

    @property
    def surface_units(self) -> str:
        """Units of the surface."""
        return (self.surface and self.surface.units) or self.data.units

    @property
    def droppable_conditions(self) -> tuple[str, ...]:
        """Conditions that an ablation may leave out."""
        surface = ("surface",) if self.surface is not None and self.surface.dropout > 0 else ()
        return (*surface, *super().droppable_conditions)
