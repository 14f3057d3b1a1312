"""Whether fine fields are refinements: averaged over coarse cells, they give the coarse field."""

import numpy as np
from jaxtyping import Float

from esmlearn.grids.consistency import inconsistency
from esmlearn.grids.regridding import Regridder
from esmlearn.metrics.comparison import Comparison, Row, row
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
        None if no coarse cell with a value lies inside the fine domain.
    """
    draws = comparison.draws
    rows = []
    for method in comparison.methods:
        found = [inconsistency(field, coarse, average) for field in fields_of(method)]
        squares, weights = (np.sum(part, axis=0) for part in zip(*found, strict=True))
        if weights.any():
            drawn = np.sqrt(draws.mean(squares[:, None], weights[:, None])[:, 0])
            interval = draws.interval(drawn, weights)
            n = int((weights > 0).sum())
            rows.append(row(comparison, method, "coarse_consistency", drawn[0], n, interval, units=comparison.units))
    return rows
