"""A small ocean and settings that train in seconds."""

from functools import cache

import numpy as np

from esmlearn.fields.field import Field
from esmlearn.settings import BaselineSettings, TrainReconstructSettings
from tests.made_fields import make_cube, wavy_ocean

SPLIT = {"train": "2001/2001", "validation": "2002-01-01/2002-04-30", "test": "2002-06-01/2002-12-31"}

QUICK_BASELINES = BaselineSettings.model_validate(
    {
        "optimal_interpolation": {
            "kernel": "matern_32",
            "length_km": 100,
            "time_days": 10,
            "noise_share": 0.1,
            "sigma": 0.3,
            "neighbours": 20,
        },
        "kriging": {"components": [{"length_km": 100, "time_days": 10}], "noise_share": 0.1, "sigma": 0.3},
        "dineof": {"modes": 3, "filter_days": 0},
    }
)
"""Parameters that are set, so that nothing has to be estimated."""


def small_settings(*, target: bool = True, model: dict | None = None, **training) -> TrainReconstructSettings:
    """Settings of a model of a few thousand parameters."""
    return TrainReconstructSettings.model_validate(
        {
            "data": {"observations": "Cloudy", "target": "Complete" if target else None, "split": SPLIT},
            "model": {"window": (8, 8), "embed_dim": 16, "hidden": 8, "unet": (8, 16), **(model or {})},
            "training": {"steps": 6, "batch_size": 2, "validate_every": 3, **training},
        }
    )


@cache
def small_ocean() -> tuple[Field, Field]:
    """Two years under drifting clouds, and complete."""
    complete = Field.from_cube(make_cube(wavy_ocean(730)))
    day, row, column = np.meshgrid(np.arange(730), np.arange(12), np.arange(16), indexing="ij")
    clouds = np.sin(0.5 * row + 0.4 * column - 0.9 * day) + np.sin(0.3 * row - 0.5 * column - 0.4 * day) > -0.4
    return complete.hide(clouds), complete
