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
    on a complete analysis. `clouds`, `rectangles`, `swaths`: simulated, fixed by the seed.
    """

    kind: Literal["data", "dataset", "clouds", "rectangles", "swaths"] = Field("data", description="what hides the sea")
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


class TrainingSettings(Block):
    """How a model is trained."""

    learning: Literal["supervised", "self_supervised"] | None = Field(
        None,
        description="from the complete target, or by hiding more of what was observed; default: by `data.target`",
    )
    steps: Positive = Field(400, description="optimizer steps")
    batch_size: Positive = Field(4, description="windows in a step; a GPU has room for more")
    decode_days: int = Field(
        8, ge=1, le=31, description="days of each month that a step decodes, drawn at random; neighbours teach alike"
    )
    learning_rate: float = Field(8e-4, gt=0, description="highest step size of AdamW")
    weight_decay: float = Field(1e-2, ge=0, description="how strongly AdamW pulls weights to zero")
    warmup: Share = Field(0.05, description="share of the steps over which the learning rate rises")
    schedule: Literal["cosine", "plateau", "constant"] = Field(
        "cosine", description="learning rate after the warm-up; plateau: halved at each validation without gain"
    )
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    ema: float = Field(0.99, ge=0, lt=1, description="decay of the averaged weights; 0: none")
    loss: Literal["gaussian", "absolute"] = Field("gaussian", description="the first also learns a standard deviation")
    beta: float = Field(
        1.0, ge=0, le=1, description="gaussian loss: from 0, where sure pixels count most, to 1, where all count alike"
    )
    monthly_weight: float = Field(0.5, ge=0, description="weight of the monthly beside the daily loss")
    hide_days: Share = Field(0.8, description="self_supervised: share of the days on which a borrowed cloud hides more")
    validate_every: Positive = Field(100, description="steps between two validations, each with a checkpoint")
    patience: Positive = Field(10, description="validations without gain before the training stops")
    seed: int = Field(0, ge=0, description="of the first weights, the windows and their gaps")
    resume: str | None = Field(None, description="folder of a run that was killed, to go on from its checkpoint")
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="single precision, or mixed with bfloat16, which recent GPUs do faster"
    )


class TrainSettings(Block):
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
    block = SCRIPTS[name]
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
