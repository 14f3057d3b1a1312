"""Which days of the year observations cover, and how often."""

import numpy as np
from jaxtyping import Float

from esmlearn.fields.field import Field

MONTHS = (np.arange(12) + 0.5) / 12
"""Middles of the months as parts of a year."""

NEAR = 1 / 24
"""Part of a year by which an observation may be away from a middle of a month to count for it: half a month."""

FEWEST = 3.0
"""Observed days near the middle of a month from which on a cell counts as seen in that month."""

LONGEST = 1 / 3
"""Longest part of a year without an observation that harmonics may bridge."""


def longest_unseen(field: Field) -> float:
    """Longest part of a year, across its end too, in which the field has no observation in any year."""
    days = np.unique(field.year_fraction[field.observed.any(axis=(1, 2, 3))])
    return float(np.diff(days, append=days[:1] + 1).max(initial=0.0)) if days.size else 1.0


def covers_the_year(field: Field, *, harmonics: int = 2) -> bool:
    """Whether a mean seasonal cycle can be fitted.

    The longest stretch without an observation must be shorter than a third of a year, and there must be at least twice
    as many observed times as the cycle has terms. How many years they come from does not matter.
    """
    n_times = int(field.observed.any(axis=(1, 2, 3)).sum())
    return longest_unseen(field) <= LONGEST and n_times >= 2 * (2 * harmonics + 1)


def days_near_months(field: Field) -> Float[np.ndarray, "12 lat lon"]:
    """Observed days of each cell, of all years, within half a month of the middle of each month; one variable.

    A mean of several days counts if any of them is as near as that.
    """
    apart = np.abs((field.year_fraction[:, None] - MONTHS + 0.5) % 1 - 0.5)
    reach = NEAR + (field.step_days / 2 / 365.25 if field.step_days > 1 else 0.0)
    near = (apart <= reach).astype(np.float32)
    return np.tensordot(near, field.observed[:, 0].astype(np.float32), axes=(0, 0)) * np.float32(field.step_days)
