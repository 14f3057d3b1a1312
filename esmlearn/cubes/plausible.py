"""Which values a quantity can have, by its standard name."""

from typing import NamedTuple

from cf_units import Unit
from iris.cube import Cube


class Plausible(NamedTuple):
    """Values that a quantity can have.

    Attributes
    ----------
    low, high
        Least and greatest value, with a margin.
    units
        Of these values.
    natural
        Ranges in which one number may fill many cells: the freezing sea, a day without rain.
    """

    low: float
    high: float
    units: str
    natural: tuple[tuple[float, float], ...] = ()


FREEZING = ((-2.2, -1.6),)
"""Temperature (degC) of water under ice: products often have one number there."""

SEA = Plausible(-3.0, 45.0, "degC", FREEZING)
AIR = Plausible(-95.0, 65.0, "degC")
HEIGHT = Plausible(-10.0, 10.0, "m")
SALINITY = Plausible(0.0, 50.0, "1e-3")
PRACTICAL = Plausible(0.0, 50.0, "1")
SHARE = Plausible(-0.01, 1.01, "1", ((0.0, 0.0), (1.0, 1.0)))
RAIN = Plausible(-1e-9, 0.1, "kg m-2 s-1", ((0.0, 0.0),))

PLAUSIBLE: dict[str, Plausible] = {
    "sea_surface_temperature": SEA,
    "sea_surface_skin_temperature": SEA,
    "sea_surface_subskin_temperature": SEA,
    "sea_surface_foundation_temperature": SEA,
    "sea_water_temperature": SEA,
    "sea_water_potential_temperature": SEA,
    "sea_water_conservative_temperature": SEA,
    "air_temperature": AIR,
    "surface_temperature": AIR,
    "sea_water_salinity": SALINITY,
    "sea_water_practical_salinity": PRACTICAL,
    "sea_water_absolute_salinity": Plausible(0.0, 50.0, "g kg-1"),
    "sea_surface_salinity": SALINITY,
    "sea_surface_height_above_sea_level": HEIGHT,
    "sea_surface_height_above_geoid": HEIGHT,
    "mass_concentration_of_chlorophyll_in_sea_water": Plausible(1e-4, 1000.0, "mg m-3"),
    "mass_concentration_of_chlorophyll_a_in_sea_water": Plausible(1e-4, 1000.0, "mg m-3"),
    "sea_ice_area_fraction": SHARE,
    "precipitation_flux": RAIN,
    "lwe_precipitation_rate": Plausible(-1e-9, 1e-4, "m s-1", ((0.0, 0.0),)),
}
"""Plausible values by standard name; the margins are wide, so that only what can't be right is found."""

ANYTHING = Plausible(-1e15, 1e15, "1")
"""Values of any other quantity: beyond are numbers that stand for missing values, such as 1e20 and 9.97e36."""


def plausible(cube: Cube) -> Plausible:
    """Plausible values of a cube, in its own units."""
    found = PLAUSIBLE.get(str(cube.standard_name))
    if found is SALINITY and cube.units == "1":  # as many files of practical salinity say
        found = PRACTICAL
    words = f"{cube.long_name} {cube.var_name}".lower()
    if found is None or "anom" in words or not cube.units.is_convertible(found.units):
        return ANYTHING._replace(units=str(cube.units))

    def here(value: float) -> float:
        return float(Unit(found.units).convert(value, cube.units))

    natural = tuple((here(low), here(high)) for low, high in found.natural)
    return Plausible(here(found.low), here(found.high), str(cube.units), natural)
