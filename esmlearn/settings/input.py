"""How input data are put in order before anything else looks at them."""

from typing import Literal

from pydantic import Field

from esmlearn.settings.base import Block, Interval
from esmlearn.settings.values import ValueSettings


class TimeSettings(Block):
    """Times of the input: doubled, missing, and several passes on a day.

    Several times on one day at changing hours are passes. Fixed hours, such as every third one, are a sub-daily axis.
    """

    duplicates: Literal["refuse", "mean", "first", "last"] = Field(
        "refuse", description="steps that are there twice: an error, their mean, or the first or last one in the file"
    )
    passes: Literal["merge", "keep"] = Field(
        "merge", description="several passes on a day: merged to one field, weighted by their errors, or kept apart"
    )
    missing: Literal["insert", "keep"] = Field(
        "insert", description="missing steps: put in as unobserved ones, or the axis is left as irregular as it is"
    )
    interval: Interval | None = Field(
        None, description="what each value stands for where times have no bounds: day, mon, or a number such as 8day"
    )


class InputSettings(Block):
    """How input data are put in order."""

    times: TimeSettings = TimeSettings()
    values: ValueSettings = ValueSettings()
