"""Observations that no method is given: what gaps are judged by where nobody knows the truth."""

import numpy as np
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.settings import WithholdSettings

ROUNDS = 20
"""Times that every stretch of days may be hidden again before a share counts as out of reach."""


def withhold(field: Field, settings: WithholdSettings) -> Field:
    """Take away some of what was observed, always the same for the same field and settings.

    With kind `clouds`, stretches of days at random are hidden once more by the gaps of another stretch of the same
    field: whole clouds with their real shapes, which also last as long as real ones. Those of a single day would not
    do. A place that was seen had mostly been seen the day before, and a gap of one day is easily filled. Borrowed masks
    of successive days are what Barth et al. (2020, https://doi.org/10.5194/gmd-13-1609-2020) withhold, too.

    A day with observations always keeps some.

    Parameters
    ----------
    field
        What was observed in the period to be judged.
    settings
        How much to withhold, and in which shape.

    Raises
    ------
    DataError
        If the field has too few days, or too few gaps to borrow.
    """
    rng = np.random.default_rng(settings.seed)
    observed = field.observed[:, 0]
    if settings.kind == "pixels":
        return field.hide(_leave_some(rng.random(observed.shape) < settings.share, observed))
    return field.hide(_borrow_gaps(observed, ~observed & ~field.land, settings, rng))


def _borrow_gaps(
    observed: Bool[np.ndarray, "time lat lon"],
    missing: Bool[np.ndarray, "time lat lon"],
    settings: WithholdSettings,
    rng: np.random.Generator,
) -> Bool[np.ndarray, "time lat lon"]:
    """Hide stretches in random order, each by the gaps of another one, until the share is reached."""
    n_days, length = len(observed), settings.days
    if n_days < 2 * length:
        raise DataError(
            f"withhold.days is {length}, but the period has {n_days} days, fewer than two stretches of that length; "
            "lower withhold.days or lengthen the period."
        )
    wanted = settings.share * observed.sum()
    hidden = np.zeros_like(observed)
    for _ in range(ROUNDS):
        for start in rng.permutation(np.arange(0, n_days, length)):
            days = np.arange(start, min(start + length, n_days))
            lag = rng.integers(length, n_days - length, endpoint=True)
            hidden[days] |= _leave_some(hidden[days] | missing[(days + lag) % n_days], observed[days])
            if hidden.sum() >= wanted:
                return hidden
    raise DataError(
        f"The gaps of other days can withhold {hidden.sum() / observed.sum():.1%} of the observations, less than "
        f"withhold.share {settings.share:g}; lower it, or hide more by `gaps`."
    )


def _leave_some(
    hidden: Bool[np.ndarray, "day lat lon"], observed: Bool[np.ndarray, "day lat lon"]
) -> Bool[np.ndarray, "day lat lon"]:
    """Say which observations are hidden, and hide nothing on days that would lose all of theirs."""
    left = (observed & ~hidden).any(axis=(1, 2))
    return hidden & observed & left[:, None, None]
