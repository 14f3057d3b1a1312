"""Ensembles by conditional diffusion: what their networks learn from, and how members are drawn."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive
from esmlearn.settings.networks import DenoiserOptions
from esmlearn.settings.training import TrainingLoopSettings, TrainScriptSettings


class DiffusionSettings(Block):
    """How noise comes in, what the network is asked for, and what its answer is judged by."""

    schedule: Literal["linear", "sigmoid", "cosine", "karras", "flow"] = Field(
        "karras", description="levels of noise to learn from; the first three in steps, the others continuous"
    )
    timesteps: int = Field(1000, ge=20, description="linear, sigmoid, cosine: number of levels")
    log_noise_mean: float = Field(
        -0.5, description="karras: mean of ln(noise / signal); as published, but for sigma_data 1 in place of 0.5"
    )
    log_noise_std: float = Field(1.2, gt=0, description="karras: standard deviation of ln(noise / signal)")
    parameterization: Literal["epsilon", "x0", "v", "edm", "flow"] = Field(
        "edm", description="what the network says: noise, clean state, or a mixture"
    )
    sigma_data: float = Field(1.0, gt=0, description="standard deviation of the clean state, in scaled units")
    min_snr: float | None = Field(
        None, gt=0, description="largest weight of a level: min(signal-to-noise, this); none: as the parameterization"
    )
    weigh_by: Literal["pixel", "area"] = Field("area", description="whether all pixels count alike, or by their area")
    gradient_weight: float = Field(0.0, ge=0, description="weight of errors of the differences between neighbours")
    spectral_weight: float = Field(0.0, ge=0, description="weight of the loss in which small scales count most")


class SamplerSettings(Block):
    """How noise becomes a member: any of these with any trained network.

    Even steps in time leave little for low noise, and few of them lose the variance of small scales; `karras` keeps it.
    """

    sampler: Literal["ddpm", "ddim", "euler", "heun", "dpm_solver_2m"] = Field(
        "dpm_solver_2m", description="ddpm is random on its way, ddim by eta, heun by churn, the others never"
    )
    steps: Positive = Field(20, description="steps from noise to clean; the network runs once a step, with heun twice")
    spacing: Literal["time", "karras"] | None = Field(
        None,
        description="levels even in the time of the schedule, or dense where noise is low; "
        "default: karras for heun and dpm_solver_2m",
    )
    sigma_min: float = Field(0.002, gt=0, description="karras: lowest noise / signal, if the schedule goes as far")
    sigma_max: float = Field(80.0, gt=0, description="karras: highest noise / signal, if the schedule goes as far")
    rho: float = Field(7.0, ge=1, description="karras: the larger, the more levels where noise is low")
    eta: float = Field(0.0, ge=0, le=1, description="ddim: share of the noise of ddpm that is renewed")
    variance: Literal["small", "large"] = Field(
        "small", description="ddpm: variance of a step, beta tilde (exact for a known state) or beta"
    )
    churn: float = Field(0.0, ge=0, description="heun: noise that is renewed, S_churn of Karras et al. 2022")
    clip: float | None = Field(None, gt=0, description="largest departure of a clean estimate, in scaled units")
    keep_observed: bool = Field(
        False,
        description="whether known values enter on the way too, noised to each level; at the end they always do",
    )

    @model_validator(mode="after")
    def _noise_falls(self) -> "SamplerSettings":
        if self.sigma_min >= self.sigma_max:
            raise ValueError(f"sigma_min {self.sigma_min:g} must be lower than sigma_max {self.sigma_max:g}")
        return self


class DenoiserTrainingSettings(TrainingLoopSettings):
    """How a denoiser is trained, and the regression that it departs from."""

    steps: Positive = Field(600, description="optimizer steps")
    batch_size: Positive = Field(16, description="windows in a step; a GPU has room for more")
    regression_steps: Positive = Field(400, description="with a regression: steps that it is trained for, first")
    learning_rate: float = Field(1e-3, gt=0, description="highest step size of AdamW")
    ema: float = Field(0.995, ge=0, lt=1, description="decay of the averaged weights, which draw the members; 0: none")


class EnsembleSettings(Block):
    """How members are drawn."""

    members: int = Field(16, ge=2, description="members of the ensemble")
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=10, sigma_max=20.0),
        description="how noise becomes a member; best as the `sampler` of the training, which calibrates the spread",
    )
    decorrelation_days: float = Field(
        3.0, ge=0, description="days over which the noise of a member changes; 0: days are unrelated"
    )
    tile: tuple[Positive, Positive] = Field((96, 96), description="cells that go through the network at once")
    consistent: bool = Field(
        False,
        description="super-resolution: whether members, averaged over the coarse cells, must give the coarse field",
    )
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (), description="probabilities whose quantiles of the members are left in files of their own; (): none"
    )
    seed: int = Field(0, ge=0, description="of the members; member k is the same however many there are")


class DiffusionTrainSettings(TrainScriptSettings):
    """What the settings of the script `train` have in common for all tasks by conditional diffusion."""

    window: tuple[Positive, Positive] = Field((32, 32), description="cells of a sample in latitude and longitude")
    denoiser: DenoiserOptions
    diffusion: DiffusionSettings = DiffusionSettings()
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=10, sigma_max=20.0),
        description="how members will be drawn: their spread is calibrated with it; give `reconstruct` the same",
    )
    training: DenoiserTrainingSettings = DenoiserTrainingSettings()

    @property
    def droppable_coordinates(self) -> tuple[str, ...]:
        """Coordinates that some samples of the training lacked, so that members can be drawn without them."""
        known = {
            "place": self.denoiser.coordinates != "none",
            "date": self.denoiser.date,
            "hour": getattr(self.denoiser, "hour", False),
        }
        return tuple(name for name, used in known.items() if used and self.denoiser.coordinates_dropout > 0)

    @property
    def why_no_share(self) -> str | None:
        """Why an ablation can't hide another share of the data; None where it can."""
        return None

    @property
    def droppable_conditions(self) -> tuple[str, ...]:
        """All that some samples of the training lacked: what an ablation may leave out."""
        return self.droppable_coordinates
