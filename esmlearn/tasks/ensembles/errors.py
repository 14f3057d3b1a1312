"""Errors of observations in an ensemble: an input, and where they are known members may differ from observations."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.field import Field
from esmlearn.settings import GapTrainSettings

LEAST_STD = np.float32(1e-3)
"""Smallest standard deviation of a first guess, in scaled units."""


def check_errors(settings: GapTrainSettings, field: Field, *, smooth: bool = False) -> None:
    """Refuse observations that an ensemble can't use, before any work starts.

    Parameters
    ----------
    settings
        Of the training.
    field
        What was observed.
    smooth
        Whether members shall differ from it.

    Raises
    ------
    DataError
        If the ensemble has the errors of observations as an input, and they are not known.
    SettingsError
        If observations shall be smoothed by an ensemble that has not learned to.
    """
    if settings.observation_errors and field.error is None:
        raise DataError(
            "The denoiser has the errors of observations as an input (observation_errors), but the data have none: "
            "give `error`, or train without it."
        )
    if smooth and settings.why_no_smoothing:
        raise SettingsError(settings.why_no_smoothing)


def add_errors(field: Field, error: Float[np.ndarray, "time var lat lon"], rng: np.random.Generator) -> Field:
    """Add random errors of these standard deviations, as differences in the units of a field, to what is observed."""
    error = np.where(field.observed, error, np.float32(np.nan)).astype(np.float32)
    noise = error * rng.standard_normal(error.shape, dtype=np.float32)
    return replace(field, values=field.values + noise, error=error)
