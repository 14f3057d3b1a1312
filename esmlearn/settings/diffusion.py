"""Settings of ensembles by conditional diffusion: training of the denoiser, and sampling of members."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from esmlearn.settings.base import Block, Positive, Seed
from esmlearn.settings.data import DataSettings
from esmlearn.settings.networks import DenoiserOptions, DenoiserSettings
from esmlearn.settings.training import TrainingLoopSettings, TrainScriptSettings


class DiffusionSettings(Block):
    """Noise levels of the training, output of the network, and loss."""

    schedule: Literal["linear", "sigmoid", "cosine", "karras", "flow"] = Field(
        "karras", description="noise levels of the training: a number of steps for the first three, else continuous"
    )
    timesteps: int = Field(1000, ge=20, description="linear, sigmoid, cosine: number of noise levels")
    log_noise_mean: float = Field(
        -0.5, description="karras: mean of ln(noise / signal); that of the paper for sigma_data 1 instead of 0.5"
    )
    log_noise_std: float = Field(1.2, gt=0, description="karras: standard deviation of ln(noise / signal)")
    parameterization: Literal["epsilon", "x0", "v", "edm", "flow"] = Field(
        "edm", description="output of the network: noise, clean state, or a mixture"
    )
    sigma_data: float = Field(1.0, gt=0, description="standard deviation of the clean state, in scaled units")
    min_snr: float | None = Field(
        None, gt=0, description="weight of a noise level: min(signal / noise, this); none: by the parameterization"
    )
    weigh_by: Literal["pixel", "area"] = Field(
        "area", description="weight of a pixel in the loss: the same for all, or its area"
    )
    gradient_weight: float = Field(0.0, ge=0, description="weight of the loss of differences between neighbours")
    spectral_weight: float = Field(0.0, ge=0, description="weight of the spectral loss, mostly of small scales")


class SamplerSettings(Block):
    """How a member is sampled from noise; any sampler goes with any trained network.

    Of steps that are even in time, few are at low noise, so that small scales lose variance; `karras` has more there.
    """

    sampler: Literal["ddpm", "ddim", "euler", "heun", "dpm_solver_2m"] = Field(
        "dpm_solver_2m", description="ddpm adds noise at each step, ddim with eta, heun with churn, the others never"
    )
    steps: Positive = Field(20, description="steps from noise to the clean state; heun runs the network twice in each")
    spacing: Literal["time", "karras"] | None = Field(
        None, description="noise levels even in time, or dense at low noise; default: karras for heun and dpm_solver_2m"
    )
    sigma_min: float = Field(0.002, gt=0, description="karras: lowest noise / signal, within the schedule")
    sigma_max: float = Field(80.0, gt=0, description="karras: highest noise / signal, within the schedule")
    rho: float = Field(7.0, ge=1, description="karras: larger values give more levels at low noise")
    eta: float = Field(0.0, ge=0, le=1, description="ddim: noise that is added at each step, over that of ddpm")
    variance: Literal["small", "large"] = Field(
        "small", description="ddpm: variance of a step, beta tilde (exact for a known state) or beta"
    )
    churn: float = Field(0.0, ge=0, description="heun: noise that is added, S_churn of Karras et al. 2022")
    clip: float | None = Field(
        None, gt=0, description="largest absolute value of an estimate of the clean state, scaled"
    )
    keep_observed: bool = Field(
        False, description="whether observed values, with noise, replace the state at each step, not only at the end"
    )

    @model_validator(mode="after")
    def _noise_falls(self) -> "SamplerSettings":
        if self.sigma_min >= self.sigma_max:
            raise ValueError(f"sigma_min {self.sigma_min:g} must be lower than sigma_max {self.sigma_max:g}")
        return self


class DenoiserTrainingSettings(TrainingLoopSettings):
    """How a denoiser is trained, and the regression before it."""

    steps: Positive = Field(600, description="optimizer steps")
    batch_size: Positive = Field(16, description="training samples in a step; a GPU has memory for more")
    regression_steps: Positive = Field(400, description="optimizer steps of the regression, if there is one")
    learning_rate: float = Field(1e-3, gt=0, description="highest step size of AdamW")
    ema: float = Field(0.995, ge=0, lt=1, description="decay of the averaged weights, which sample members; 0: none")


class EnsembleSettings(Block):
    """How members are sampled."""

    members: int = Field(16, ge=2, description="members of the ensemble")
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=10, sigma_max=20.0),
        description="how a member is sampled from noise; best as in the training, where the spread is calibrated",
    )
    decorrelation_days: float = Field(3.0, ge=0, description="decorrelation time of the noise; 0: days are independent")
    tile: tuple[Positive, Positive] = Field((96, 96), description="rows and columns that the network computes at once")
    consistent: bool = Field(
        False,
        description="super-resolution: whether the mean of a member over a coarse cell must be the value of that cell",
    )
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (), description="probabilities of the quantiles of the members to save; (): none"
    )
    seed: Seed = Field(0, description="seed of the members; a member does not depend on their number")

    @field_validator("quantiles")
    @classmethod
    def _each_once(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(quantiles)) < len(quantiles):
            raise ValueError("the same probability is there twice; name each once")
        return quantiles


class DiffusionTrainSettings(TrainScriptSettings):
    """Settings of the script `train` for all tasks by conditional diffusion."""

    window: tuple[Positive, Positive] = Field((32, 32), description="cells of a sample in latitude and longitude")
    denoiser: DenoiserOptions
    diffusion: DiffusionSettings = DiffusionSettings()
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=10, sigma_max=20.0),
        description="sampler of the members, with which their spread is calibrated; give `reconstruct` the same",
    )
    training: DenoiserTrainingSettings = DenoiserTrainingSettings()

    @property
    def droppable_conditions(self) -> tuple[str, ...]:
        """Conditions that an ablation may leave out, since the training dropped them at random; here coordinates."""
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
    def why_no_smoothing(self) -> str | None:
        """Why members can't differ from what was observed; None where they can."""
        return "`smooth_observed` is for observations with gaps; super-resolution has none: leave it out."


class GapTrainSettings(DiffusionTrainSettings):
    """Settings of the script `train` for the ensembles that fill gaps: of days, or of levels."""

    data: DataSettings
    denoiser: DenoiserSettings = DenoiserSettings()
    observation_errors: bool = Field(
        False,
        description="whether the error of each observation is an input; needs observations with known errors. With "
        "data.target, members may then differ from what was observed (`smooth_observed`)",
    )

    @property
    def learns_observed(self) -> bool:
        """Whether the denoiser learns the truth also where it was observed with an error."""
        return self.observation_errors and self.data.target is not None

    @property
    def why_no_smoothing(self) -> str | None:
        """Why members can't differ from what was observed; None where they can."""
        if self.learns_observed:
            return None
        return (
            "`smooth_observed` needs an ensemble that has learned the truth below noisy observations: train it with "
            "`observation_errors: true` and a data.target, or leave it out."
        )

    @property
    def why_no_share(self) -> str | None:
        """Why an ablation can't hide another share of the data; None where it can."""
        if self.observation_errors:
            return "hides a complete dataset anew, which has no errors, but with observation_errors they are an input."
        return None if self.data.target else "hides a complete dataset anew: it needs data.target in `train`."
