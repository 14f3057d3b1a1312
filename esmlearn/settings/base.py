"""Base class of all settings, and types that many of them use."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, lt=1.0)]

Positive = Annotated[int, Field(ge=1)]


def check_period(period: str) -> str:
    """Return a period if it is START/END of years or ISO dates, in that order; else raise a ValueError."""
    match = re.fullmatch(r"(\d{4}(?:-\d\d-\d\d)?)/(\d{4}(?:-\d\d-\d\d)?)", period)
    if not match:
        raise ValueError(f"'{period}' is not a period: write START/END as years or dates, such as 2001/2003")
    if match[1] > match[2]:
        raise ValueError(f"'{period}' ends before it starts")
    return period


Period = Annotated[str, AfterValidator(check_period)]


def period_dates(period: str) -> tuple[str, str]:
    """Return first and last day of a period as ISO dates, which compare as text in any calendar.

    >>> period_dates("2001/2003-06-30")
    ('2001-01-01', '2003-06-30')
    """
    start, end = period.split("/")
    return (start if "-" in start else f"{start}-01-01"), (end if "-" in end else f"{end}-12-31")


def check_interval(interval: str) -> str:
    """Return what a value stands for if it is a day, a month or a number of days; else raise a ValueError."""
    if not re.fullmatch(r"day|mon|[1-9]\d?day", interval):
        raise ValueError(f"'{interval}' is not an interval: write day, mon, or a number of days such as 8day")
    return "day" if interval == "1day" else interval


Interval = Annotated[str, AfterValidator(check_interval)]


class Block(BaseModel):
    """Base of all settings: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
