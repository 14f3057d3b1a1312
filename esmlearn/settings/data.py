"""What a model learns from."""

from typing import Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Period, Share, period_dates


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
