"""The script `train` for the task `fill`: an ensemble that fills the gaps of days."""

from typing import Literal

from pydantic import Field

from esmlearn.settings.base import Positive, Share
from esmlearn.settings.data import DataSettings
from esmlearn.settings.diffusion import DiffusionTrainSettings, SamplerSettings
from esmlearn.settings.networks import DenoiserSettings


class TrainFillSettings(DiffusionTrainSettings):
    """Settings of the script `train` for an ensemble that fills the gaps of days."""

    task: Literal["fill"] = Field(description="what is trained: an ensemble that fills gaps")
    data: DataSettings
    first_guess: Literal["model", "climatology"] = Field(
        "model", description="what members depart from: the reconstruction of a trained model, or the climatology"
    )
    model: str | None = Field(
        None, description="first_guess `model`: its folder; default: the one of the ancestor `train`"
    )
    neighbour_days: int = Field(
        1, ge=0, le=10, description="days before and after whose observations and first guesses are conditions, too"
    )
    reconstructions: Positive = Field(
        2,
        description="times that the training period is reconstructed to learn from, each under other clouds; a large "
        "domain takes a part of the period each time",
    )
    hide_days: Share = Field(0.8, description="without a target: share of the days with more clouds")
    denoiser: DenoiserSettings = DenoiserSettings()
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=5, sigma_max=20.0), description=DiffusionTrainSettings.model_fields["sampler"].description
    )

    @property
    def why_no_share(self) -> str | None:
        """Why an ablation can't hide another share of the data; None where it can."""
        return None if self.data.target else "hides a complete dataset anew: it needs data.target in `train`."
