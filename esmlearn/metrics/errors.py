"""Errors of single points; scores are made of their means."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from scores import continuous

PointScores = dict[str, Float[np.ndarray, " point"]]


def errors_at_points(values: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]) -> PointScores:
    """Give the squared error, the absolute error and the error (values - truth) of each point."""
    forecast, right = (xr.DataArray(array, dims="point") for array in (values, truth))
    return {
        "squared_error": continuous.mse(forecast, right, preserve_dims="all").values,
        "absolute_error": continuous.mae(forecast, right, preserve_dims="all").values,
        "error": continuous.additive_bias(forecast, right, preserve_dims="all").values,
    }


def departures_at_points(values: Float[np.ndarray, " point"], truth: Float[np.ndarray, " point"]) -> PointScores:
    """Give anomalies and their products, whose means give a correlation with weights.

    `scores.continuous.correlation.pearsonr` has no weights.
    """
    return {"x": values, "y": truth, "xx": values**2, "yy": truth**2, "xy": values * truth}
