"""Small comparisons of methods with a truth for the tests of scores."""

import numpy as np

from esmlearn import metrics


def compare(truth, hidden, *methods, weights=None, **options):
    """Put methods beside a truth; all cells are equally large unless weights are given."""
    truth = np.asarray(truth, np.float32)
    weights = np.ones(truth.shape[1:], np.float32) if weights is None else np.asarray(weights, np.float32)
    return metrics.Comparison(
        dataset="Made up",
        frequency="day",
        units="degC",
        truth=truth,
        hidden=np.asarray(hidden, bool),
        weights=weights,
        methods=methods,
        **options,
    )


def values_of(rows, method, **keys):
    """Values of a method's rows by metric."""
    return {
        row["metric"]: row["value"]
        for row in rows
        if row["method"] == method and all(row.get(key) == value for key, value in keys.items())
    }
