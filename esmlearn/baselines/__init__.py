"""Baselines: methods to compare models with; they are fitted to a training period, then reconstruct like a model."""

from typing import Literal

from iris.cube import Cube

from esmlearn.baselines.base import Baseline
from esmlearn.baselines.climatologies import CalendarDayClimatology, HarmonicClimatology, ObservedMean
from esmlearn.baselines.dineof import Dineof
from esmlearn.baselines.interpolation import Persistence, TimeInterpolation
from esmlearn.baselines.kriging import Kriging
from esmlearn.baselines.optimal_interpolation import OptimalInterpolation
from esmlearn.baselines.outliers import find_outliers as find_outliers
from esmlearn.cubes.convert import Gridded
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.land import settle_land
from esmlearn.fields.reference import Source, climatology_for
from esmlearn.settings import BaselineSettings
from esmlearn.words import logarithm_of

BASELINES: dict[str, type[Baseline]] = {
    "climatology": HarmonicClimatology,
    "calendar_day_climatology": CalendarDayClimatology,
    "observed_mean": ObservedMean,
    "persistence": Persistence,
    "time_interpolation": TimeInterpolation,
    "optimal_interpolation": OptimalInterpolation,
    "kriging": Kriging,
    "dineof": Dineof,
}


def fit(
    name: str,
    training: Gridded | Field,
    *,
    climatology: Source | None = None,
    error: float | Cube | None = None,
    settings: BaselineSettings | None = None,
    transform: Literal["none", "log"] = "none",
    land: str | Cube = "data",
) -> Baseline:
    """Fit a baseline; it reconstructs cubes, arrays and fields on the grid of its training.

    Parameters
    ----------
    name
        Key of `BASELINES`.
    training
        Observations of the training period, one variable, at any regular step, such as days or months, as a cube or an
        array of xarray. A `Field` has its own land.
    climatology
        Climatology from which anomalies are calculated; by default, one is fitted to the training. For short records,
        one from elsewhere: `packaged` (sea-surface temperature), a file, a cube or a model folder, see
        `esmlearn.fields.reference.reference_climatology`.
    error
        Standard deviation of the errors of the observations, as of `Field.with_error`. Default: what the cube carries.
    settings
        Parameters that are set and not estimated.
    transform
        `log`: the method works on the natural logarithm of a cube, as for chlorophyll, and gives positive values. A
        `Field` has its own units.
    land
        What is land in a cube, as of `esmlearn.fields.land.settle_land`: `data`, `natural_earth`, or a mask.

    Raises
    ------
    SettingsError
        If there is no such baseline.
    DataError
        If the training is too short or has several levels, or climatology or land are on another grid.

    Examples
    --------
    In a notebook: ``baselines.fit("optimal_interpolation", cube_of_training).reconstruct(cube)``.
    """
    if name not in BASELINES:
        raise SettingsError(f"There is no baseline '{name}'; choose one of {', '.join(BASELINES)}.")
    if isinstance(training, Field):
        field = training.single().with_error(error)
    else:
        cube = put_in_order(training)
        units = str(cube.units)
        field = Field.from_cube(cube, units=logarithm_of(units) if transform == "log" else units).single()
        field = settle_land(field.with_error(error), land)
    if not isinstance(climatology, Climatology):
        climatology = climatology_for(field, climatology)
    if not climatology.covers(field.like[0]):
        raise DataError("The climatology is on another grid than the training; fit it to the same grid.")
    return BASELINES[name].fit(field, climatology, settings or BaselineSettings())
