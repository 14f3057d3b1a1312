"""Baselines: methods to compare models with; they are fitted to a training period, then reconstruct like a model."""

from iris.cube import Cube

from esmlearn.baselines.base import Baseline
from esmlearn.baselines.climatologies import CalendarDayClimatology, HarmonicClimatology, ObservedMean
from esmlearn.baselines.dineof import Dineof
from esmlearn.baselines.interpolation import Persistence, TimeInterpolation
from esmlearn.baselines.optimal_interpolation import OptimalInterpolation
from esmlearn.baselines.outliers import find_outliers as find_outliers
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
    training: Cube | Field,
    *,
    climatology: Climatology | None = None,
    error: float | Cube | None = None,
    settings: BaselineSettings | None = None,
) -> Baseline:
    """Fit a baseline; it reconstructs cubes and fields on the grid of its training.

    Parameters
    ----------
    name
        Key of `BASELINES`.
    training
        Daily observations of the training period, one variable. Cells of a cube that were never observed are land; a
        `Field` has its own land.
    climatology
        Climatology from which anomalies are calculated; by default, one is fitted to the training.
    error
        Standard deviation of the errors of the observations, as of `Field.with_error`. Default: what the cube carries.
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
    field = (training if isinstance(training, Field) else Field.from_cube(training)).with_error(error)
    climatology = Climatology.fit(field) if climatology is None else climatology
    if not climatology.covers(field.like[0]):
        raise DataError("The climatology is on another grid than the training; fit it to the same grid.")
    return BASELINES[name].fit(field, climatology, settings or BaselineSettings())
