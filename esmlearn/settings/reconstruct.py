"""The script `reconstruct`: methods, baselines, and what is withheld from them."""

from typing import Literal, get_args

from pydantic import Field, model_validator

from esmlearn.errors import SettingsError
from esmlearn.settings.ablations import AblationSettings
from esmlearn.settings.base import Block, Positive, _check_period
from esmlearn.settings.data import GapSettings
from esmlearn.settings.diffusion import EnsembleSettings

Baseline = Literal[
    "climatology",
    "calendar_day_climatology",
    "observed_mean",
    "persistence",
    "time_interpolation",
    "optimal_interpolation",
    "dineof",
]

Interpolation = Literal["nearest", "bilinear", "bicubic"]

Kernel = Literal["matern_12", "matern_32", "matern_52"]


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
    every: Positive = Field(
        1, description="super-resolution: of the times of the period, one in so many is drawn: members cost time"
    )
    withhold: WithholdSettings | None = Field(
        None, description="observations that no method is given, to be scored on; none: all are given"
    )
    baselines: tuple[Baseline | Interpolation, ...] | None = Field(
        None, description="methods that run beside the model; default: all of its task"
    )
    ensemble: EnsembleSettings = EnsembleSettings()
    ablations: dict[str, AblationSettings] = Field(
        {}, description="the ensemble drawn otherwise, by names of your own, to see what each thing brings"
    )
    ablation_times: Positive = Field(12, description="times that the ablations are drawn at, spread over the period")
    overlap: float = Field(0.5, ge=0, le=0.9, description="share of a window that its neighbour covers too")

    @model_validator(mode="after")
    def _period_is_known(self) -> "ReconstructSettings":
        if self.period not in ("train", "validation", "test", "all"):
            _check_period(self.period)
        return self

    @property
    def hides_anew(self) -> bool:
        """Whether an ablation hides another share of the truth."""
        return any(ablation.share is not None for ablation in self.ablations.values())

    def _among[Name: str](self, known: tuple[Name, ...], what: str) -> tuple[Name, ...]:
        """Baselines that run: those that are asked for, or all that a task knows.

        Raises
        ------
        SettingsError
            If one is asked for that the task does not know.
        """
        unknown = [name for name in self.baselines or () if name not in known]
        if unknown:
            raise SettingsError(f"baselines: {', '.join(unknown)} can't {what}; choose from {', '.join(known)}.")
        return known if self.baselines is None else tuple(name for name in known if name in self.baselines)

    def gap_fillers(self) -> tuple[Baseline, ...]:
        """Baselines that fill gaps."""
        return self._among(get_args(Baseline), "fill gaps")

    def interpolations(self) -> tuple[Interpolation, ...]:
        """Baselines that carry coarse fields to a fine grid."""
        return self._among(get_args(Interpolation), "carry coarse fields to a fine grid")
