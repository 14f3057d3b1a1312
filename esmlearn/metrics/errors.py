"""Errors of single points, whose means are what scores are made of."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from scores import continuous

PointScores = dict[str, Float[np.ndarray, " point"]]


def errors_at_points(values: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]) -> PointScores:
    """Squared error, absolute error and error (values - truth) of each point."""
    forecast, right = (xr.DataArray(array, dims="point") for array in (values, truth))
    return {
        "squared_error": continuous.mse(forecast, right, preserve_dims="all").values,
        "absolute_error": continuous.mae(forecast, right, preserve_dims="all").values,
        "error": continuous.additive_bias(forecast, right, preserve_dims="all").values,
    }


def departures_at_points(values: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]) -> PointScores:
    """Departures and their products: the moments that a weighted correlation is made of.

    `scores.continuous.correlation.pearsonr` has no weights.
    """
    return {"x": values, "y": truth, "xx": values**2, "yy": truth**2, "xy": values * truth}
