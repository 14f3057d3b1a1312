"""Texts for units, frequencies and durations in figures, reports and the command line."""

import re

WORDS = {"hr": "-hourly", "day": "-daily", "mon": "-monthly"}


def pretty_units(units: str) -> str:
    """Write CF units in the style of a journal, such as °C for degC."""
    units = re.sub(r"\b(degC|degrees_C|celsius|degree_Celsius)(?=\b|\d)", "°C", units)
    return "" if units == "1" else re.sub(r"(?<=[A-Za-z])2\b", "²", units)


def frequency_words(frequency: str) -> str:
    """Write a frequency as an adjective."""
    found = {"day": "daily", "mon": "monthly", "1hr": "hourly"}.get(frequency)
    return found or re.sub(r"(?<=\d)(hr|day|mon)$", lambda match: WORDS[match[0]], frequency)


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
