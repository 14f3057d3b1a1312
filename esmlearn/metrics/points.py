"""Scores of every method on the hidden points: of all points, in bins, and at each place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from einops import rearrange
from jaxtyping import Float, Int
from scores import continuous

from esmlearn.metrics.calibration import PointScores, calibration_at_points
from esmlearn.metrics.comparison import Comparison, Method, Row, score_rows
from esmlearn.metrics.difficulty import Bins
from esmlearn.metrics.ensemble import ensemble_at_points
from esmlearn.metrics.uncertainty import BlockBootstrap, ratio

# A variance below this share of the mean square is a rounding error of a constant field.
NO_VARIANCE = 1e-12

Means = Mapping[str, Float[np.ndarray, "resample group"]]


def score(comparison: Comparison) -> list[Row]:
    """Score every method on all points, and every model against every baseline.

    `correlation` is that of anomalies from climatology (from the truth's mean at each place if climatology is not among
    the methods): that of sea-surface temperature itself would mostly show that the tropics are warm. A method without
    anomalies, such as climatology, has none. `skill` is 1 - RMSE(model) / RMSE(baseline). The `crps` of an ensemble is
    the fair one, which is comparable with the closed form for other methods. `crpss` is 1 - CRPS(ensemble) /
    CRPS(other), where the other is any method without members; without a standard deviation its CRPS is its MAE.
    """
    groups = Groups.of(comparison, np.zeros(comparison.steps.size, int), 1)
    truth = comparison.at_points(comparison.truth)
    reference = comparison.at_points(comparison.reference)

    def at_points(method: Method) -> PointScores:
        values = comparison.at_points(method.values)
        x, y = values - reference, truth - reference
        # `scores.continuous.correlation.pearsonr` has no weights.
        found = errors_at_points(values, truth) | {"x": x, "y": y, "xx": x**2, "yy": y**2, "xy": x * y}
        if method.members is not None:
            found |= ensemble_at_points(method.members[:, comparison.points], truth)
        elif method.std is not None:
            found |= calibration_at_points(values, comparison.at_points(method.std), truth)
        return found

    return _rows(comparison, groups, at_points, [{}])


def errors_at_points(values: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]) -> PointScores:
    """Give the squared error, the absolute error and the error (values - truth) of each point."""
    forecast, right = (xr.DataArray(array, dims="point") for array in (values, truth))
    return {
        "squared_error": continuous.mse(forecast, right, preserve_dims="all").values,
        "absolute_error": continuous.mae(forecast, right, preserve_dims="all").values,
        "error": continuous.additive_bias(forecast, right, preserve_dims="all").values,
    }


def break_down(comparison: Comparison, bins: Bins, *, fewest: int = 30) -> list[Row]:
    """Score every method in each bin: RMSE, MAE, bias and skill, as rows with the extra key `bin`.

    Bins with fewer points than `fewest` are left out: their scores would be too uncertain.
    """
    group = np.full(comparison.steps.size, -1)
    keys = []
    for index, (low, high, inside) in enumerate(bins):
        group[np.broadcast_to(inside, comparison.points.shape)[comparison.points]] = index
        limits = {"by": bins.by, "from": low, "to": high if np.isfinite(high) else None, "units": bins.units}
        keys.append({"bin": limits})
    groups = Groups.of(comparison, group, len(keys))
    truth = comparison.at_points(comparison.truth)

    def at_points(method: Method) -> PointScores:
        return errors_at_points(comparison.at_points(method.values), truth)

    return _rows(comparison, groups, at_points, keys, fewest=fewest)


def mean_error_map(comparison: Comparison, *, fewest: int = 10) -> dict[str, Float[np.ndarray, "lat lon"]]:
    """Average the error (method - truth) of each method at each cell; NaN where fewer than `fewest` steps count."""
    points = comparison.points
    count = points.sum(axis=0)
    divisor = np.where(count >= fewest, count, np.nan)
    return {
        method.name: np.where(points, method.values - comparison.truth, 0.0).sum(axis=0) / divisor
        for method in comparison.methods
    }


@dataclass(frozen=True)
class Groups:
    """Points in groups, for the mean of each group in each resample of the time steps.

    `cell` is the number of the pair of time step and group of each point, and `areas` its relative area, zero for a
    point in no group. `n` and `weights` are the number of points in each group, and their area in each time step.
    """

    cell: Int[np.ndarray, " point"]
    areas: Float[np.ndarray, " point"]
    n: Int[np.ndarray, " group"]
    weights: Float[np.ndarray, "time group"]
    bootstrap: BlockBootstrap

    @classmethod
    def of(cls, comparison: Comparison, group: Int[np.ndarray, " point"], n_groups: int) -> "Groups":
        """Sort the points of a comparison by the number of their group; -1 stands for no group."""
        inside = group >= 0
        n_steps = len(comparison.truth)
        cell = comparison.steps * n_groups + np.maximum(group, 0)
        areas = np.where(inside, comparison.areas, 0.0)
        sums = np.bincount(cell, areas, minlength=n_steps * n_groups)
        weights = rearrange(sums, "(time group) -> time group", group=n_groups)
        return cls(cell, areas, np.bincount(group[inside], minlength=n_groups), weights, comparison.bootstrap)

    def mean(self, values: Float[np.ndarray, " point"]) -> Float[np.ndarray, "resample group"]:
        """Give the area-weighted mean in each resample."""
        sums = np.bincount(self.cell, self.areas * values, minlength=self.weights.size)
        return self.bootstrap.mean(rearrange(sums, "(time group) -> time group", group=self.n.size), self.weights)


def _rows(
    comparison: Comparison,
    groups: Groups,
    at_points: Callable[[Method], PointScores],
    keys: Sequence[Row],
    *,
    fewest: int = 1,
) -> list[Row]:
    """Make the rows of each group with at least `fewest` points, with its keys: scores of all methods, then skill."""
    found = {
        method.name: _scores_of({name: groups.mean(values) for name, values in at_points(method).items()})
        for method in comparison.methods
    }
    rows = []
    for index, (n, key) in enumerate(zip(groups.n, keys, strict=True)):
        if n < fewest:
            continue
        weights = groups.weights[:, index]
        for method in comparison.methods:
            scores = {metric: values[:, index] for metric, values in found[method.name].items()}
            rows += [one | key for one in score_rows(comparison, method, scores, weights, int(n))]
        for metric, model, baseline in _contests(comparison.methods, found):
            own, other = (_compared(found[method.name], metric)[:, index] for method in (model, baseline))
            for one in score_rows(comparison, model, {metric: 1 - ratio(own, other)}, weights, int(n)):
                significant = None if one["low"] is None else not one["low"] <= 0 <= one["high"]
                rows.append(one | {"against": baseline.name, "significant": significant} | key)
    return rows


def _contests(methods: Sequence[Method], found: Mapping[str, Means]) -> list[tuple[str, Method, Method]]:
    """Give metric and pair of methods: models against baselines, and ensembles against methods without members."""
    pairs = [(one, other) for one in methods for other in methods if one is not other]
    contests = [("skill", one, other) for one, other in pairs if (one.role, other.role) == ("model", "baseline")]
    ensembles = [method.name for method in methods if method.members is not None and "crps" in found[method.name]]
    return contests + [("crpss", one, other) for one, other in pairs if one.name in ensembles and other.members is None]


def _compared(found: Means, metric: str) -> Float[np.ndarray, "resample group"]:
    """Give the score for a comparison of two methods: RMSE, or CRPS, which is the MAE without standard deviation."""
    return found["rmse"] if metric == "skill" else found.get("crps", found["mae"])


def _scores_of(mean: Means) -> dict[str, Float[np.ndarray, "resample group"]]:
    """Calculate scores from the means over points.

    The spread-skill ratio is the root of the mean variance over the RMSE (Fortin et al. 2014,
    doi:10.1175/JHM-D-14-0008.1): 1 is reliable, less is overconfident.
    """
    found = {"rmse": np.sqrt(mean["squared_error"]), "mae": mean["absolute_error"], "bias": mean["error"]}
    if "xy" in mean:
        variances = []
        for one, squares in (("x", "xx"), ("y", "yy")):
            variance = mean[squares] - mean[one] ** 2
            variances.append(np.where(variance > NO_VARIANCE * mean[squares], variance, 0.0))
        found["correlation"] = ratio(mean["xy"] - mean["x"] * mean["y"], np.sqrt(variances[0] * variances[1]))
    if "variance" in mean:
        found |= {name: mean[name] for name in mean if name.startswith("coverage")}
        found |= {name: mean[name] for name in ("crps", "crps_plain", "sharpness") if name in mean}
        found["spread_skill_ratio"] = ratio(np.sqrt(mean["variance"]), found["rmse"])
    return found
