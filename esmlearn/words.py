"""Texts for units, frequencies and durations in figures, reports and the command line."""

import math
import re
from collections.abc import Mapping
from typing import Any

BEFORE, AFTER = "ln(re 1 ", ")"
"""What stands around the units of a quantity in those of its natural logarithm, to which units convert and back."""
LEAST, MOST = 5e-4, 1e6
"""Numbers between them are written without a power of ten."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

WORDS = {"hr": "-hourly", "day": "-daily", "mon": "-monthly"}


def pretty_units(units: str) -> str:
    """Write CF units in the style of a journal, such as °C for degC."""
    units = re.sub(r"\b(degC|degrees_C|celsius|degree_Celsius)(?=\b|\d)", "°C", units)
    return "" if units == "1" else re.sub(r"(?<=[A-Za-z])2\b", "²", units)


def domain_of(standard_name: str | None) -> str:
    """Name what is filled: the ocean, or for quantities that are known beyond it, the area.

    >>> domain_of("sea_surface_temperature"), domain_of("air_temperature")
    ('ocean', 'area')
    """
    name = standard_name or "sea"
    return "ocean" if "sea" in name.split("_") or "ocean" in name else "area"


def frequency_words(frequency: str) -> str:
    """Write a frequency as an adjective."""
    found = {"day": "daily", "mon": "monthly", "1hr": "hourly"}.get(frequency)
    return found or re.sub(r"(?<=\d)(hr|day|mon)$", lambda match: WORDS[match[0]], frequency)


def outlier_words(found: Mapping[str, Any]) -> str:
    """Say how many observations are outliers, from what the attribute `esmlearn_outliers` holds.

    >>> outlier_words({"outliers": 2, "observations": 1500, "threshold": 4.0, "masked": False})
    '2 of 1,500 observations are outliers, farther than 4 standard deviations from ...; they were left in place.'
    """
    done = "were hidden from all methods" if found["masked"] else "were left in place"
    return (
        f"{found['outliers']:,} of {found['observations']:,} observations are outliers, farther than"
        f" {found['threshold']:g} standard deviations from the analysis of the others; they {done}."
    )


def duration(seconds: int | float | None) -> str:
    """Write a duration in seconds, minutes or hours; a dash if it is None.

    >>> duration(75), duration(4000), duration(9000), duration(None)
    ('75 s', '67 min', '2.5 h', '–')
    """
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def number(value: int | float) -> str:
    """Write a number with three significant digits and at most three decimals, or with a power of ten.

    >>> number(0.12345), number(12.345), number(-0.0), number(2.5e-7), number(-1.25e9)
    ('0.123', '12.3', '0.000', '2.50 × 10⁻⁷', '−1.25 × 10⁹')
    """
    size = abs(value)
    if value and math.isfinite(value) and not LEAST <= size < MOST:
        digits, power = f"{value:.2e}".split("e")
        return f"{digits} × 10{str(int(power)).translate(RAISED)}".replace("-", "−")
    decimals = next((3 - power for power in range(3) if size < 10**power), 0)
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")  # + 0.0: no negative zero


def logarithm_of(units: str) -> str:
    """Units of the natural logarithm of values in some units.

    >>> logarithm_of("mg m-3")
    'ln(re 1 mg m-3)'
    """
    return f"{BEFORE}{units}{AFTER}"


def is_logarithm(units: str) -> bool:
    """Whether units are those of a logarithm."""
    return units.startswith(BEFORE)


def without_logarithm(units: str) -> str:
    """Units of the values whose logarithm has these units."""
    return units.removeprefix(BEFORE).removesuffix(AFTER) if is_logarithm(units) else units
