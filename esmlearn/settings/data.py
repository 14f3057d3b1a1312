"""Data of a training: datasets, gaps, and periods."""

from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Period, Seed, Share, Units, period_dates
from esmlearn.settings.input import InputSettings
from esmlearn.words import logarithm_of

TRAINING = "training"
"""Value of `climatology` and `land` of the script `reconstruct` that asks for those of the training."""

PACKAGED, ZERO = "packaged", "zero"
CLIMATOLOGIES = (PACKAGED, ZERO, TRAINING)
"""Climatologies that are neither datasets nor files; `training` is for the script `reconstruct`."""

LAND = ("data", "natural_earth", TRAINING)
"""Sources of land that are no datasets."""


class GapSettings(Block):
    """Gaps in the observations.

    `data`: those of the observations themselves. `dataset`: those of another dataset of the recipe, such as real cloud
    masks on a complete analysis. `clouds`, `rectangles`, `swaths`, `profiles`: simulated, fixed by the seed.
    """

    kind: Literal["data", "dataset", "clouds", "rectangles", "swaths", "profiles"] = Field(
        "data", description="source or shape of the gaps"
    )
    dataset: str | None = Field(None, description="for kind `dataset`: the dataset with the gaps")
    share: Share = Field(0.67, description="for simulated gaps: share of the ocean that is hidden")
    seed: Seed = Field(0, description="for simulated gaps: the same seed gives the same gaps")

    @model_validator(mode="after")
    def _dataset_goes_with_kind(self) -> "GapSettings":
        if (self.kind == "dataset") != (self.dataset is not None):
            raise ValueError("kind `dataset` and the key `dataset` go together: give both or none")
        return self


class SplitSettings(Block):
    """Periods to fit, to choose and to test a model; days closer than the buffer to the next period are left out."""

    train: Period = Field(description="to fit the climatology, the scaling and the weights")
    validation: Period = Field(description="to choose the best weights and to calibrate the standard deviation")
    test: Period = Field(description="to test; no part of the training uses it")
    buffer_days: int = Field(10, ge=0, description="days left out of the earlier one of two periods where they touch")

    @model_validator(mode="after")
    def _periods_are_apart(self) -> "SplitSettings":
        for first, second in combinations(("train", "validation", "test"), 2):
            (start, end), (other_start, other_end) = (period_dates(getattr(self, name)) for name in (first, second))
            if start <= other_end and other_start <= end:
                raise ValueError(f"the periods {first} and {second} overlap; set them apart")
        return self


class DataSettings(Block):
    """Data of the training."""

    observations: str = Field(description="dataset with the observations and their gaps")
    target: str | None = Field(None, description="complete dataset, the target of the training; none: self_supervised")
    gaps: GapSettings = GapSettings()
    input: InputSettings = InputSettings()
    split: SplitSettings
    error: Annotated[float, Field(ge=0)] | str | None = Field(
        None,
        description="standard deviation of the errors of the observations: a number in `units`, or the dataset that "
        "has them; 0: not known; default: what the observations carry",
    )
    units: Units = Field("degC", description="units of the fields within the model")
    land: str = Field(
        "data",
        description="what is land: `data` (cells that never have a value), `natural_earth` (its coast; cells with a "
        "value are ocean), or a dataset with a mask or fraction of land or sea, such as sftlf. Ocean that was never "
        "observed is filled",
    )
    transform: Literal["none", "log"] = Field(
        "none",
        description="`log`: fields are the natural logarithm of the values, as for chlorophyll; none is negative",
    )
    scale_by: Literal["variable", "calendar_day"] = Field(
        "variable", description="scaling by one standard deviation, or by one for each day of the year"
    )
    climatology: str | None = Field(
        None,
        description="climatology from elsewhere, with an offset fitted to the observations: `packaged` (sea-surface "
        "temperature), `zero` (anomalies), a dataset of the recipe, a file or a model folder; default: fitted to the "
        "training period",
    )
    harmonics: int = Field(2, ge=0, le=6, description="harmonics of the annual cycle in the climatology")

    @model_validator(mode="after")
    def _logarithm_has_units(self) -> "DataSettings":
        if self.transform == "log" and self.units in ("degC", "K"):
            raise ValueError(
                "transform `log` is for positive quantities, such as chlorophyll; set units, such as mg m-3"
            )
        return self

    @property
    def field_units(self) -> str:
        """Units of the fields within the model, with `transform: log` those of the logarithm."""
        return logarithm_of(self.units) if self.transform == "log" else self.units
