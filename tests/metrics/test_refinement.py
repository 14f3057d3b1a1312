"""Fine fields that agree with the coarse one, or do not."""

import numpy as np
import pytest

from esmlearn import metrics
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager
from tests.comparisons import compare, values_of

FINE = RectilinearGrid(0.125 + 0.25 * np.arange(16), 140.125 + 0.25 * np.arange(24))
COARSE = RectilinearGrid(0.5 + np.arange(4.0), 140.5 + np.arange(6.0))


def test_a_field_and_its_own_averages_agree_and_a_warm_one_does_not():
    truth = np.random.default_rng(0).standard_normal((60, *FINE.shape)).astype(np.float32)
    average = averager(FINE, COARSE)
    members = truth + np.array([-1, 1], np.float32)[:, None, None, None]
    methods = (
        metrics.Method("perfect", "baseline", truth),
        metrics.Method("warm", "baseline", truth + np.float32(0.5)),
        metrics.Method("net", "model", truth, truth, members),
    )
    comparison = compare(truth, np.ones_like(truth), *methods, block=5)
    rows = metrics.consistency_rows(comparison, average(truth), average)
    found = {name: values_of(rows, name)["coarse_consistency"] for name in ("perfect", "warm", "net")}
    # The mean of the members agrees, but none of them does.
    assert found == pytest.approx({"perfect": 0, "warm": 0.5, "net": 1}, abs=1e-6)
    assert {(row["units"], row["n"]) for row in rows} == {("degC", 60)}
    assert all(row["low"] is not None for row in rows)
    assert metrics.consistency_rows(comparison, np.full((60, *COARSE.shape), np.nan), average) == []
