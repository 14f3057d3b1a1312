"""The script `train` for the task `densify`: an ensemble that completes levels from sparse profiles."""

from typing import Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share
from esmlearn.settings.data import DataSettings
from esmlearn.settings.diffusion import DiffusionTrainSettings
from esmlearn.settings.networks import DenoiserSettings


class HideSettings(Block):
    """What is hidden of a sample of levels while a denoiser learns.

    `profiles`: all but whole columns at scattered places, as between Argo floats. `rectangles`, `clouds`, `swaths`: of
    each level something else.
    """

    kind: Literal["profiles", "rectangles", "clouds", "swaths"] = Field("profiles", description="shape of the gaps")
    share: tuple[Share, Share] = Field((0.9, 0.99), description="least and greatest share that is hidden")
    min_size: Positive = Field(2, description="rectangles: shortest side in cells")
    max_size: Positive = Field(9, description="rectangles: longest side in cells")

    @property
    def options(self) -> dict[str, int]:
        """Options of the kind."""
        return {"min_size": self.min_size, "max_size": self.max_size} if self.kind == "rectangles" else {}


class SurfaceSettings(Block):
    """The surface as satellites see it, above the levels: an Earth observation that comes in as a condition."""

    dataset: str = Field(description="dataset with the surface, on the grid of the levels")
    short_name: str = Field("tos", description="its variable")
    dropout: Share = Field(0.25, description="share of the samples that learn to do without")
    factor: float = Field(0.05, ge=0, description="standard deviation of an error in proportion, one for each sample")
    offset: float = Field(0.2, ge=0, description="standard deviation of an error in common, in the units of the data")
    speckle: float = Field(0.1, ge=0, description="standard deviation of an error of each cell, in the same units")


class PlacesSettings(Block):
    """Blocks of cells that only the validation learns of, at all times, with a buffer around them."""

    block: Positive = Field(16, description="side of a block in cells")
    share: float = Field(0.2, gt=0, lt=1, description="share of the blocks")
    buffer: int = Field(4, ge=0, description="cells left out between them and those of the training")


class TrainDensifySettings(DiffusionTrainSettings):
    """Settings of the script `train` for an ensemble that completes levels from sparse profiles."""

    task: Literal["densify"] = Field(description="what is trained: an ensemble that completes levels")
    data: DataSettings
    first_guess: Literal["regression", "climatology"] = Field(
        "regression", description="what members depart from: a network that is trained first, or the climatology"
    )
    hide: HideSettings = Field(HideSettings(), description="what is hidden of a sample")
    surface: SurfaceSettings | None = Field(None, description="the surface above; none: it is not a condition")
    places: PlacesSettings | None = Field(
        PlacesSettings(), description="places that are kept for the validation; none: it differs in time only"
    )
    turns: bool = Field(
        False,
        description="whether samples are flipped and turned at random; neither coordinates nor date may condition the "
        "model then",
    )
    denoiser: DenoiserSettings = DenoiserSettings()

    @model_validator(mode="after")
    def _levels_are_complete(self) -> "TrainDensifySettings":
        if self.data.target is None:
            raise ValueError("task `densify` needs data.target, the dataset with the complete levels")
        return self

    @model_validator(mode="after")
    def _turned_maps_lie_nowhere(self) -> "TrainDensifySettings":
        # The front of a turned map would run across the gradient of the season, too.
        if self.turns and (self.denoiser.coordinates != "none" or self.denoiser.date):
            raise ValueError(
                "samples can't be flipped or turned where coordinates or date condition the model, since a turned map "
                "lies nowhere on Earth; set turns: false, or denoiser: {coordinates: none, date: false}"
            )
        return self

    @property
    def surface_variable(self) -> str | None:
        """Variable of the surface; None if it is not a condition."""
        return None if self.surface is None else self.surface.short_name

    @property
    def droppable_conditions(self) -> tuple[str, ...]:
        """All that some samples of the training lacked: what an ablation may leave out."""
        surface = ("surface",) if self.surface is not None and self.surface.dropout > 0 else ()
        return (*surface, *self.droppable_coordinates)
