"""Consistency of fine fields: their averages over coarse cells against the coarse field."""

import numpy as np
from jaxtyping import Float

from esmlearn.grids.consistency import inconsistency
from esmlearn.grids.regridding import Regridder
from esmlearn.metrics.comparison import Comparison, Row, score_rows
from esmlearn.metrics.quantiles import fields_of


def consistency_rows(comparison: Comparison, coarse: Float[np.ndarray, "time y x"], average: Regridder) -> list[Row]:
    """Give the root-mean-square difference between the averages of each method and the coarse field, as rows.

    Of an ensemble the members count; `n` counts times. There is no row if no coarse cell with a value lies inside the
    fine domain. `average` regrids from fine to coarse cells, see `esmlearn.grids.regridding.averager`.
    """
    rows = []
    for method in comparison.methods:
        found = [inconsistency(field, coarse, average) for field in fields_of(method)]
        squares, weights = (np.sum(part, axis=0) for part in zip(*found, strict=True))
        if weights.any():
            missed = np.sqrt(comparison.bootstrap.mean(squares[:, None], weights[:, None])[:, 0])
            n, scores = int((weights > 0).sum()), {"coarse_consistency": missed}
            rows += score_rows(comparison, method, scores, weights, n, units=comparison.units)
    return rows
