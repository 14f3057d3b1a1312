"""What is compared: methods beside the truth, the points that count, and the rows that scores are written in.

A score counts hidden points only: the truth is known, it is ocean, and no method was given the value. All methods are
scored on the same points with the same area weights; a point that one method leaves open counts for none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from esmlearn.errors import DataError
from esmlearn.metrics.uncertainty import BlockBootstrap

Row = dict[str, Any]

# The method whose departures are correlated, and whose values anomalies are counted from.
CLIMATOLOGY = "climatology"

# Times on a day at each frequency but that of months.
STEPS_A_DAY = {"day": 1} | {f"{hours}hr": 24 // hours for hours in (12, 8, 6, 4, 3, 2, 1)}

IN_UNITS = {"rmse", "mae", "bias", "crps", "crps_plain", "sharpness"}


@dataclass(frozen=True)
class Method:
    """Values of one method, with the standard deviation of its error if it knows it.

    Attributes
    ----------
    name
        As in `scores.json`: `climatology`, `time_interpolation`, the name of the model.
    role
        `model` or `baseline`.
    values, std
        Shape (time, lat, lon), in the units of the truth.
    members
        Members of an ensemble, whose mean and standard deviation the others are.
    """

    name: str
    role: str
    values: Float[np.ndarray, "time lat lon"]
    std: Float[np.ndarray, "time lat lon"] | None = None
    members: Float[np.ndarray, "member time lat lon"] | None = None


@dataclass(frozen=True)
class Comparison:
    """Methods beside the truth, at one frequency.

    Attributes
    ----------
    dataset, frequency, split, region, units
        As in the rows of `scores.json`.
    truth
        Shape (time, lat, lon); NaN on land and where it is not known.
    hidden
        True where no method was given the value.
    weights
        Relative area of the cells, shape (lat, lon).
    methods
        What is compared.
    block
        Time steps that the bootstrap of the intervals keeps together; None for scores without intervals.
    """

    dataset: str
    frequency: str
    units: str
    truth: Float[np.ndarray, "time lat lon"]
    hidden: Bool[np.ndarray, "time lat lon"]
    weights: Float[np.ndarray, "lat lon"]
    methods: tuple[Method, ...]
    split: str = "test"
    region: str = "all"
    block: int | None = None

    @cached_property
    def points(self) -> Bool[np.ndarray, "time lat lon"]:
        """Points that count: hidden, with a known truth, and filled by every method.

        Raises
        ------
        DataError
            If there is none.
        """
        points = self.hidden & np.isfinite(self.truth)
        wanted = int(points.sum())
        for method in self.methods:
            points = points & np.isfinite(method.values)
            if method.std is not None:
                points &= np.isfinite(method.std)
        if not points.any():
            reason = (
                "the methods have no value at any of the hidden points"
                if wanted
                else "no point has a known truth that was hidden from the methods"
            )
            raise DataError(
                f"{self.dataset} can't be scored ({self.frequency}): {reason}; "
                "name a truth that is complete, or hide some of the observations."
            )
        return points

    @cached_property
    def steps(self) -> Int[np.ndarray, " point"]:
        """Time step of each point that counts."""
        return np.nonzero(self.points)[0]

    @cached_property
    def areas(self) -> Float[np.ndarray, " point"]:
        """Relative area of each point that counts."""
        return self.at_points(np.broadcast_to(self.weights, self.truth.shape))

    @cached_property
    def reference(self) -> Float[np.ndarray, "time lat lon"]:
        """What departures are counted from: the climatology method, else the mean of the truth at each place."""
        for method in self.methods:
            if method.name == CLIMATOLOGY:
                return method.values
        known = np.isfinite(self.truth)
        total = np.where(known, self.truth, 0.0).sum(axis=0)
        return np.broadcast_to(total / np.maximum(known.sum(axis=0), 1), self.truth.shape)

    @cached_property
    def bootstrap(self) -> BlockBootstrap:
        """How the time steps are resampled for the intervals."""
        return BlockBootstrap.of(len(self.truth), self.block)

    def at_points(self, values: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, " point"]:
        """Values at the points that count; in double precision, for sums over millions of them."""
        return values[self.points].astype(float)

    def within(self, region: str, inside: Bool[np.ndarray, "lat lon"]) -> "Comparison":
        """Give the same comparison for the points of a region."""
        return replace(self, region=region, hidden=self.hidden & inside)


def monthly_truth(
    truth: Float[np.ndarray, "time lat lon"], months: Sequence[slice]
) -> Float[np.ndarray, "month lat lon"]:
    """Mean of the complete truth over the days of each month; NaN where the truth of a day is not known."""
    return np.stack([truth[days].mean(axis=0) for days in months])


def hidden_share_of_month(
    hidden: Bool[np.ndarray, "time lat lon"], months: Sequence[slice]
) -> Float[np.ndarray, "month lat lon"]:
    """Share of a month's days on which a cell was hidden; a cell counts in monthly scores where it is above zero."""
    return np.stack([hidden[days].mean(axis=0) for days in months])


def score_rows(
    comparison: Comparison,
    method: Method,
    scores: Mapping[str, Float[np.ndarray, " resample"]],
    weights: Float[np.ndarray, " time"],
    n: int,
    *,
    units: str | None = None,
) -> list[Row]:
    """Rows of scores that are known in each resample of the time steps; one that divides by zero has none.

    Parameters
    ----------
    scores
        By the name of the metric; the first resample is the data as they are.
    weights
        Sum of the weights of each time step.
    n
        Number of points, or of whatever else is scored.
    """
    return [
        row(comparison, method, metric, values[0], n, comparison.bootstrap.interval(values, weights), units=units)
        for metric, values in scores.items()
        if np.isfinite(values[0])
    ]


def row(
    comparison: Comparison,
    method: Method,
    metric: str,
    value: float,
    n: int,
    interval: tuple[float, float] | None,
    *,
    units: str | None = None,
) -> Row:
    """One row of `scores.json`; `low` and `high` are None where there is no interval."""
    low, high = interval or (None, None)
    return {
        "dataset": comparison.dataset,
        "method": method.name,
        "role": method.role,
        "frequency": comparison.frequency,
        "split": comparison.split,
        "region": comparison.region,
        "metric": metric,
        "value": float(value),
        "low": low,
        "high": high,
        "units": units or (comparison.units if metric in IN_UNITS else "1"),
        "n": n,
    }


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as a table, one column for each limit of a bin."""
    columns = [
        "dataset", "method", "role", "frequency", "split", "region", "metric", "value", "low", "high", "units", "n",
        "against", "significant", "bin_by", "bin_from", "bin_to", "bin_units",
    ]  # fmt: skip
    flat = [line | {f"bin_{name}": limit for name, limit in line.get("bin", {}).items()} for line in rows]
    # As objects: as numbers, whole limits of bins would be written as 1.0 where others are missing.
    return pd.DataFrame(flat, columns=columns, dtype=object).to_csv(index=False, lineterminator="\n")
