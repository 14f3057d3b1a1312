"""Ensembles by conditional diffusion: how they are trained and drawn."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share
from esmlearn.settings.data import DataSettings
from esmlearn.settings.networks import DenoiserSettings
from esmlearn.settings.training import AnyTrainSettings, LoopSettings


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


class DenoiserTrainingSettings(LoopSettings):
    """How a denoiser is trained, and the regression that it departs from."""

    steps: Positive = Field(600, description="optimizer steps")
    batch_size: Positive = Field(16, description="windows in a step; a GPU has room for more")
    regression_steps: Positive = Field(400, description="with a regression: steps that it is trained for, first")
    learning_rate: float = Field(1e-3, gt=0, description="highest step size of AdamW")
    ema: float = Field(0.995, ge=0, lt=1, description="decay of the averaged weights, which draw the members; 0: none")


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


class EnsembleTrainSettings(AnyTrainSettings):
    """Settings of the script `train` for an ensemble by conditional diffusion.

    `fill` completes one variable in the gaps of its days; `densify` completes several levels from sparse profiles.
    """

    task: Literal["fill", "densify"] = Field(description="what the ensemble is for")
    data: DataSettings
    window: tuple[Positive, Positive] = Field((32, 32), description="cells of a sample in latitude and longitude")
    first_guess: Literal["model", "regression", "climatology"] = Field(
        "model",
        description="what members depart from: the reconstruction of a trained model (fill), the mean of a network "
        "that is trained first (densify), or the climatology",
    )
    model: str | None = Field(
        None, description="first_guess `model`: its folder; default: the one of the ancestor `train`"
    )
    neighbour_days: int = Field(
        1, ge=0, le=10, description="fill: days before and after whose observations and guesses are seen"
    )
    reconstructions: Positive = Field(
        2,
        description="fill: times that the training period is reconstructed to learn from, each under other clouds; "
        "a large domain takes a part of the period each time",
    )
    hide_days: Share = Field(0.8, description="fill without a target: share of the days with more clouds")
    hide: HideSettings = Field(HideSettings(), description="densify: what is hidden of a sample")
    surface: SurfaceSettings | None = Field(None, description="densify: the surface above; none: it is not seen")
    places: PlacesSettings | None = Field(
        PlacesSettings(), description="densify: places that are kept for the validation; none: it differs in time only"
    )
    turns: bool = Field(
        False,
        description="densify: whether samples are flipped and turned at random; neither coordinates nor date may "
        "condition the model then",
    )
    denoiser: DenoiserSettings = DenoiserSettings()
    diffusion: DiffusionSettings = DiffusionSettings()
    training: DenoiserTrainingSettings = DenoiserTrainingSettings()

    @model_validator(mode="after")
    def _task_fits(self) -> "EnsembleTrainSettings":
        refused = {"fill": "regression", "densify": "model"}[self.task]
        if self.first_guess == refused:
            other = "model" if self.task == "fill" else "regression"
            raise ValueError(f"task `{self.task}` has no first_guess `{refused}`; set it to {other} or climatology")
        if self.task == "densify" and self.data.target is None:
            raise ValueError("task `densify` needs data.target, the dataset with the complete levels")
        return self

    @model_validator(mode="after")
    def _turned_maps_lie_nowhere(self) -> "EnsembleTrainSettings":
        if self.turns and self.task != "densify":
            raise ValueError("turns are for the task `densify` only; leave them out")
        # The front of a turned map would run across the gradient of the season, too.
        if self.turns and (self.denoiser.coordinates != "none" or self.denoiser.date):
            raise ValueError(
                "samples can't be flipped or turned where coordinates or date condition the model, since a turned map "
                "lies nowhere on Earth; set turns: false, or denoiser: {coordinates: none, date: false}"
            )
        return self

    @property
    def can_do_without(self) -> tuple[str, ...]:
        """What training left out of some samples, so that the ensemble can be drawn without."""
        told = {
            "surface": self.task == "densify" and self.surface is not None and self.surface.dropout > 0,
            "place": self.denoiser.coordinates != "none" and self.denoiser.coordinates_dropout > 0,
            "date": self.denoiser.date and self.denoiser.coordinates_dropout > 0,
        }
        return tuple(name for name, left_out in told.items() if left_out)


class EnsembleSettings(Block):
    """How members are drawn."""

    members: int = Field(16, ge=2, description="members of the ensemble")
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=10, sigma_max=20.0),
        description="how noise becomes a member; the spread was measured with 10 steps (fill: 5), and others change it "
        "a little",
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
