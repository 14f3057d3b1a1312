"""One frozen, validated model for each block of a recipe: every default is said here, and only here."""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from esmlearn.errors import SettingsError

Baseline = Literal[
    "climatology",
    "calendar_day_climatology",
    "observed_mean",
    "persistence",
    "time_interpolation",
    "optimal_interpolation",
    "dineof",
]
Kernel = Literal["matern_12", "matern_32", "matern_52"]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Positive = Annotated[int, Field(ge=1)]


def _check_period(period: str) -> str:
    """Refuse a period that is not START/END of years or ISO dates, in that order."""
    match = re.fullmatch(r"(\d{4}(?:-\d\d-\d\d)?)/(\d{4}(?:-\d\d-\d\d)?)", period)
    if not match:
        raise ValueError(f"'{period}' is not a period: write START/END as years or dates, such as 2001/2003")
    if match[1] > match[2]:
        raise ValueError(f"'{period}' ends before it starts")
    return period


Period = Annotated[str, AfterValidator(_check_period)]


class Block(BaseModel):
    """Base of all settings: frozen, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class GapSettings(Block):
    """Where the gaps come from.

    `data`: the observations have their own. `dataset`: those of another dataset of the recipe, such as real cloud masks
    on a complete analysis. `clouds`, `rectangles`, `swaths`, `profiles`: simulated, fixed by the seed.
    """

    kind: Literal["data", "dataset", "clouds", "rectangles", "swaths", "profiles"] = Field(
        "data", description="what hides the sea"
    )
    dataset: str | None = Field(None, description="for kind `dataset`: the dataset whose gaps to take")
    share: Share = Field(0.67, description="for simulated gaps: share of the ocean that is hidden")
    seed: int = Field(0, ge=0, description="for simulated gaps: the same seed gives the same gaps")

    @model_validator(mode="after")
    def _dataset_goes_with_kind(self) -> "GapSettings":
        if (self.kind == "dataset") != (self.dataset is not None):
            raise ValueError("kind `dataset` and the key `dataset` go together: give both or none")
        return self


class SplitSettings(Block):
    """Periods for fitting, choosing and judging a model; days closer than the buffer to a later role are left out."""

    train: Period = Field(description="to fit the climatology, the scaling and the weights")
    validation: Period = Field(description="to choose the best weights and to calibrate the standard deviation")
    test: Period = Field(description="to judge; no part of the training sees it")
    buffer_days: int = Field(10, ge=0, description="days left out of the earlier role where two periods touch")

    @model_validator(mode="after")
    def _periods_are_apart(self) -> "SplitSettings":
        names = ("train", "validation", "test")
        spans = {name: period_dates(getattr(self, name)) for name in names}
        for index, first in enumerate(names):
            for second in names[index + 1 :]:
                (start, end), (other_start, other_end) = spans[first], spans[second]
                if start <= other_end and other_start <= end:
                    raise ValueError(f"the periods {first} and {second} overlap; set them apart")
        return self


class DataSettings(Block):
    """What the model learns from."""

    observations: str = Field(description="dataset with the observations, gaps and all")
    target: str | None = Field(None, description="complete dataset to learn from (supervised); none: self_supervised")
    gaps: GapSettings = GapSettings()
    split: SplitSettings
    units: str = Field("degC", description="units that the model works in")
    scale_by: Literal["variable", "calendar_day"] = Field(
        "variable", description="one standard deviation of the anomalies, or one for each day of the year"
    )
    harmonics: int = Field(2, ge=0, le=6, description="harmonics of the year in the climatology")


class ModelSettings(Block):
    """Sizes and options of the SpatioTemporalModel."""

    n_months: int = Field(1, ge=1, le=12, description="months in a window")
    window: tuple[Positive, Positive] = Field((32, 32), description="cells of a window in latitude and longitude")
    patch_size: tuple[Positive, Positive, Positive] = Field((1, 8, 8), description="days, rows, columns of a patch")
    embed_dim: int = Field(64, ge=8, multiple_of=8, description="length of a token")
    num_heads: Positive = Field(4, description="attention heads")
    encoder_depth: int = Field(1, ge=0, description="space-time blocks before days are pooled; 0: as first published")
    spatial_depth: Positive = Field(1, description="layers of the spatial transformer")
    mlp_ratio: float = Field(2.0, gt=0, description="width of the feed-forward layers over that of a token")
    dropout: Share = Field(0.0, description="share of the activations that are dropped while training")
    hidden: int = Field(16, ge=8, multiple_of=8, description="channels of the decoders")
    overlap: int = Field(1, ge=0, description="pixels that decoded patches share with their neighbours")
    refinements: int = Field(2, ge=0, description="3x3 convolutions that smooth patch boundaries")
    norm: Literal["layer", "group", "batch"] = Field("layer", description="normalisation in the decoders")
    scale: float = Field(1.0, gt=0, description="factor on the decoded departure")
    bias: float = Field(0.0, description="added to the decoded departure")
    calendar: bool = Field(True, description="whether days know their season")
    location: bool = Field(False, description="whether patches know their place on the sphere")
    daily: bool = Field(True, description="whether there is a daily decoder beside the monthly one")
    daily_depth: int = Field(1, ge=0, description="space-time blocks before the daily decoder")
    unet: tuple[Positive, ...] = Field(
        (24, 48, 72), description="widths of the U-Net in the daily decoder; (): refinement only, as first published"
    )
    spread_unet: tuple[Positive, ...] = Field(
        (16, 24, 32), min_length=1, description="widths of the small U-Net that gives the standard deviation"
    )
    neighbour_days: int = Field(
        7, ge=0, le=10, description="days before and after each day whose observations the U-Net sees"
    )
    first_guess: Literal["successive_corrections", "time_interpolation", "observed_mean", "climatology"] = Field(
        "successive_corrections", description="what the model departs from; the first learns its scales"
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> "ModelSettings":
        if self.embed_dim % self.num_heads:
            raise ValueError(f"embed_dim {self.embed_dim} must be a multiple of num_heads {self.num_heads}")
        for patch, window, what in zip(self.patch_size[1:], self.window, ("rows", "columns"), strict=True):
            if patch > window:
                raise ValueError(f"a patch of {patch} {what} is larger than the window of {window}")
        if self.overlap > min(self.patch_size[1:]):
            raise ValueError(f"overlap {self.overlap} is larger than a patch of {self.patch_size[1:]}")
        return self


class DenoiserSettings(Block):
    """Sizes and options of the denoiser, a ConvNeXt U-Net."""

    size: Literal["small", "published"] = Field(
        "small",
        description="`published`: `dim` 64, `dim_mults` 1, 2, 4, 8 and `attention_from` 0 where they are not given, "
        "57 million parameters for a GPU",
    )
    dim: Positive = Field(16, description="channels at full resolution")
    dim_mults: tuple[Positive, ...] = Field(
        (1, 2, 4), min_length=1, description="channels over `dim` at each level, which is half as fine as the last"
    )
    heads: int = Field(4, ge=0, description="heads of the linear attention, of 32 channels each; 0: no attention")
    attention_from: int = Field(1, ge=0, description="finest level with attention; 0: full resolution")
    coordinates: Literal["unit_sphere", "sincos", "raw", "none"] = Field(
        "unit_sphere", description="how the denoiser knows the place; `none`: it does not"
    )
    date: bool = Field(True, description="whether the denoiser knows the season")
    channels_last: bool = Field(True, description="keep the channels of a pixel side by side in memory: mostly faster")
    checkpoint_activations: bool = Field(
        False, description="compute activations twice rather than keep them: less memory, a third slower"
    )
    compile: bool = Field(
        False, description="hand it to torch.compile: for long trainings on a GPU, after minutes of compilation"
    )

    @model_validator(mode="before")
    @classmethod
    def _size_sets_defaults(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("size") == "published":
            return {"dim": 64, "dim_mults": (1, 2, 4, 8), "attention_from": 0, **given}
        return given

    @model_validator(mode="after")
    def _attention_is_somewhere(self) -> "DenoiserSettings":
        if self.heads and self.attention_from >= len(self.dim_mults):
            raise ValueError(
                f"attention_from {self.attention_from} is beyond the coarsest level, {len(self.dim_mults) - 1}; "
                "lower it, or set heads: 0 for no attention"
            )
        return self


class ResidualUNetSettings(Block):
    """Sizes and options of the eps-U-Net, the network of super-resolution."""

    size: Literal["small", "published"] = Field(
        "small",
        description="`published`: `channel_multipliers` 1, 2, 2, 4, `is_attention` at the two coarsest levels and "
        "`n_blocks` 2 where they are not given, 10.6 million parameters for a GPU",
    )
    image_channels: Positive | None = Field(
        None, description="variables that are drawn; default: those of the data, which it must agree with"
    )
    n_channels: int = Field(16, ge=8, multiple_of=8, description="channels after the first convolution, in eights")
    channel_multipliers: tuple[Positive, ...] = Field(
        (1, 2, 2), min_length=1, description="at each level, its channels over those of the level before, twice as fine"
    )
    is_attention: tuple[bool, ...] = Field(
        (False, False, True), description="at each level, whether every pixel sees all others"
    )
    n_blocks: Positive = Field(1, description="residual blocks at each level on the way down; one more on the way up")
    conditioned_on_input: Positive | None = Field(
        None, description="maps that the network is given; default: those of the data, which it must agree with"
    )
    dropout: Share = Field(0.1, description="share of the hidden values that are left out in training")
    coordinates: Literal["unit_sphere", "sincos", "raw", "none"] = Field(
        "unit_sphere", description="how the network knows the place; `none`: it does not"
    )
    date: bool = Field(True, description="whether the network knows the season")
    hour: bool = Field(False, description="whether the network knows the hour of the day; for sub-daily data")
    channels_last: bool = Field(True, description="keep the channels of a pixel side by side in memory: mostly faster")
    checkpoint_activations: bool = Field(
        False, description="compute activations twice rather than keep them: less memory, a third slower"
    )
    compile: bool = Field(
        False, description="hand it to torch.compile: for long trainings on a GPU, after minutes of compilation"
    )

    @model_validator(mode="before")
    @classmethod
    def _size_sets_defaults(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("size") == "published":
            levels = {"channel_multipliers": (1, 2, 2, 4), "is_attention": (False, False, True, True)}
            return {**levels, "n_blocks": 2, **given}
        return given

    @model_validator(mode="after")
    def _levels_agree(self) -> "ResidualUNetSettings":
        if len(self.is_attention) != len(self.channel_multipliers):
            raise ValueError(
                f"is_attention has {len(self.is_attention)} levels, but channel_multipliers has "
                f"{len(self.channel_multipliers)}; give one value for each level in both"
            )
        return self


class LoopSettings(Block):
    """How the one training loop runs."""

    steps: Positive = Field(400, description="optimizer steps")
    batch_size: Positive = Field(4, description="windows in a step; a GPU has room for more")
    learning_rate: float = Field(8e-4, gt=0, description="highest step size of AdamW")
    weight_decay: float = Field(1e-2, ge=0, description="how strongly AdamW pulls weights to zero")
    warmup: Share = Field(0.05, description="share of the steps over which the learning rate rises")
    schedule: Literal["cosine", "plateau", "constant"] = Field(
        "cosine", description="learning rate after the warm-up; plateau: halved at each validation without gain"
    )
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    ema: float = Field(0.99, ge=0, lt=1, description="decay of the averaged weights; 0: none")
    validate_every: Positive = Field(100, description="steps between two validations, each with a checkpoint")
    patience: Positive = Field(10, description="validations without gain before the training stops")
    seed: int = Field(0, ge=0, description="of the first weights, the windows and their gaps")
    resume: str | None = Field(None, description="folder of a run that was killed, to go on from its checkpoint")
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="single precision, or mixed with bfloat16, which recent GPUs do faster"
    )


class TrainingSettings(LoopSettings):
    """How a transformer is trained."""

    learning: Literal["supervised", "self_supervised"] | None = Field(
        None,
        description="from the complete target, or by hiding more of what was observed; default: by `data.target`",
    )
    decode_days: int = Field(
        8, ge=1, le=31, description="days of each month that a step decodes, drawn at random; neighbours teach alike"
    )
    loss: Literal["gaussian", "absolute"] = Field("gaussian", description="the first also learns a standard deviation")
    monthly_weight: float = Field(0.5, ge=0, description="weight of the monthly beside the daily loss")
    hide_days: Share = Field(0.8, description="self_supervised: share of the days on which a borrowed cloud hides more")


class AnyTrainSettings(Block):
    """Settings of whatever is trained."""

    training: LoopSettings


class TrainSettings(AnyTrainSettings):
    """Settings of the script `train`."""

    data: DataSettings
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()

    @model_validator(mode="after")
    def _learning_has_what_it_needs(self) -> "TrainSettings":
        if self.training.learning == "supervised" and self.data.target is None:
            raise ValueError("learning `supervised` needs data.target, the dataset with the complete field")
        if not self.model.daily and self.learning == "self_supervised":
            raise ValueError(
                "learning `self_supervised` hides observed days, so it needs the daily decoder (model.daily)"
            )
        return self

    @property
    def learning(self) -> str:
        """How the model learns: as asked, else supervised where there is a target."""
        return self.training.learning or ("supervised" if self.data.target else "self_supervised")


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


class EnsembleTrainingSettings(LoopSettings):
    """How a denoiser is trained."""

    steps: Positive = Field(600, description="optimizer steps")
    batch_size: Positive = Field(2, description="windows in a step; a GPU has room for more")
    decode_days: int = Field(16, ge=1, le=31, description="fill: days of each month that a step takes, drawn at random")
    regression_steps: Positive = Field(400, description="first_guess `regression`: steps that it is trained for, first")
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
    neighbour_days: int = Field(2, ge=0, le=10, description="fill: days before and after whose observations are seen")
    hide_days: Share = Field(0.8, description="fill without a target: share of the days with more clouds")
    hide: HideSettings = Field(HideSettings(), description="densify: what is hidden of a sample")
    surface: SurfaceSettings | None = Field(None, description="densify: the surface above; none: it is not seen")
    places: PlacesSettings | None = Field(
        PlacesSettings(), description="densify: places that are kept for the validation; none: it differs in time only"
    )
    denoiser: DenoiserSettings = DenoiserSettings()
    diffusion: DiffusionSettings = DiffusionSettings()
    training: EnsembleTrainingSettings = EnsembleTrainingSettings()

    @model_validator(mode="after")
    def _task_fits(self) -> "EnsembleTrainSettings":
        refused = {"fill": "regression", "densify": "model"}[self.task]
        if self.first_guess == refused:
            other = "model" if self.task == "fill" else "regression"
            raise ValueError(f"task `{self.task}` has no first_guess `{refused}`; set it to {other} or climatology")
        if self.task == "densify" and self.data.target is None:
            raise ValueError("task `densify` needs data.target, the dataset with the complete levels")
        return self


class EnsembleSettings(Block):
    """How members are drawn."""

    members: int = Field(16, ge=2, description="members of the ensemble")
    sampler: SamplerSettings = Field(
        SamplerSettings(steps=10, sigma_max=20.0),
        description="how noise becomes a member; the spread was measured with 10 steps, and others change it a little",
    )
    decorrelation_days: float = Field(
        3.0, ge=0, description="days over which the noise of a member changes; 0: days are unrelated"
    )
    tile: tuple[Positive, Positive] = Field((96, 96), description="cells that go through the network at once")
    seed: int = Field(0, ge=0, description="of the members; member k is the same however many there are")


class OptimalInterpolationSettings(Block):
    """Optimal interpolation in space and time; what is not given is estimated from the training period."""

    kernel: Kernel | None = Field(None, description="shape of the covariance, rough to smooth; default: estimated")
    length_km: float | None = Field(None, gt=0, description="decorrelation length in km; default: estimated")
    time_days: float | None = Field(None, gt=0, description="decorrelation time in days; default: estimated")
    noise_share: float | None = Field(
        None, gt=0, description="standard deviation of the errors of observation over sigma; default: estimated"
    )
    sigma: float | None = Field(
        None, gt=0, description="standard deviation of the anomalies; default: so that errors are as large as estimated"
    )
    neighbours: Positive = Field(40, description="observations that go into each value; 60 are slightly better, slower")
    seed: int = Field(0, ge=0, description="of the clouds that are borrowed for the estimation")


class DineofSettings(Block):
    """Interpolation by empirical orthogonal functions (DINEOF); what is not given is chosen by cross-validation."""

    modes: Positive | None = Field(None, description="number of modes; default: chosen by cross-validation")
    max_modes: Positive = Field(300, description="most modes that the cross-validation tries")
    filter_days: float | None = Field(
        None, ge=0, description="cut-off period of the filter in time; 0: none; default: chosen by cross-validation"
    )
    seed: int = Field(0, ge=0, description="of the clouds that the cross-validation puts over the observations")


class BaselineSettings(Block):
    """Parameters of the baselines that have any."""

    optimal_interpolation: OptimalInterpolationSettings = OptimalInterpolationSettings()
    dineof: DineofSettings = DineofSettings()


class WithholdSettings(Block):
    """Observations that no method is given, and all are scored on: the way to judge real gaps, which have no truth.

    `clouds`: the gaps of other days are put over some stretches of days. `pixels`: single values here and there, which
    have their neighbours beside them; scores on them flatter every method, and some more than others.
    """

    kind: Literal["clouds", "pixels"] = Field("clouds", description="shape of what is withheld; `pixels` flatters")
    share: float = Field(0.12, gt=0, le=0.5, description="share of the observed values that is withheld")
    days: Positive = Field(10, description="for `clouds`: days in a row whose gaps are borrowed from other days")
    seed: int = Field(0, ge=0, description="the same seed withholds the same values")


class ReconstructSettings(BaselineSettings):
    """Settings of the script `reconstruct`; what is not given is as in the training of the model."""

    model: str | None = Field(None, description="model folder; default: the one of the ancestor `train`")
    observations: str | None = Field(
        None, description="dataset to reconstruct; default: the observations that the model learned from"
    )
    gaps: GapSettings | None = Field(
        None, description="default: those of the training; where `model` is given, those that the data have"
    )
    period: str = Field("test", description="train, validation, test, all, or START/END")
    withhold: WithholdSettings | None = Field(
        None, description="observations that no method is given, to be scored on; none: all are given"
    )
    baselines: tuple[Baseline, ...] = Field(get_args(Baseline), description="methods that run beside the model")
    ensemble: EnsembleSettings = EnsembleSettings()
    overlap: float = Field(0.5, ge=0, le=0.9, description="share of a window that its neighbour covers too")

    @model_validator(mode="after")
    def _period_is_known(self) -> "ReconstructSettings":
        if self.period not in ("train", "validation", "test", "all"):
            _check_period(self.period)
        return self


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


SCRIPTS: dict[str, type[Block]] = {
    "train": TrainSettings,
    "reconstruct": ReconstructSettings,
    "evaluate": EvaluateSettings,
    "report": ReportSettings,
}

ESMVALCORE_KEYS = {
    "ancestors", "auxiliary_data_dir", "exit_on_ncl_warning", "input_data", "input_files", "log_level",
    "output_file_type", "plot_dir", "profile_diagnostic", "quickplot", "realms", "recipe", "run_dir", "script",
    "themes", "version", "work_dir", "write_ncl_interface",
}  # fmt: skip


def period_dates(period: str) -> tuple[str, str]:
    """First and last day of a period as ISO dates, which compare as text in any calendar.

    >>> period_dates("2001/2003-06-30")
    ('2001-01-01', '2003-06-30')
    """
    start, end = period.split("/")
    return (start if "-" in start else f"{start}-01-01"), (end if "-" in end else f"{end}-12-31")


def from_script[T: Block](block: type[T], settings: Mapping[str, Any]) -> T:
    """Read the settings of a script, leaving out the keys that ESMValCore adds.

    Raises
    ------
    SettingsError
        With all problems at once, each naming the key and the nearest known one.
    """
    problems = _problems(block, settings)
    if problems:
        raise SettingsError(" ".join(problems))
    return block.model_validate(_own(settings))


def settings_of(script: str, settings: Mapping[str, Any]) -> type[Block]:
    """Settings class of one of our scripts: what is trained is told by the key `task`."""
    return EnsembleTrainSettings if script == "train" and "task" in settings else SCRIPTS[script]


def check_script(name: str, settings: Mapping[str, Any], datasets: Iterable[Mapping[str, Any]]) -> list[str]:
    """List what is wrong with the settings of one of our scripts, one sentence for each problem.

    Parameters
    ----------
    name
        Name of the script: train, reconstruct, evaluate or report.
    settings
        Its settings as the recipe has them.
    datasets
        The datasets that the recipe gives to it.
    """
    block = settings_of(name, settings)
    problems = _problems(block, settings)
    if not problems:
        known = sorted({str(value) for entry in datasets for key in ("dataset", "alias") if (value := entry.get(key))})
        for key, wanted in _dataset_names(block.model_validate(_own(settings))):
            if wanted not in known:
                problems.append(f"{key} names the dataset '{wanted}', but the recipe has {', '.join(known) or 'none'}.")
    return problems


def _dataset_names(block: Block) -> list[tuple[str, str]]:
    """All names of datasets in a block, with the keys that hold them."""
    found = []
    for key in type(block).model_fields:
        value = getattr(block, key)
        if isinstance(value, Block):
            found += [(f"{key}.{inner}", name) for inner, name in _dataset_names(value)]
        elif key in ("observations", "target", "truth", "dataset") and value is not None:
            found.append((key, value))
    return found


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in ESMVALCORE_KEYS}


def _problems(block: type[Block], settings: Mapping[str, Any]) -> list[str]:
    try:
        block.model_validate(_own(settings))
    except ValidationError as error:
        return [_sentence(block, problem) for problem in error.errors()]
    return []


def _sentence(block: type[Block], problem: Any) -> str:
    """Say one of pydantic's findings as a sentence that names the key and what to change."""
    path = [part for part in problem["loc"] if isinstance(part, str)]
    key = ".".join(path)
    if problem["type"] == "extra_forbidden":
        known = sorted(_known_keys(block, path[:-1]))
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}."
        return f"Unknown setting '{key}': {hint}"
    if problem["type"] == "missing":
        return f"Setting '{key}' is missing; add it to the recipe."
    message = problem["msg"].removeprefix("Value error, ")
    place = f"Setting '{key}' is {problem['input']!r}: " if key and problem["type"] != "value_error" else ""
    return f"{place}{key + ': ' if key and not place else ''}{message[0].lower() + message[1:] if place else message}."


def _known_keys(block: type[BaseModel], path: list[str]) -> set[str]:
    """Keys of the block that a path of keys leads to."""
    for part in path:
        if part not in block.model_fields:  # the name that a recipe gave to one of several
            continue
        annotation = block.model_fields[part].annotation
        block = next(
            kind
            for kind in (annotation, *get_args(annotation))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        )
    return set(block.model_fields)
