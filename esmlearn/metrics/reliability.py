"""Reliability of intervals: how often the truth lies within the intervals of a method."""

from typing import Any

import numpy as np
from scipy import stats

from esmlearn.metrics.calibration import positive
from esmlearn.metrics.comparison import Comparison
from esmlearn.metrics.ensemble import ranks_at_points

NOMINAL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def reliability(comparison: Comparison) -> list[dict[str, Any]]:
    """Count how often the truth lies within the central intervals of each method with a standard deviation.

    Returns
    -------
    list of dict
        For each method: `nominal`, the probabilities of the intervals; `observed`, the area-weighted share of the
        points with the truth within; and `pit`, the share of the points in each tenth of the predicted distribution,
        from low to high values (probability integral transform, Dawid 1984, doi:10.2307/2981683).
    """
    total = comparison.areas.sum()
    truth = comparison.at_points(comparison.truth)
    random = np.random.default_rng(0)
    found = []
    for method in comparison.methods:
        if method.std is None:
            continue
        if method.members is None:
            z = (truth - comparison.at_points(method.values)) / positive(comparison.at_points(method.std))
            rank = stats.norm.cdf(z)
        else:
            # A random place in the gap between two members: in a reliable ensemble all places are equally likely.
            ranks = ranks_at_points(method.members[:, comparison.points], truth)
            rank = (ranks + random.random(truth.size)) / (len(method.members) + 1)
        needed = np.abs(2 * rank - 1)
        within = np.histogram(needed, (0.0, *NOMINAL, np.inf), weights=comparison.areas)[0].cumsum()[:-1]
        tenths = np.histogram(rank, np.linspace(0, 1, 11), weights=comparison.areas)[0]
        found.append(
            {
                "dataset": comparison.dataset,
                "method": method.name,
                "frequency": comparison.frequency,
                "nominal": list(NOMINAL),
                "observed": (within / total).tolist(),
                "pit": (tenths / total).tolist(),
                "units": "1",
            }
        )
    return found
