"""Settings of the script `reconstruct`: data, baselines, and sampling of members."""

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from esmlearn.errors import SettingsError
from esmlearn.settings.ablations import AblationSettings
from esmlearn.settings.base import Block, Positive, Seed, check_period
from esmlearn.settings.data import GapSettings
from esmlearn.settings.diffusion import EnsembleSettings

Baseline = Literal[
    "climatology",
    "calendar_day_climatology",
    "observed_mean",
    "persistence",
    "time_interpolation",
    "optimal_interpolation",
    "kriging",
    "dineof",
]

BEST = "best"
"""Value of the setting `baselines` that asks for the one with the smallest error on withheld clouds."""

Interpolation = Literal["nearest", "bilinear", "bicubic"]

Kernel = Literal["matern_12", "matern_32", "matern_52"]


NO_MODEL = "none"
"""Value of the setting `model` that asks for baselines alone."""


class OptimalInterpolationSettings(Block):
    """Optimal interpolation in space and time; parameters are by default estimated from the training period."""

    kernel: Kernel | None = Field(None, description="shape of the covariance, rough to smooth; default: estimated")
    length_km: float | None = Field(None, gt=0, description="decorrelation length in km; default: estimated")
    time_days: float | None = Field(None, gt=0, description="decorrelation time in days; default: estimated")
    noise_share: float | None = Field(
        None, gt=0, description="standard deviation of the errors of observation over sigma; default: estimated"
    )
    sigma: float | None = Field(
        None, gt=0, description="standard deviation of the anomalies; default: so that errors are as large as estimated"
    )
    neighbours: Positive = Field(40, description="observations in each estimate; 60 are slightly better, and slower")
    seed: Seed = Field(0, description="seed of the clouds of other days that hide observations for the estimation")


class KrigingComponent(Block):
    """Part of the anomalies with scales of its own, in the covariance of kriging."""

    share: float = Field(1.0, gt=0, description="its standard deviation; only the ratio to the others counts")
    length_km: float = Field(gt=0, description="decorrelation length in km")
    time_days: float = Field(gt=0, description="decorrelation time in days")
    kernel: Kernel = Field("matern_52", description="shape of the covariance in space, rough to smooth")


class KrigingSettings(Block):
    """Kriging with all observations; parameters are by default learned from the training period."""

    components: Annotated[tuple[KrigingComponent, ...], Field(min_length=1)] | None = Field(
        None, description="parts of the anomalies with scales of their own; default: two, learned"
    )
    noise_share: float | None = Field(
        None, ge=0.01, description="standard deviation of the errors of observation over sigma; default: learned"
    )
    sigma: float | None = Field(
        None, gt=0, description="standard deviation of the anomalies; default: so that errors are as large as estimated"
    )
    seed: int = Field(0, ge=0, description="seed of the clouds of other days that hide observations to learn from")


class DineofSettings(Block):
    """Interpolation by empirical orthogonal functions (DINEOF); parameters are by default cross-validated."""

    modes: Positive | None = Field(None, description="number of modes; default: cross-validated")
    max_modes: Positive = Field(300, description="largest number of modes in the cross-validation")
    filter_days: float | None = Field(
        None, ge=0, description="cut-off period of the filter in time; 0: none; default: cross-validated"
    )
    seed: Seed = Field(0, description="seed of the clouds that hide observations in the cross-validation")


class BaselineSettings(Block):
    """Parameters of baselines."""

    optimal_interpolation: OptimalInterpolationSettings = OptimalInterpolationSettings()
    kriging: KrigingSettings = KrigingSettings()
    dineof: DineofSettings = DineofSettings()


class WithholdSettings(Block):
    """Observations that are withheld from all methods and used for the scores, where there is no complete truth.

    `clouds`: the gaps of other days are put over some periods of days. `pixels`: single values, which still have their
    neighbours; scores on them are too good for every method, and more so for some than for others. `profiles`: whole
    columns, each with all that are near it in place and time, as a float that drifts is near itself.
    """

    kind: Literal["clouds", "pixels", "profiles"] = Field("clouds", description="shape of what is withheld")
    share: float = Field(0.12, gt=0, le=0.5, description="share of the observed values that is withheld")
    days: Positive = Field(
        10,
        description="for `clouds`: consecutive days that get the gaps of other days; for `profiles`: days within which "
        "columns are near each other",
    )
    cells: int = Field(2, ge=0, description="for `profiles`: cells within which columns are near each other")
    seed: Seed = Field(0, description="the same seed withholds the same values")


