"""Figures of a report: every function returns a matplotlib Figure and writes nothing."""

from esmlearn.plots.charts import (
    rmse_by,
    skill_bars,
    standard_deviation_against_error,
    time_series,
    training_curve,
)
from esmlearn.plots.geographic import Grid, Panel, maps, maps_monthly
from esmlearn.plots.style import method_colour, method_label

__all__ = [
    "Grid",
    "Panel",
    "maps",
    "maps_monthly",
    "method_colour",
    "method_label",
    "rmse_by",
    "skill_bars",
    "standard_deviation_against_error",
    "time_series",
    "training_curve",
]
