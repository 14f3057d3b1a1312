"""What single precision leaves of values: the least deviation that can be told from none, in any units."""

import numpy as np
from jaxtyping import Float

SMALLEST = float(np.sqrt(np.finfo(np.float32).tiny))
"""Least number whose square is not lost in single precision."""


def rounding(values: Float[np.ndarray, "*shape"]) -> float:
    """Standard deviation below which values in single precision are constant; never zero, to divide by it.

    That is their root mean square times the relative error of single precision. It takes the place of a deviation of
    zero, as of a sea under ice at its freezing point.
    """
    known = values[np.isfinite(values)].astype(np.float64)
    size = float(np.sqrt(np.mean(known**2))) if known.size else 0.0
    return max(float(np.finfo(np.float32).eps) * size, SMALLEST)