class ReconstructSettings(BaselineSettings):
    """Settings of the script `reconstruct`; defaults are those of the training of the model."""

    model: str | None = Field(
        None, description="model folder; default: that of the ancestor `train`; `none`: baselines alone"
    )
    observations: str | None = Field(None, description="dataset to reconstruct; default: as in the training")
    gaps: GapSettings | None = Field(
        None, description="gaps; default: as in the training, with `model` those of the data"
    )
    land: str | None = Field(
        None,
        description="what is land: `training`, `data`, `natural_earth` or a dataset, as of data.land; default: on the "
        "grid of the training its land, but for cells with a value; on another grid as in the training",
    )
    period: str = Field("test", description="train, validation, test, all, or START/END")
    every: Positive = Field(1, description="super-resolution: only each n-th time is reconstructed, to save time")
    withhold: WithholdSettings | None = Field(
        None, description="observations that no method has as input, for the scores; none: nothing is withheld"
    )
    error: Annotated[float, Field(ge=0)] | str | None = Field(
        None,
        description="errors of the observations, as `data.error` of `train`; default: as in the training, with `model` "
        "what the observations carry",
    )
    smooth_observed: bool = Field(
        False,
        description="whether methods that know the errors of observations and their own give the analysis in place of "
        "what was observed; else observations keep their values",
    )
    outliers: Literal["ignore", "report", "mask"] = Field(
        "ignore",
        description="what is done with observations that disagree with those around them: nothing; count them; or hide "
        "them from all methods, too",
    )
    outlier_threshold: float = Field(
        4.0, gt=0, description="disagreement in standard deviations from which an observation is an outlier"
    )
    climatology: str | None = Field(
        None,
        description="`training`: that of the training, on its grid; or from elsewhere, with an offset fitted to the "
        "observations: `packaged` (sea-surface temperature), `zero` (anomalies), a dataset of the recipe, a file or a "
        "model folder; default: in a recipe that trains on these observations, that of the training; else fitted to "
        "the observations where they cover the year",
    )
    baselines: tuple[Baseline | Interpolation, ...] | Literal["best"] | None = Field(
        None,
        description="baselines to run; default: all of the task; `best`, with `model: none`: the one of all with the "
        "smallest error on withheld clouds, as of `learn fill`",
    )
    ensemble: EnsembleSettings = EnsembleSettings()
    ablations: dict[str, AblationSettings] = Field(
        {}, description="further samplings, by names of your own, to find out what a condition or setting brings"
    )
    ablation_times: Positive = Field(12, description="number of times of the ablations, spread over the period")
    overlap: float = Field(0.5, ge=0, le=0.9, description="share of a window that overlaps with the next one")

    @field_validator("period")
    @classmethod
    def _period_is_known(cls, period: str) -> str:
        return period if period in ("train", "validation", "test", "all") else check_period(period)

    @model_validator(mode="after")
    def _outliers_are_no_truth(self) -> "ReconstructSettings":
        if self.outliers == "mask" and self.withhold:
            raise ValueError(
                "`outliers: mask` hides observations that `withhold` would then score as the truth; set `outliers: "
                "report`, or leave out `withhold`"
            )
        return self

    @property
    def hides_anew(self) -> bool:
        """Whether an ablation hides another share of the target."""
        return any(ablation.share is not None for ablation in self.ablations.values())

    def _among[Name: str](self, known: tuple[Name, ...], what: str) -> tuple[Name, ...]:
        """Return the baselines in the settings, by default all of a task.

        A SettingsError if the task has not all that are named.
        """
        if self.baselines == BEST:
            if self.model != NO_MODEL:
                raise SettingsError(
                    f"baselines: `{BEST}` is for `model: {NO_MODEL}`; name the baselines, or leave it out."
                )
            return known
        unknown = [name for name in self.baselines or () if name not in known]
        if unknown:
            raise SettingsError(f"baselines: {', '.join(unknown)} can't {what}; choose from {', '.join(known)}.")
        return tuple(name for name in known if self.baselines is None or name in self.baselines)

    def gap_fillers(self) -> tuple[Baseline, ...]:
        """Baselines that fill gaps."""
        return self._among(get_args(Baseline), "fill gaps")

    def interpolations(self) -> tuple[Interpolation, ...]:
        """Baselines that interpolate coarse fields to a fine grid."""
        return self._among(get_args(Interpolation), "carry coarse fields to a fine grid")
