"""Units as files write them, read by what they mean; the one place that converts them.

UDUNITS takes `degree Celsius` for an angle times a temperature, `degrees C` for an angle times a charge, and `C` for a
charge.
"""

import re

import cf_units
import numpy as np
from iris.coords import AncillaryVariable
from iris.cube import Cube

from esmlearn.cubes.names import unread_copy
from esmlearn.errors import DataError

SPELLINGS = {
    r"deg(ree)?s?[._ ]*(c|celsius|centigrade)|celsius|centigrade|°\s*c": "degC",
    r"deg(ree)?s?[._ ]*(k|kelvins?)|kelvins?": "K",
    r"psu|pss|pss-?78|practical salinity units?(?: *\(psu\))?": "1e-3",
}
"""What a name means whatever the quantity; capitals don't matter."""

SPELLINGS_OF_TEMPERATURES = {"c": "degC", "k": "K"}
"""What a name means where it is the unit of a temperature."""

KNOWN = {
    "temperature": "degC or K",
    "salinity": "1e-3",
    "chlorophyll": "mg m-3",
    "sea_surface_height": "m",
}
"""Quantities, by a part of their standard name, with the units to give where there are none."""

TEMPERATURES = re.compile(r"temperature|(^|[_ ])(sst|tos|tas|thetao|temp)([_ ]|$)", re.IGNORECASE)


def read_units(text: str | cf_units.Unit, *, temperature: bool = False) -> cf_units.Unit:
    """Read units as they are meant.

    Parameters
    ----------
    text
        Name of the units.
    temperature
        Whether they are those of a temperature, or of a difference or an error of temperatures.

    Returns
    -------
    cf_units.Unit
        Unknown for a name that means nothing.

    Examples
    --------
    >>> str(read_units("degree Celsius")), str(read_units("C", temperature=True)), str(read_units("C"))
    ('degC', 'degC', 'C')
    """
    name = str(text).strip()
    spellings = SPELLINGS | (SPELLINGS_OF_TEMPERATURES if temperature else {})
    meant = next((units for spelling, units in spellings.items() if re.fullmatch(spelling, name, re.IGNORECASE)), name)
    try:
        units, plain = cf_units.Unit(meant), cf_units.Unit(name)
    except ValueError:
        return cf_units.Unit(meant) if meant != name else cf_units.Unit("unknown")
    # Names that UDUNITS reads as meant are kept, so that results have the units that came in.
    return plain if units == plain else units


def mend_units(cube: Cube) -> Cube:
    """Read the units of a cube, and of what is attached to its values, as they are meant.

    Returns
    -------
    Cube
        The same object if its units are right; else a copy, the data of which stay unread if they are.

    Raises
    ------
    DataError
        If a quantity that is known to have units has none that can be read.
    """
    about = (str(cube.standard_name), str(cube.var_name), str(cube.long_name))
    warm = any(TEMPERATURES.search(name) for name in about)
    units = _read(cube, warm, practical=cube.standard_name == "sea_water_practical_salinity")
    if units.is_unknown():
        for quantity, usual in KNOWN.items():
            if quantity in str(cube.standard_name):
                said = cube.attributes.get("invalid_units")
                what = f"is in '{said}', which means nothing" if said else "has no units"
                raise DataError(f"{cube.name()} {what}; set its units, such as {usual}.")
    parts = {part: _read(part, warm) for part in cube.ancillary_variables()}
    if _same(units, cube.units) and all(_same(read, part.units) for part, read in parts.items()):
        return cube
    mended = unread_copy(cube)
    for one, read in [(mended, units), *zip(mended.ancillary_variables(), parts.values(), strict=True)]:
        one.units = read
        if not read.is_unknown():
            one.attributes.pop("invalid_units", None)
    return mended


def convert(values: np.ndarray, units: cf_units.Unit | str, target: str, *, name: str) -> np.ndarray:
    """Convert values of the quantity `name` to other units; a DataError if they don't convert."""
    known = read_units(units)
    if known.is_unknown() or known.is_no_unit():
        raise DataError(f"{name} has no units; set them, such as 1 for a pure number.")
    if not known.is_convertible(target):
        raise DataError(f"{name} is in {units}, which does not convert to {target}; check the dataset.")
    return values if str(known) == target else known.convert(values, target)


def convert_difference(values: np.ndarray, units: cf_units.Unit | str, target: cf_units.Unit | str) -> np.ndarray:
    """Convert differences, such as standard deviations: by the factor between the units, without their offset.

    >>> convert_difference(np.array([0.5]), "degC", "K")
    array([0.5])
    """
    zero, one = read_units(units).convert(np.array([0.0, 1.0]), read_units(target))
    return values * (one - zero)


def difference_units(units: cf_units.Unit | str) -> cf_units.Unit:
    """Units of differences of values: K for all temperatures, else those of the values."""
    known = read_units(units)
    return cf_units.Unit("K") if known.is_convertible("K") else known


def _read(part: Cube | AncillaryVariable, warm: bool, *, practical: bool = False) -> cf_units.Unit:
    if practical and part.units in ("1", "unknown"):
        return cf_units.Unit("1e-3")  # the number on the practical scale, as of a quantity in thousandths
    if part.units.is_unknown():
        return read_units(part.attributes.get("invalid_units", "unknown"), temperature=warm)
    return read_units(part.units, temperature=warm)


def _same(one: cf_units.Unit, other: cf_units.Unit) -> bool:
    return one == other or (one.is_unknown() and other.is_unknown())
