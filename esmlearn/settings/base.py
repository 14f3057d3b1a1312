"""Base class of all settings, and types that many of them use."""

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

Share = Annotated[float, Field(ge=0.0, lt=1.0)]

Positive = Annotated[int, Field(ge=1)]

Seed = Annotated[int, Field(ge=0, lt=2**63)]
"""As torch takes it."""

DAYS = (31, 30, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month in the calendar where it is longest; February has 30 in the calendar 360_day."""


def check_period(period: str) -> str:
    """Return a period if it is START/END of years or ISO dates, in that order; else raise a ValueError."""
    ends = re.fullmatch(r"(DATE)/(DATE)".replace("DATE", r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2})?"), period)
    if not ends:
        raise ValueError(f"'{period}' is not a period: write START/END as years or dates, such as 2001/2003")
    start, end = period_dates(period)
    for end_date in (start, end):
        _, month, day = map(int, end_date.split("-"))
        if not (1 <= month <= 12 and 1 <= day <= DAYS[month - 1]):
            raise ValueError(f"'{period}' is not a period: there is no day {end_date} in any calendar")
    if start > end:
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


def check_units(units: str) -> str:
    """Return units that UDUNITS knows; else raise a ValueError."""
    import cf_units

    try:
        known = cf_units.Unit(units)
    except ValueError:
        known = cf_units.Unit("unknown")
    if known.is_unknown() or known.is_no_unit() or known.is_time_reference():
        raise ValueError(f"'{units}' is not a unit: write it as CF does, such as degC, mg m-3 or 1")
    return units


Units = Annotated[str, AfterValidator(check_units)]


def check_range[Number: (int, float)](range_: tuple[Number, Number]) -> tuple[Number, Number]:
    """Return the least and the greatest number if they are in this order; else raise a ValueError."""
    if range_[0] > range_[1]:
        raise ValueError(f"{list(range_)} is the least, then the greatest value; write the smaller number first")
    return range_


ShareRange = Annotated[tuple[Share, Share], AfterValidator(check_range)]


class Block(BaseModel):
    """Base of all settings: frozen, without unknown keys, and with numbers that are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: object, info: Any) -> object:
        """Refuse a boolean for a number or a date, and a number for a date, which would count seconds from 1970."""
        annotation: Any = cls.model_fields[info.field_name].annotation
        kinds = _kinds(annotation)
        given = value if isinstance(value, list | tuple) else (value,)
        if bool not in kinds and kinds & {int, float} and any(isinstance(one, bool) for one in given):
            raise PydanticCustomError("boolean", "Input should be a number, not yes or no (true or false)")
        if date in kinds and any(isinstance(one, int | float) for one in given):
            raise PydanticCustomError("number", "Input should be dates, such as 2001-05-31")
        return value


@cache
def _kinds(annotation: Any) -> frozenset[Any]:
    """Return the types that a value, or each of several, may have."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) is Literal or not get_args(annotation):
        return frozenset([annotation])
    return frozenset().union(*map(_kinds, get_args(annotation)))
