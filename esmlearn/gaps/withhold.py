"""Observations withheld from all methods, to score their reconstruction where there is no complete truth."""

import numpy as np
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.gaps.simulate import simulate_gaps
from esmlearn.settings import WithholdSettings

ROUNDS = 20
"""Times that each stretch of days is hidden again before the share counts as impossible."""


def withhold(field: Field, settings: WithholdSettings) -> Field:
    """Withhold some observations; the same field and settings always give the same ones.

    With kind `clouds`, random stretches of days get the gaps of another stretch of the same field, in addition to their
    own: clouds with real shapes that last as long as real ones. Gaps of a single day would be too easy to fill, because
    most places were observed the day before. Barth et al. (2020, https://doi.org/10.5194/gmd-13-1609-2020) also
    withhold by masks of successive days. A day with observations always keeps some.

    With kind `profiles`, whole columns go at all levels, each with the columns near it: a float rises again some days
    later close by, and would give away most of what is to be scored.

    Parameters
    ----------
    field
        Observations in the period of the evaluation.
    settings
        Share and kind.

    Raises
    ------
    DataError
        If the field has too few days, or too few gaps to borrow.
    """
    rng = np.random.default_rng(settings.seed)
    observed = field.observed[:, 0]
    if settings.kind == "pixels":
        return field.hide(_leave_some(rng.random(observed.shape) < settings.share, observed))
    if settings.kind == "profiles":
        return field.hide(_whole_columns(field, settings, rng))
    return field.hide(_borrow_gaps(observed, ~observed & ~field.land, settings, rng, field.step_days))


def withhold_somewhere(field: Field, settings: WithholdSettings) -> tuple[Field, str]:
    """Withhold observations of a record of any length, and say how.

    As `withhold`, but stretches of a short record are as long as a quarter of it, or single times. Where other times
    have too few gaps to borrow, or there is only one, the clouds are simulated.

    Raises
    ------
    DataError
        If there are too few observations to withhold any.
    """
    quarter = max(1, len(field.dates) // 4)
    for days in dict.fromkeys((min(settings.days, quarter), 1)):
        try:
            left = withhold(field, settings.model_copy(update={"days": days}))
        except DataError:
            continue
        lasting = "single times" if days == 1 else f"stretches of {days} times"
        others = {"pixels": "single values", "profiles": "whole profiles with those near them"}
        how = others.get(settings.kind, f"the gaps of other times over {lasting}")
        return left, _in_words(field, left, how)
    observed = field.observed[:, 0]
    hidden = simulate_gaps("clouds", *observed.shape, share=settings.share, seed=settings.seed)
    left = field.hide(_leave_some(hidden, observed))
    if left.observed.sum() == field.observed.sum():
        raise DataError(
            f"{field.observed.sum()} observations are too few to withhold some of them for scores; give `withhold=None`"
            " and name the method."
        )
    return left, _in_words(field, left, "simulated clouds")


def _in_words(field: Field, left: Field, how: str) -> str:
    """Say what was withheld."""
    share = 1 - left.observed.sum() / field.observed.sum()
    return f"{share:.0%} of the observations were withheld from all methods: {how}."


def _borrow_gaps(
    observed: Bool[np.ndarray, "time lat lon"],
    missing: Bool[np.ndarray, "time lat lon"],
    settings: WithholdSettings,
    rng: np.random.Generator,
    step_days: float,
) -> Bool[np.ndarray, "time lat lon"]:
    """Hide stretches in random order, each by the gaps of another one, until the share is reached."""
    n_steps, length = len(observed), max(1, round(settings.days / step_days))
    if n_steps < 2 * length:
        raise DataError(
            f"withhold.days is {settings.days}, but the period has {round(n_steps * step_days)} days, fewer than two"
            " stretches of that length; lower withhold.days or lengthen the period."
        )
    wanted = settings.share * observed.sum()
    hidden = np.zeros_like(observed)
    for _ in range(ROUNDS):
        for start in rng.permutation(np.arange(0, n_steps, length)):
            steps = np.arange(start, min(start + length, n_steps))
            lag = rng.integers(length, n_steps - length, endpoint=True)
            hidden[steps] |= _leave_some(hidden[steps] | missing[(steps + lag) % n_steps], observed[steps])
            if hidden.sum() >= wanted:
                return hidden
    raise DataError(
        f"The gaps of other days can withhold {hidden.sum() / observed.sum():.1%} of the observations, less than "
        f"withhold.share {settings.share:g}; lower it, or hide more by `gaps`."
    )


def _whole_columns(
    field: Field, settings: WithholdSettings, rng: np.random.Generator
) -> Bool[np.ndarray, "time lat lon"]:
    """Hide columns in random order, each with those near it, until the share is reached."""
    observed = field.observed.any(axis=1)
    columns = np.argwhere(observed)
    day = np.array([(date - field.dates[0]).total_seconds() / 86_400 for date in field.dates])[columns[:, 0]]
    wanted, n_columns = settings.share * len(columns), field.land.shape[1]
    hidden = np.zeros(len(columns), bool)
    for one in rng.permutation(len(columns)):
        if hidden.sum() >= wanted:
            break
        if hidden[one]:
            continue
        rows, east = (np.abs(columns[:, axis] - columns[one, axis]) for axis in (1, 2))
        east = np.minimum(east, n_columns - east) if field.closes else east
        hidden |= (np.abs(day - day[one]) <= settings.days) & (rows <= settings.cells) & (east <= settings.cells)
    mask = np.zeros_like(observed)
    mask[tuple(columns[hidden].T)] = True
    return _leave_some(mask, observed)


def _leave_some(
    hidden: Bool[np.ndarray, "day lat lon"], observed: Bool[np.ndarray, "day lat lon"]
) -> Bool[np.ndarray, "day lat lon"]:
    """Restrict a mask to observations, and to days that keep at least one."""
    left = (observed & ~hidden).any(axis=(1, 2))
    return hidden & observed & left[:, None, None]
