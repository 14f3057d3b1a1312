"""Whether a method has the highest values at the right places and times, and as often as the truth.

High is what lies above the truth's own quantile at each place: a threshold for all places would ask which of them are
warm, and each method knows that.
"""

import operator
from dataclasses import replace

import numpy as np
import xarray as xr
from jaxtyping import Float
from scores import probability

from esmlearn.scores.comparison import Comparison, Method, Row, row
from esmlearn.scores.ensemble import POINTS_AT_ONCE
from esmlearn.scores.extremes import contingency
from esmlearn.scores.points import Groups
from esmlearn.scores.quantiles import fields_of

LEVELS = (0.95, 0.99)

# With fewer times above the threshold nothing can be said of a place.
FEWEST_ABOVE = 2


def exceedance_rows(comparison: Comparison) -> list[Row]:
    """Frequency bias, SEDI and Brier score of values above the truth's 95 and 99 % quantile at each place.

    The frequency bias is how often a method is above, over how often the truth is; the symmetric extremal dependence
    index (Ferro & Stephenson 2011, doi:10.1175/WAF-D-10-05030.1) is 1 if it is so at the right times, and 0 if at
    random, however rare that is. Members are counted one by one. The Brier score is that of the share of members above,
    fair as the CRPS; a method without members is sure.

    Returns
    -------
    list of Row
        None of a level at which no place has enough times. A score that would divide by zero has no row.
    """
    rows = []
    for level in LEVELS:
        threshold = place_quantile(comparison, level)
        if not np.isfinite(threshold).any():
            continue
        here = replace(comparison, hidden=comparison.points & np.isfinite(threshold))
        areas = np.where(here.points, here.weights.astype(float), 0.0)
        groups = Groups.of(here, np.zeros(here.steps.size, int), 1)
        weights = groups.weights[:, 0]
        for method in here.methods:
            found = _counted(here, method, threshold, areas)
            found["brier"] = groups.mean(_brier(here, method, threshold))[:, 0]
            rows += [
                row(
                    here,
                    method,
                    f"{name}_{100 * level:.0f}",
                    drawn[0],
                    here.steps.size,
                    here.draws.interval(drawn, weights),
                )
                for name, drawn in found.items()
                if np.isfinite(drawn[0])
            ]
    return rows


def place_quantile(comparison: Comparison, level: float) -> Float[np.ndarray, "lat lon"]:
    """Value of the truth at each place that no more than the rest of its times lie above; NaN where these are too few."""
    ranked = np.sort(np.where(comparison.points, comparison.truth, np.float32(np.nan)), axis=0)
    n = comparison.points.sum(axis=0)
    place = np.maximum(np.ceil(level * n).astype(int) - 1, 0)
    enough = n - 1 - place >= FEWEST_ABOVE
    return np.where(enough, np.take_along_axis(ranked, place[None], axis=0)[0], np.float32(np.nan))


def _counted(
    comparison: Comparison,
    method: Method,
    threshold: Float[np.ndarray, "lat lon"],
    areas: Float[np.ndarray, "time lat lon"],
) -> dict[str, Float[np.ndarray, " draw"]]:
    """Frequency bias and SEDI in each draw."""
    table = contingency(
        comparison.draws, comparison.truth > threshold, [field > threshold for field in fields_of(method)], areas
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "frequency_bias": table.frequency_bias().values,
            "sedi": table.symmetric_extremal_dependence_index().values,
        }


def _brier(
    comparison: Comparison, method: Method, threshold: Float[np.ndarray, "lat lon"]
) -> Float[np.ndarray, " point"]:
    """Brier score of each point."""
    at = comparison.at_points(np.broadcast_to(threshold, comparison.truth.shape))
    above = comparison.at_points(comparison.truth) - at
    fields = fields_of(method)
    found = np.empty(at.size)
    said = np.stack([field[comparison.points] for field in fields])
    for start in range(0, at.size, POINTS_AT_ONCE):
        block = slice(start, start + POINTS_AT_ONCE)
        found[block] = probability.brier_score_for_ensemble(
            xr.DataArray(said[:, block] - at[block], dims=("member", "point")),
            xr.DataArray(above[block], dims="point"),
            "member",
            0.0,
            preserve_dims="all",
            event_threshold_operator=operator.gt,
        ).values.squeeze()
    return found
