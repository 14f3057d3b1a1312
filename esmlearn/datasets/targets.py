"""Which CMOR variable a quantity becomes, and in which table."""

from collections.abc import Callable

import cf_units
import numpy as np

from esmlearn.datasets.obs6 import VARIABLES
from esmlearn.errors import DataError

SURFACE_TEMPERATURES = (
    "sea_surface_temperature",
    "sea_surface_skin_temperature",
    "sea_surface_subskin_temperature",
    "sea_surface_foundation_temperature",
)

CHLOROPHYLL = ("mass_concentration_of_chlorophyll_a_in_sea_water", "mass_concentration_of_chlorophyll_in_sea_water")

SHORT_NAMES = (
    {str(about["standard_name"]): name for name, about in VARIABLES.items() if "standard_name" in about}
    | dict.fromkeys(SURFACE_TEMPERATURES, "tos")
    | dict.fromkeys(CHLOROPHYLL, "chlos")
)
"""CMOR variable by standard name."""


def short_name(path: object, standard_name: str | None) -> str:
    """Return the CMOR variable of a quantity.

    Raises
    ------
    DataError
        If ESMValCore's tables have none for it.
    """
    if standard_name not in SHORT_NAMES:
        known = ", ".join(sorted(SHORT_NAMES))
        raise DataError(
            f"{path}: ESMValCore has no variable for {standard_name or 'a quantity without a standard name'}; "
            f"read it with `esmlearn.read`, or give the standard name in a mapping, one of {known}."
        )
    return SHORT_NAMES[standard_name]


def mip(name: str, *, monthly: bool) -> str:
    """Return the CMIP6 table of a variable."""
    if name == "tas":
        return "Amon" if monthly else "day"
    return "Omon" if monthly else "Oday"


def is_monthly(days: np.ndarray, covered: float | None) -> bool:
    """Return whether an archive is monthly, else daily.

    Parameters
    ----------
    days
        Days of its maps, since 1850.
    covered
        Days that one of its maps stands for, if its file says so.

    Raises
    ------
    DataError
        If it is neither.
    """
    steps = np.diff(np.unique(days))
    step = covered or (float(steps.min()) if steps.size else 1.0)
    if step < (1.5 if covered else 5):  # of days that are observed now and then, some lie apart
        return False
    if 27 <= step <= 32:
        return True
    raise DataError(
        f"The maps {'stand for' if covered else 'are'} {step:g} days{' each' if covered else ' apart'}, and ESMValCore"
        " has tables for days and months only; read them with `esmlearn.read` in a notebook, or fill them with"
        " `esmvaltool learn fill`. If they are daily or monthly, set `--interval day` or `mon`."
    )


def converter(
    path: object, units: cf_units.Unit, name: str, *, difference: bool = False
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that converts values, or differences of them, to the units of a CMOR variable."""
    wanted = cf_units.Unit(VARIABLES[name]["units"])
    if not units.is_convertible(wanted):
        raise DataError(f"{path}: the units '{units}' do not convert to {wanted}; give `units` in a mapping.")
    if difference:
        factor = units.convert(1.0, wanted) - units.convert(0.0, wanted)
        return lambda values: values * factor
    return lambda values: units.convert(values, wanted)
