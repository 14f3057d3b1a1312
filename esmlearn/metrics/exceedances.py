"""Scores of extremes: how often and where the values of a method are above high quantiles of the truth."""

import operator
from functools import partial

import numpy as np
from jaxtyping import Float
from scores import probability

from esmlearn.metrics.comparison import Comparison, Method, Row, score_rows
from esmlearn.metrics.ensemble import in_blocks
from esmlearn.metrics.extremes import contingency
from esmlearn.metrics.points import Groups
from esmlearn.metrics.quantiles import fields_of, resampled_quantiles

LEVELS = (0.95, 0.99)


def exceedance_rows(comparison: Comparison) -> list[Row]:
    """Give frequency bias, SEDI and Brier score of values above the truth's 95 and 99 % quantiles of points and times.

    The frequency bias is how often a method is above the quantile, over how often the truth is. The symmetric extremal
    dependence index (Ferro & Stephenson 2011, doi:10.1175/WAF-D-10-05030.1) is 1 if both are above at the same places
    and times, and 0 for random places and times, however rare they are. Members are counted one by one. The Brier score
    is that of the share of members above, in its fair form; a method without members has a share of 0 or 1. A score
    that would divide by zero has no row.
    """
    areas = np.where(comparison.points, comparison.weights.astype(float), 0.0)
    groups = Groups.of(comparison, np.zeros(comparison.steps.size, int), 1)
    weights, n = groups.weights[:, 0], comparison.steps.size
    rows = []
    for level, threshold in zip(LEVELS, resampled_quantiles(comparison, [comparison.truth], LEVELS)[0], strict=True):
        for method in comparison.methods:
            above = [field > threshold for field in fields_of(method)]
            table = contingency(comparison.bootstrap, comparison.truth > threshold, above, areas)
            with np.errstate(divide="ignore", invalid="ignore"):
                found = {
                    "frequency_bias": table.frequency_bias().values,
                    "sedi": table.symmetric_extremal_dependence_index().values,
                    "brier": groups.mean(_brier(comparison, method, float(threshold)))[:, 0],
                }
            scores = {f"{name}_{100 * level:.0f}": values for name, values in found.items()}
            rows += score_rows(comparison, method, scores, weights, n)
    return rows


def _brier(comparison: Comparison, method: Method, threshold: float) -> Float[np.ndarray, " point"]:
    """Give the Brier score of each point."""
    values = np.stack([field[comparison.points] for field in fields_of(method)])
    score = partial(
        probability.brier_score_for_ensemble,
        ensemble_member_dim="member",
        event_thresholds=threshold,
        preserve_dims="all",
        event_threshold_operator=operator.gt,
    )
    return in_blocks(score, values, comparison.at_points(comparison.truth))
