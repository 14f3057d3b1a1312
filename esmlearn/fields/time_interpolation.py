"""Interpolation in time and means of observations: first guesses of the models, and baselines."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from esmlearn.grids.rows import row_blocks


class Interpolation(NamedTuple):
    """Values interpolated in time, and days since the observation before and until that after (inf: none)."""

    values: Float[np.ndarray, "time lat lon"]
    days_since: Float[np.ndarray, "time lat lon"]
    days_until: Float[np.ndarray, "time lat lon"]


def interpolate_in_time(
    anomalies: Float[np.ndarray, "time lat lon"],
    observed: Bool[np.ndarray, "time lat lon"],
    *,
    days: Float[np.ndarray, " time"] | None = None,
    leave_out: bool = False,
) -> Interpolation:
    """Interpolate linearly between the observations of each cell.

    Before the first and after the last observation the nearest one persists; a cell without any gets zero, which for
    anomalies is the climatology. `days` are the times; without them, each step is a day. With `leave_out`,
    the value of each day is interpolated without its own observation.
    """
    blocks = [
        _interpolate(anomalies[:, rows], observed[:, rows], days, leave_out=leave_out)
        for rows in row_blocks(anomalies.shape)
    ]
    return Interpolation(*(np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)))


def _interpolate(
    anomalies: Float[np.ndarray, "time lat lon"],
    observed: Bool[np.ndarray, "time lat lon"],
    days: Float[np.ndarray, " time"] | None,
    *,
    leave_out: bool,
) -> Interpolation:
    """Interpolate some rows."""
    n_time = len(anomalies)
    steps = np.arange(n_time, dtype=np.int32)[:, None, None]
    before = np.maximum.accumulate(np.where(observed, steps, -1), axis=0)
    after = np.minimum.accumulate(np.where(observed, steps, n_time)[::-1], axis=0)[::-1]
    if leave_out:
        before = np.concatenate([np.full_like(before[:1], -1), before[:-1]])
        after = np.concatenate([after[1:], np.full_like(after[:1], n_time)])
    has_before, has_after = before >= 0, after < n_time
    known = np.where(observed, anomalies, np.float32(0.0))
    value_before = np.take_along_axis(known, np.maximum(before, 0), axis=0)
    value_after = np.take_along_axis(known, np.minimum(after, n_time - 1), axis=0)
    day = np.arange(n_time, dtype=float) if days is None else days
    now = day[:, None, None]
    since = np.where(has_before, now - day[np.maximum(before, 0)], np.inf).astype(np.float32)
    until = np.where(has_after, day[np.minimum(after, n_time - 1)] - now, np.inf).astype(np.float32)
    with np.errstate(invalid="ignore"):
        between = since + until
        share = since / np.where(between > 0, between, np.float32(1.0))
        weight = np.where(has_before & has_after, share, has_after).astype(np.float32)
    values = value_before * (1 - weight) + value_after * weight
    return Interpolation(np.where(has_before | has_after, values, np.float32(0.0)), since, until)


def observed_mean(
    values: Float[np.ndarray, "time lat lon"], observed: Bool[np.ndarray, "time lat lon"]
) -> Float[np.ndarray, "lat lon"]:
    """Mean of the observed days of each cell; NaN where there is none."""
    count = observed.sum(axis=0)
    total = np.where(observed, values, np.float32(0.0)).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.float32(np.nan)).astype(np.float32)
