"""Profiles of Argo floats, as the files `*_prof.nc` of the global data centres have them.

Argo user's manual, https://doi.org/10.13155/29825. Wong et al. 2020, https://doi.org/10.3389/fmars.2020.00700.
"""

import numpy as np
import xarray as xr
from jaxtyping import Float, Shaped

from esmlearn.readers.profiles_seawater import depth_of, potential_temperature
from esmlearn.readers.profiles_table import Profiles

FLAGS = {"good": ["1"], "probably_good": ["1", "2"]}
PLACED = ["1", "2", "5", "8"]
"""Flags of time and position that count: also those that were changed (5) or interpolated under ice (8)."""

UNSURE_PRESSURE = 20.0
"""dbar: with a larger error of the pressure, delayed-mode values are not to be used (user's manual)."""


def read_argo(file: xr.Dataset, variable: str, quality: str) -> Profiles:
    """Read the profiles of a file.

    Delayed-mode and adjusted profiles give their adjusted values, all others raw ones; this is decided for each
    parameter where the file does so. Only the primary sampling of a cycle is read: other samplings of the same cycle
    are less accurate or hold the same water.

    Parameters
    ----------
    file
        Not decoded.
    variable
        `thetao` or `so`.
    quality
        `good` or `probably_good`.
    """
    lat, lon = (decoded(file, name) for name in ("LATITUDE", "LONGITUDE"))
    placed = np.isin(text(file, "POSITION_QC"), PLACED) & np.isin(text(file, "JULD_QC"), PLACED) & _primary(file)
    pressure, unsure = _parameter(file, "PRES", quality)
    pressure = np.where(unsure >= UNSURE_PRESSURE, np.nan, pressure)
    column = lat[:, None], lon[:, None]
    value, error = _parameter(file, "PSAL", quality)
    if variable == "thetao":
        temperature, error = _parameter(file, "TEMP", quality)
        value = potential_temperature(temperature, value, pressure, *column)
    value = np.where(placed[:, None], value, np.nan)
    index = np.indices(value.shape)[0]
    flat = (part.ravel() for part in (index, depth_of(pressure, column[0]), value, error))
    return Profiles.of(variable, dates(file, "JULD"), lat, lon, words(file, "PLATFORM_NUMBER"), *flat)


def _parameter(
    file: xr.Dataset, name: str, quality: str
) -> tuple[Float[np.ndarray, "profile level"], Float[np.ndarray, "profile level"]]:
    """Values of a parameter, NaN where missing or bad, and their errors, NaN where unknown."""
    if name not in file:
        missing = np.full(file["PRES"].shape, np.nan)
        return missing, missing
    adjusted = np.isin(_modes(file, name), ["A", "D"])[:, None]
    flags = np.where(adjusted, text(file, f"{name}_ADJUSTED_QC"), text(file, f"{name}_QC"))
    values = np.where(adjusted, decoded(file, f"{name}_ADJUSTED"), decoded(file, name))
    errors = np.where(adjusted, decoded(file, f"{name}_ADJUSTED_ERROR"), np.nan)
    return np.where(np.isin(flags, FLAGS[quality]), values, np.nan), errors


def _modes(file: xr.Dataset, name: str) -> Shaped[np.ndarray, " profile"]:
    """Mode of a parameter in each profile: R for real time, A for adjusted, D for delayed mode."""
    modes = text(file, "DATA_MODE")
    if "PARAMETER_DATA_MODE" not in file:
        return modes
    mine = words(file, "STATION_PARAMETERS") == name
    own = text(file, "PARAMETER_DATA_MODE")[np.arange(len(modes)), mine.argmax(axis=1)]
    return np.where(mine.any(axis=1), own, modes)


def _primary(file: xr.Dataset) -> Shaped[np.ndarray, " profile"]:
    """Which profiles are primary samplings; all where a file does not say it."""
    if "VERTICAL_SAMPLING_SCHEME" not in file:
        return np.ones(file.sizes["N_PROF"], bool)
    schemes = words(file, "VERTICAL_SAMPLING_SCHEME")
    return np.char.startswith(schemes, "Primary") | (schemes == "")


def decoded(file: xr.Dataset, name: str) -> np.ndarray:
    """Numbers of a variable, NaN where missing."""
    return xr.decode_cf(file[[name]], decode_times=False)[name].values.astype(float)


def dates(file: xr.Dataset, name: str) -> np.ndarray:
    """Times of a variable, datetime64[s], NaT where missing."""
    return xr.decode_cf(file[[name]])[name].values.astype("datetime64[s]")


def text(file: xr.Dataset, name: str) -> np.ndarray:
    """Flags of single characters as text."""
    return np.char.strip(_characters(file[name]).astype(str))


def words(file: xr.Dataset, name: str) -> np.ndarray:
    """Characters along the last axis joined to words."""
    values = _characters(file[name])
    if values.dtype == "S1":
        values = np.ascontiguousarray(np.where(values == b"", b" ", values)).view(f"S{values.shape[-1]}")[..., 0]
    return np.char.strip(values.astype(str))


def _characters(variable: xr.DataArray) -> np.ndarray:
    """Values without the axis that xarray puts behind characters when it saves a file again."""
    return variable.values[..., 0] if variable.dims[-1] == "string1" else variable.values
