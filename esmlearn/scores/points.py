"""How far each method is from the truth where it could not see it.

A score counts hidden points only: the truth is known, it is ocean, and no method was given the value. All methods are
scored on the same points with the same area weights; a point that one method leaves open counts for none.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from scipy import stats
from scores import continuous

from esmlearn.errors import DataError

Row = dict[str, Any]
Number = int | float

# The method whose departures are correlated, and the least number of points that makes a bin worth showing.
CLIMATOLOGY = "climatology"
FEWEST_POINTS = 30
COVERAGE_LEVELS = (0.5, 0.9)


@dataclass(frozen=True)
class Method:
    """What one method says, with the standard deviation of its error if it knows it.

    Attributes
    ----------
    name
        As in `scores.json`: `climatology`, `time_interpolation`, the name of the model.
    role
        `model` or `baseline`.
    values, std
        Shape (time, lat, lon), in the units of the truth.
    """

    name: str
    role: str
    values: Float[np.ndarray, "time lat lon"]
    std: Float[np.ndarray, "time lat lon"] | None = None


@dataclass(frozen=True)
class Comparison:
    """Methods beside the truth, at one frequency.

    Attributes
    ----------
    dataset, frequency, split, units
        As in the rows of `scores.json`.
    truth
        Shape (time, lat, lon); NaN on land and where it is not known.
    hidden
        True where no method was given the value.
    weights
        Relative area of the cells, shape (lat, lon).
    methods
        What is compared.
    """

    dataset: str
    frequency: str
    units: str
    truth: Float[np.ndarray, "time lat lon"]
    hidden: Bool[np.ndarray, "time lat lon"]
    weights: Float[np.ndarray, "lat lon"]
    methods: tuple[Method, ...]
    split: str = "test"

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
    def reference(self) -> Float[np.ndarray, "time lat lon"]:
        """What departures are counted from: the climatology method, else the mean of the truth at each place."""
        for method in self.methods:
            if method.name == CLIMATOLOGY:
                return method.values
        known = np.isfinite(self.truth)
        total = np.where(known, self.truth, 0.0).sum(axis=0)
        return np.broadcast_to(total / np.maximum(known.sum(axis=0), 1), self.truth.shape)


@dataclass(frozen=True)
class Bins:
    """How the points are sorted for a breakdown.

    Attributes
    ----------
    by
        What they are sorted by; the key `by` of a row's `bin`.
    values
        Value of each point, shape (time, lat, lon), or what broadcasts to it.
    limits
        Lower and upper limit of each bin. A bin holds its lower limit; its upper limit only if the values are whole
        numbers, or if it is the last.
    units
        Units of the limits.
    """

    by: str
    values: np.ndarray
    limits: tuple[tuple[Number, Number], ...]
    units: str
    whole: bool = field(default=False)

    def __iter__(self) -> Iterator[tuple[Number, Number, np.ndarray]]:
        """Give (lower, upper, where the points lie) for each bin."""
        for low, high in self.limits:
            last = self.whole or (low, high) == self.limits[-1]
            below = self.values <= high if last else self.values < high
            yield low, high, (self.values >= low) & below


def score(comparison: Comparison) -> list[Row]:
    """Score every method on all points.

    `correlation` is that of departures from climatology (from the truth's mean at each place where no climatology is
    compared), for that of plain sea-surface temperature mostly says that the south is warmer than the north. A method
    without any departure, as climatology itself, has none.
    """
    points = comparison.points
    weights = _flat(np.broadcast_to(comparison.weights, points.shape)[points])
    truth = _flat(comparison.truth[points])
    reference = _flat(comparison.reference[points])
    rows = []
    for method in comparison.methods:
        values = _flat(method.values[points])
        found = errors(values, truth, weights)
        correlated = correlation(values - reference, truth - reference, weights)
        if np.isfinite(correlated):
            found["correlation"] = correlated
        if method.std is not None:
            found |= calibration(values, _flat(method.std[points]), truth, weights)
        rows += [_row(comparison, method, metric, value, int(points.sum())) for metric, value in found.items()]
    return rows + skill(rows)


def break_down(comparison: Comparison, bins: Bins, *, fewest: int = FEWEST_POINTS) -> list[Row]:
    """Score every method in each bin: RMSE, MAE and bias, as rows with the extra key `bin`.

    Bins with fewer points than `fewest` are left out: their scores would be noise.
    """
    rows = []
    for low, high, inside in bins:
        points = comparison.points & np.broadcast_to(inside, comparison.points.shape)
        n = int(points.sum())
        if n < fewest:
            continue
        weights = _flat(np.broadcast_to(comparison.weights, points.shape)[points])
        truth = _flat(comparison.truth[points])
        limits = {"by": bins.by, "from": low, "to": high if np.isfinite(high) else None, "units": bins.units}
        for method in comparison.methods:
            found = errors(_flat(method.values[points]), truth, weights)
            rows += [_row(comparison, method, metric, value, n) | {"bin": limits} for metric, value in found.items()]
    return rows


def errors(values: xr.DataArray, truth: xr.DataArray, weights: xr.DataArray) -> dict[str, float]:
    """Root-mean-square error, mean absolute error and bias (values - truth), area-weighted."""
    return {
        "rmse": float(continuous.rmse(values, truth, weights=weights)),
        "mae": float(continuous.mae(values, truth, weights=weights)),
        "bias": float(continuous.additive_bias(values, truth, weights=weights)),
    }


def correlation(values: xr.DataArray, truth: xr.DataArray, weights: xr.DataArray) -> float:
    """Pearson's correlation, area-weighted; NaN where one of the two does not vary.

    xarray has it with weights, `scores.continuous.correlation.pearsonr` without.
    """
    if np.ptp(values.values) == 0 or np.ptp(truth.values) == 0:
        return float("nan")
    return float(xr.corr(values, truth, weights=weights))


def calibration(
    values: xr.DataArray, std: xr.DataArray, truth: xr.DataArray, weights: xr.DataArray
) -> dict[str, float]:
    """Tell whether a standard deviation is honest: coverage of central intervals, CRPS, spread against skill.

    The spread-skill ratio is the root of the mean variance over the RMSE (Fortin et al. 2014,
    doi:10.1175/JHM-D-14-0008.1): 1 is right, less is overconfident.
    """
    error = values - truth
    found = {}
    for level in COVERAGE_LEVELS:
        reach = stats.norm.ppf((1 + level) / 2)
        found[f"coverage_{100 * level:.0f}"] = _mean(abs(error) <= reach * std, weights)
    found["crps"] = _mean(gaussian_crps(values, std, truth), weights)
    found["spread_skill_ratio"] = np.sqrt(_mean(std**2, weights) / _mean(error**2, weights))
    return found


def gaussian_crps(values: xr.DataArray, std: xr.DataArray, truth: xr.DataArray) -> xr.DataArray:
    r"""Continuous ranked probability score of a normal distribution, in the units of the truth; 0 is perfect.

    .. math:: \sigma \left[ z (2 \Phi(z) - 1) + 2 \phi(z) - \pi^{-1/2} \right], \quad z = (y - \mu) / \sigma

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 21 with the sign turned. (`scores` 2.7 has CRPS for
    ensembles and tabulated distributions, not the closed form.) With no deviation at all it is the absolute error.
    """
    sigma = np.maximum(std, np.finfo(np.float32).tiny).astype(float)
    z = (truth - values) / sigma
    return sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def skill(rows: Iterable[Row]) -> list[Row]:
    """Skill of each model against each baseline, 1 - RMSE(model) / RMSE(baseline), as rows with the key `against`."""
    whole = [row for row in rows if row["metric"] == "rmse" and "bin" not in row]
    return [
        model
        | {
            "metric": "skill",
            "value": 1 - model["value"] / base["value"],
            "units": "1",
            "against": base["method"],
        }
        for model in whole
        for base in whole
        if model["role"] == "model" and base["role"] == "baseline" and base["value"] > 0
        if all(model[key] == base[key] for key in ("dataset", "frequency", "split", "region"))
    ]


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


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as a table, one column for each limit of a bin."""
    columns = [
        "dataset",
        "method",
        "role",
        "frequency",
        "split",
        "region",
        "metric",
        "value",
        "units",
        "n",
        "against",
    ]
    limits = ["by", "from", "to", "units"]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns + [f"bin_{name}" for name in limits])
    for row in rows:
        bin_ = row.get("bin", {})
        table.writerow([row.get(name) for name in columns] + [bin_.get(name) for name in limits])
    return text.getvalue()


def _row(comparison: Comparison, method: Method, metric: str, value: float, n: int) -> Row:
    """One row of `scores.json`."""
    in_units = metric in {"rmse", "mae", "bias", "crps"}
    return {
        "dataset": comparison.dataset,
        "method": method.name,
        "role": method.role,
        "frequency": comparison.frequency,
        "split": comparison.split,
        "region": "all",
        "metric": metric,
        "value": float(value),
        "units": comparison.units if in_units else "1",
        "n": n,
    }


def _flat(values: np.ndarray) -> xr.DataArray:
    """Points as `scores` takes them; in double precision, for a sum over millions of points."""
    return xr.DataArray(values.astype(float), dims="point")


def _mean(values: xr.DataArray, weights: xr.DataArray) -> float:
    """Area-weighted mean."""
    return float(values.weighted(weights).mean())
