"""Profiles of the World Ocean Database in its netCDF form: casts of all lengths, one after the other (ragged arrays).

Mishonov et al. 2024, World Ocean Database 2023, https://doi.org/10.25923/z885-h264.
"""

import numpy as np
import xarray as xr
from jaxtyping import Float

from esmlearn.errors import DataError
from esmlearn.readers.profiles_argo import dates, decoded, words
from esmlearn.readers.profiles_seawater import potential_temperature, pressure_at
from esmlearn.readers.profiles_table import Profiles


def read_wod(file: xr.Dataset, variable: str, quality: str) -> Profiles:
    """Read the casts of a file: values that the flags of the World Ocean Database accept (0), at their depths.

    The arguments are those of `read_argo`; values are accepted or not, so that the quality makes no difference. Errors
    of single values are not in the files.

    Raises
    ------
    DataError
        If a variable has another number of values in a cast than there are depths.
    """
    del quality
    sizes = _sizes(file, "z")
    cast = np.repeat(np.arange(len(sizes)), sizes)
    lat, lon = decoded(file, "lat"), decoded(file, "lon")
    depth = np.where(_flags(file, "z_WODflag", len(cast)) == 0, decoded(file, "z"), np.nan)
    value = _values(file, "Salinity", sizes)
    if variable == "thetao":
        where = lat[cast], lon[cast]
        temperature = _values(file, "Temperature", sizes)
        value = potential_temperature(temperature, value, pressure_at(depth, where[0]), *where)
    platforms = words(file, "WOD_cruise_identifier") if "WOD_cruise_identifier" in file else np.full(len(sizes), "")
    flat = cast, depth, value, np.full(len(cast), np.nan)
    return Profiles.of(variable, dates(file, "time"), lat, lon, platforms, *flat)


def _values(file: xr.Dataset, name: str, sizes: np.ndarray) -> Float[np.ndarray, " value"]:
    """Accepted values of a variable at all depths of all casts; NaN in casts that lack it."""
    result = np.full(sizes.sum(), np.nan)
    if name not in file:
        return result
    own = _sizes(file, name)
    if ((own != 0) & (own != sizes)).any():
        raise DataError(f"Casts have {name} at other depths than z in their ragged arrays; download the file again.")
    values = decoded(file, name)
    accepted = _flags(file, f"{name}_WODflag", len(values)) == 0
    whole = _flags(file, f"{name}_WODprofileflag", len(sizes)) == 0
    accepted &= np.repeat(whole, own)
    result[np.repeat(own > 0, sizes)] = np.where(accepted, values, np.nan)
    return result


def _sizes(file: xr.Dataset, name: str) -> np.ndarray:
    """Number of values of each cast; 0 where the variable is missing."""
    return np.nan_to_num(decoded(file, f"{name}_row_size")).astype(int)


def _flags(file: xr.Dataset, name: str, size: int) -> np.ndarray:
    """Flags; 0, accepted, where the file has none."""
    return np.nan_to_num(decoded(file, name)) if name in file else np.zeros(size)
