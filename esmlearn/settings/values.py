"""Values that an input may have."""

from typing import Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block


class ValueSettings(Block):
    """What counts as a value, and what is done with values that can't be right."""

    out_of_range: Literal["refuse", "mask"] = Field(
        "refuse", description="values that can't be right: refuse the data, or count them as not observed"
    )
    range: tuple[float, float] | None = Field(
        None,
        description="least and greatest plausible value, in the units of the file; default: by the standard name",
    )
    stuck: bool = Field(True, description="whether to look for one number that fills many cells, such as 0 or -999")

    @model_validator(mode="after")
    def _range_rises(self) -> "ValueSettings":
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("range is the least, then the greatest plausible value; write the smaller number first")
        return self
