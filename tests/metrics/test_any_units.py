"""Scores follow the units: those of errors by the factor, all others stay as they are."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.metrics.points import score
from tests.comparisons import compare, values_of

IN_UNITS = {"rmse", "mae", "bias", "crps", "crps_plain", "sharpness"}
UNITS = [(1e-9, 0.0), (1e-4, 0.03), (1.0, 273.15), (1e9, 1e11)]


def scores(units):
    """Scores of a model with a deviation, of an ensemble and of climatology, in some units."""
    factor, offset = units
    rng = np.random.default_rng(0)
    truth = 15 + rng.standard_normal((60, 4, 5))
    members = truth + 0.5 * rng.standard_normal((6, *truth.shape))
    deviation = np.full(truth.shape, 0.4)

    def in_units(values):
        return (factor * values + offset).astype(np.float32)

    rows = score(
        compare(
            in_units(truth),
            rng.random(truth.shape) < 0.5,
            metrics.Method("M", "model", in_units(members[0]), (factor * deviation).astype(np.float32)),
            metrics.Method("E", "model", in_units(members.mean(axis=0)), members=in_units(members)),
            metrics.Method("climatology", "baseline", in_units(np.full(truth.shape, 15.0))),
        )
    )
    return {name: values_of(rows, name) for name in ("M", "E", "climatology")}


@pytest.mark.parametrize("units", UNITS)
def test_scores_follow_the_units(units):
    usual = scores((1.0, 0.0))
    for method, found in scores(units).items():
        assert found.keys() == usual[method].keys()
        for metric, value in found.items():
            scaled = value / units[0] if metric in IN_UNITS else value
            assert scaled == pytest.approx(usual[method][metric], rel=2e-3, abs=2e-3), (method, metric)
