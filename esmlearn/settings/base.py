"""What all settings share: frozen, strict models, and the kinds of values that many of them hold."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

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


def period_dates(period: str) -> tuple[str, str]:
    """First and last day of a period as ISO dates, which compare as text in any calendar.

    >>> period_dates("2001/2003-06-30")
    ('2001-01-01', '2003-06-30')
    """
    start, end = period.split("/")
    return (start if "-" in start else f"{start}-01-01"), (end if "-" in end else f"{end}-12-31")


class Block(BaseModel):
    """Base of all settings: frozen, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
