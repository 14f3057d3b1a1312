"""Whether fine fields are refinements: averaged over coarse cells, they give the coarse field."""

import numpy as np
from jaxtyping import Float

from esmlearn.grids.consistency import inconsistency
from esmlearn.grids.regridding import Regridder
from esmlearn.metrics.comparison import Comparison, Row, score_rows
from esmlearn.metrics.quantiles import fields_of


def consistency_rows(comparison: Comparison, coarse: Float[np.ndarray, "time y x"], average: Regridder) -> list[Row]:
    """Root-mean-square difference between the averages of each method and the coarse field, as rows; `n` counts times.

    Parameters
    ----------
    comparison
        Methods; of an ensemble the members count.
    coarse
        The coarse field at the same times.
    average
        From fine cells to coarse ones, see `esmlearn.grids.regridding.averager`.

    Returns
    -------
    list of Row
        Empty if no coarse cell with a value lies inside the fine domain.
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
