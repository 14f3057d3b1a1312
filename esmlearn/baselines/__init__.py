"""Baselines: methods to compare models with; they are fitted to a training period, then reconstruct like a model."""

from esmlearn.baselines.base import Baseline
from esmlearn.baselines.climatologies import CalendarDayClimatology, HarmonicClimatology, ObservedMean
from esmlearn.baselines.dineof import Dineof
from esmlearn.baselines.interpolation import Persistence, TimeInterpolation
from esmlearn.baselines.optimal_interpolation import OptimalInterpolation
from esmlearn.cubes.convert import Gridded, as_cube
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.settings import BaselineSettings

BASELINES: dict[str, type[Baseline]] = {
    "climatology": HarmonicClimatology,
    "calendar_day_climatology": CalendarDayClimatology,
    "observed_mean": ObservedMean,
    "persistence": Persistence,
    "time_interpolation": TimeInterpolation,
    "optimal_interpolation": OptimalInterpolation,
    "dineof": Dineof,
}


def fit(
    name: str,
    training: Gridded | Field,
    *,
    climatology: Climatology | None = None,
    settings: BaselineSettings | None = None,
) -> Baseline:
    """Fit a baseline; it reconstructs cubes, arrays and fields on the grid of its training.

    Parameters
    ----------
    name
        Key of `BASELINES`.
    training
        Daily observations of the training period, one variable, as a cube or an array of xarray: cells that were never
        observed are land. A `Field` has its own land.
    climatology
        Climatology from which anomalies are calculated; by default, one is fitted to the training.
    settings
        Parameters that are set and not estimated.

    Raises
    ------
    SettingsError
        If there is no such baseline.
    DataError
        If the training is too short, or the climatology is on another grid.

    Examples
    --------
    In a notebook: ``baselines.fit("optimal_interpolation", cube_of_training).reconstruct(cube)``.
    """
    if name not in BASELINES:
        raise SettingsError(f"There is no baseline '{name}'; choose one of {', '.join(BASELINES)}.")
    field = training if isinstance(training, Field) else Field.from_cube(as_cube(training))
    climatology = Climatology.fit(field) if climatology is None else climatology
    if not climatology.covers(field.like[0]):
        raise DataError("The climatology is on another grid than the training; fit it to the same grid.")
    return BASELINES[name].fit(field, climatology, settings or BaselineSettings())
