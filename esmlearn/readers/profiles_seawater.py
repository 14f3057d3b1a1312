"""Conversions of sea water by TEOS-10, in the library gsw."""

import gsw
import numpy as np

TYPICAL_SALINITY = 35.0
"""Practical salinity where none was measured: 2 more or less change a potential temperature by less than 0.01 degC."""


def depth_of(pressure: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Depth (m, positive down) of a pressure (dbar)."""
    return -gsw.z_from_p(pressure, lat)


def pressure_at(depth: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Pressure (dbar) at a depth (m, positive down)."""
    return gsw.p_from_z(-depth, lat)


def potential_temperature(
    temperature: np.ndarray, salinity: np.ndarray, pressure: np.ndarray, lat: np.ndarray, lon: np.ndarray
) -> np.ndarray:
    """Potential temperature with reference to the surface (degC) of an in-situ temperature (degC, ITS-90).

    Salinity is practical; where it is missing, it counts as `TYPICAL_SALINITY`. IOC, SCOR and IAPSO (2010), The
    international thermodynamic equation of seawater, http://www.teos-10.org/pubs/TEOS-10_Manual.pdf, section 3.1.
    """
    salinity = np.where(np.isfinite(salinity), salinity, TYPICAL_SALINITY)
    return gsw.pt0_from_t(gsw.SA_from_SP(salinity, pressure, lon, lat), temperature, pressure)


def in_situ_temperature(
    potential: np.ndarray, salinity: np.ndarray, pressure: np.ndarray, lat: np.ndarray, lon: np.ndarray
) -> np.ndarray:
    """In-situ temperature (degC) of a potential temperature: the inverse of `potential_temperature`."""
    absolute = gsw.SA_from_SP(salinity, pressure, lon, lat)
    return gsw.t_from_CT(absolute, gsw.CT_from_pt(absolute, potential), pressure)
