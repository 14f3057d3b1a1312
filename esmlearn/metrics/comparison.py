"""Methods and truth on one grid, the points that count for scores, and the rows of `scores.json`.

Only hidden points count: the truth is known, it is ocean, and the value was an input of no method. All methods are
scored on the same points with the same area weights; where one method has no value, the point counts for none.
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

# The method from whose values anomalies are calculated.
CLIMATOLOGY = "climatology"


IN_UNITS = {"rmse", "mae", "bias", "crps", "crps_plain", "sharpness"}


@dataclass(frozen=True)
class Method:
    """Values of one method, with the standard deviation that it predicts for its error, if it does.

    Attributes
    ----------
    name
        As in `scores.json`: `climatology`, `time_interpolation`, the name of the model.
    role
        `model` or `baseline`.
    values, std
        Shape (time, lat, lon), in the units of the truth.
    members
        Members of an ensemble; then `values` and `std` are their mean and standard deviation.
    """

    name: str
    role: str
    values: Float[np.ndarray, "time lat lon"]
    std: Float[np.ndarray, "time lat lon"] | None = None
    members: Float[np.ndarray, "member time lat lon"] | None = None


@dataclass(frozen=True)
class Comparison:
    """Methods and truth at one frequency.

    Attributes
    ----------
    dataset, frequency, split, region, units
        As in the rows of `scores.json`.
    truth
        Shape (time, lat, lon); NaN on land and where it is not known.
    hidden
        True where the value was an input of no method.
    weights
        Relative area of the cells, shape (lat, lon).
    methods
        The methods to score.
    block
        Time steps in a block of the bootstrap that gives the intervals; None for scores without intervals.
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
        """Points that count: hidden, with a known truth, and with a value of every method.

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
            reason = "no point has a known truth that was hidden from the methods"
            if wanted:
                reason = "the methods have no value at any of the hidden points"
            raise DataError(
                f"{self.dataset} can't be scored ({self.frequency}): {reason}; "
                "name a truth that is complete, or hide some of the observations."
            )
        return points

    @property
    def left_open(self) -> dict[str, int]:
        """Number of the hidden points with a known truth at which each method has no value, of methods that have some.

        They count for no method.
        """
        wanted = self.hidden & np.isfinite(self.truth)
        missing = {method.name: int((wanted & ~np.isfinite(method.values)).sum()) for method in self.methods}
        return {name: count for name, count in missing.items() if count}

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
        """Values that anomalies are relative to: those of climatology, else the mean of the truth at each place."""
        for method in self.methods:
            if method.name == CLIMATOLOGY:
                return method.values
        known = np.isfinite(self.truth)
        total = np.where(known, self.truth, 0.0).sum(axis=0)
        return np.broadcast_to(total / np.maximum(known.sum(axis=0), 1), self.truth.shape)

    @cached_property
    def bootstrap(self) -> BlockBootstrap:
        """Resamples of the time steps, for the intervals."""
        return BlockBootstrap.of(len(self.truth), self.block)

    def at_points(self, values: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, " point"]:
        """Give the values at the points that count, in double precision: sums go over millions of them."""
        return values[self.points].astype(float)

    def within(self, region: str, inside: Bool[np.ndarray, "lat lon"]) -> "Comparison":
        """Restrict the comparison to the points of a region."""
        return replace(self, region=region, hidden=self.hidden & inside)


def monthly_truth(
    truth: Float[np.ndarray, "time lat lon"], months: Sequence[slice]
) -> Float[np.ndarray, "month lat lon"]:
    """Average the truth over the days of each month; NaN where the truth of a day is not known."""
    return np.stack([truth[days].mean(axis=0) for days in months])


def hidden_share_of_month(
    hidden: Bool[np.ndarray, "time lat lon"], months: Sequence[slice]
) -> Float[np.ndarray, "month lat lon"]:
    """Give the share of a month's days on which a cell was hidden; above zero, the cell counts in monthly scores."""
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
    """Make the rows of scores from their values in each resample, the original data first; NaN gives no row.

    `weights` is the sum of the weights of each time step, `n` the number of scored points, maps or segments.
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
    """Make one row of `scores.json`; `low` and `high` are None if there is no interval."""
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
    """Write rows as CSV, with one column for each limit of a bin."""
    columns = [
        "dataset", "method", "role", "frequency", "split", "region", "metric", "value", "low", "high", "units", "n",
        "against", "significant", "bin_by", "bin_from", "bin_to", "bin_units",
    ]  # fmt: skip
    flat = [line | {f"bin_{name}": limit for name, limit in line.get("bin", {}).items()} for line in rows]
    # Columns of objects: in columns of numbers, whole limits of bins become 1.0 if others are missing.
    return pd.DataFrame(flat, columns=columns, dtype=object).to_csv(index=False, lineterminator="\n")
