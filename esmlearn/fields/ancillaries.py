"""What a cube says beside its values: the errors of its observations, and which values were observed at all.

Both are ancillary variables (CF section 3.4). Arrays have the row order of the cube.
"""

import cf_units
import numpy as np
from iris.coords import AncillaryVariable
from iris.cube import Cube
from jaxtyping import Bool, Float

from esmlearn.cubes.units import convert_difference, read_units
from esmlearn.errors import DataError
from esmlearn.words import without_logarithm

FLAG = "observed"
FLAG_MEANINGS = "reconstructed observed"


def ancillary(cube: Cube, name: str) -> AncillaryVariable | None:
    """Ancillary variable of a cube by its name in the file; None if there is none."""
    return next((variable for variable in cube.ancillary_variables() if variable.var_name == name), None)


def flagged_observed(cube: Cube) -> Bool[np.ndarray, "*shape lat lon"] | None:
    """Where our flag calls a value observed; None for a cube that is no reconstruction of ours."""
    flag = ancillary(cube, FLAG)
    if flag is None or flag.attributes.get("flag_meanings") != FLAG_MEANINGS:
        return None
    return np.ma.filled(flag.data, 0) == 1


def standard_error(cube: Cube) -> AncillaryVariable | None:
    """Standard deviation of the errors of a cube; None if it has none.

    It has the standard name of the cube with the modifier `standard_error`, or the name of the variable with
    `_standard_deviation`, as in our files.
    """
    named = ancillary(cube, f"{cube.var_name}_standard_deviation")
    if named is not None:
        return named
    wanted = f"{cube.standard_name} standard_error"
    found = (item for item in cube.ancillary_variables() if cube.standard_name and item.standard_name == wanted)
    return next(found, None)


def convert_deviation(values: np.ndarray, given: cf_units.Unit | str, wanted: str, *, name: str) -> np.ndarray:
    """Convert a standard deviation, which is a difference: only the factor between units applies, not their offset.

    A deviation in degC is one in K. Raises a DataError if the units do not convert.
    """
    units = read_units(given, temperature=cf_units.Unit(wanted).is_convertible("K"))
    if not units.is_convertible(wanted):
        raise DataError(
            f"The errors of {name} are in {given}, which does not convert to {wanted}, the units of its values; check "
            "the units of the standard error."
        )
    return convert_difference(values, units, wanted).astype(np.float32)


def read_error(cube: Cube, units: str) -> Float[np.ndarray, "time lat lon"] | None:
    """Standard deviation of the error of each value as a difference in these units; NaN where it is not given.

    In units of a logarithm it is the relative error.

    Raises
    ------
    DataError
        If it has another shape than the values, units that do not convert, or is negative.
    """
    variable = standard_error(cube)
    if variable is None:
        return None
    if cube.ancillary_variable_dims(variable) != tuple(range(cube.ndim)):
        raise DataError(
            f"{variable.name()} of {cube.name()} must have the dimensions of the values; give one standard error for "
            "each value, or remove it."
        )
    given = np.ma.filled(variable.data.astype(np.float32), np.nan)
    plain = without_logarithm(units)
    error = convert_deviation(given, variable.units, plain, name=cube.name())
    if plain != units:
        # The error of a logarithm is the relative one.
        error = error / cube.units.convert(np.ma.filled(cube.data.astype(np.float32), np.nan), plain)
    return check_error(error, cube.name())


def check_error(error: Float[np.ndarray, "*shape"], name: str) -> Float[np.ndarray, "*shape"]:
    """Refuse errors that are negative or infinite."""
    if (error < 0).any() or np.isinf(error).any():
        raise DataError(
            f"The errors of {name} are standard deviations, but some are negative or infinite; mask these, so that the "
            "median of the others stands in for them."
        )
    return error


def fill_error(
    error: Float[np.ndarray, "*shape"], observed: Bool[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"] | None:
    """Give each observation an error, the median of the others where it is not given; NaN where nothing was observed.

    None where no error is above zero: then nothing is known, as in a reconstruction of observations without errors.
    """
    known = observed & np.isfinite(error)
    if not (error[known] > 0).any():
        return None
    filled = np.where(known, error, np.median(error[known]))
    return np.where(observed, filled, np.nan).astype(np.float32)
