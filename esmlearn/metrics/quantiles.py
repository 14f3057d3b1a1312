"""Distribution of the values of each method, including its tails: quantiles over points and times.

All members of an ensemble count together, as its mean has no extremes. Quantiles are those of area-weighted histograms
with a thousand narrow bins: so they are quick to calculate in each resample of the bootstrap.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from einops import rearrange
from jaxtyping import Float

from esmlearn.metrics.comparison import Comparison, Method, Row, score_rows

LEVELS = (0.01, 0.05, 0.5, 0.95, 0.99)

# Levels of the figure, about evenly spaced for a normal distribution.
CURVE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5,
         0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)  # fmt: skip

BINS = 1000


def quantile_rows(comparison: Comparison) -> list[Row]:
    """Give the bias of the 1, 5, 50, 95 and 99 % quantiles of each method: method - truth, in their units."""
    truth = resampled_quantiles(comparison, [comparison.truth], LEVELS)
    weights = np.bincount(comparison.steps, comparison.areas, minlength=len(comparison.truth))
    rows = []
    for method in comparison.methods:
        bias = resampled_quantiles(comparison, fields_of(method), LEVELS) - truth
        scores = {f"quantile_bias_{100 * level:02.0f}": values for level, values in zip(LEVELS, bias.T, strict=True)}
        rows += score_rows(comparison, method, scores, weights, comparison.steps.size, units=comparison.units)
    return rows


def quantile_records(comparison: Comparison) -> list[dict[str, Any]]:
    """Give the quantiles of the truth and of each method, as records of `quantiles.json`."""
    sources = {"truth": ("truth", [comparison.truth])}
    sources |= {method.name: (method.role, fields_of(method)) for method in comparison.methods}
    return [
        {
            "dataset": comparison.dataset,
            "method": name,
            "role": role,
            "level": list(CURVE),
            "quantile": resampled_quantiles(comparison, fields, CURVE)[0].tolist(),
            "units": comparison.units,
        }
        for name, (role, fields) in sources.items()
    ]


def fields_of(method: Method) -> list[Float[np.ndarray, "time lat lon"]]:
    """Give the members of a method, if it has any, else its values."""
    return [method.values] if method.members is None else list(method.members)


def resampled_quantiles(
    comparison: Comparison, fields: Sequence[Float[np.ndarray, "time lat lon"]], levels: Sequence[float]
) -> Float[np.ndarray, "resample level"]:
    """Give the area-weighted quantiles of all fields together, on the points that count, in each resample."""
    values = np.concatenate([comparison.at_points(field) for field in fields])
    areas, steps = (np.tile(part, len(fields)) for part in (comparison.areas, comparison.steps))
    order = np.argsort(values)
    below = areas[order].cumsum()
    shares = np.union1d(np.linspace(0, 1, BINS + 1), levels)
    places = np.searchsorted(below, shares * below[-1]).clip(max=values.size - 1)
    edges = np.unique(values[order][places])
    # Each bin includes its upper edge.
    cells = steps * edges.size + np.searchsorted(edges, values)
    mass = np.bincount(cells, areas, minlength=len(comparison.truth) * edges.size)
    resampled = comparison.bootstrap.counts @ rearrange(mass, "(time edge) -> time edge", edge=edges.size)
    return np.stack([np.interp(levels, below / below[-1], edges) for below in resampled.cumsum(axis=1)])
