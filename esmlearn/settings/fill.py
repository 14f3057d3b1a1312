"""Settings of the script `train` for the task `fill`."""

from typing import Literal

from pydantic import Field

from esmlearn.settings.base import Positive, Share
from esmlearn.settings.diffusion import GapTrainSettings, SamplerSettings


class TrainFillSettings(GapTrainSettings):
    """Settings of the script `train` for an ensemble that fills the gaps of days."""

    task: Literal["fill"] = Field(description="what is trained: an ensemble that fills gaps")
    first_guess: Literal["model", "climatology"] = Field(
        "model", description="first guess of the members: a reconstruction by the trained model, or the climatology"
    )
    model: str | None = Field(
        None, description="first_guess `model`: its folder; default: that of the ancestor `train`"
    )
    neighbour_days: int = Field(
        1, ge=0, le=10, description="days before and after whose observations and first guess are conditions"
    )
    reconstructions: Positive = Field(
        2, description="reconstructions of the training period, or of parts of it, to learn from; under various clouds"
    )
    hide_days: Share = Field(0.8, description="without a target: share of the days on which more is hidden")
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=5, sigma_max=20.0), description=GapTrainSettings.model_fields["sampler"].description
    )
