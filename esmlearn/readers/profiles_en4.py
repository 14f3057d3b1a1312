"""Quality-controlled profiles of the Met Office, as the monthly files `EN.4.*.f.profiles.*.nc` have them.

Good et al. 2013, https://doi.org/10.1002/2013JC009067.
"""

import numpy as np
import xarray as xr

from esmlearn.readers.profiles_argo import dates, decoded, text, words
from esmlearn.readers.profiles_table import Profiles

ACCEPTED = "1"
NAMES = {"thetao": "POTM", "so": "PSAL"}


def read_en4(file: xr.Dataset, variable: str, quality: str) -> Profiles:
    """Read the profiles of a file: potential temperature or salinity at corrected depths, where all flags accept them.

    The arguments are those of `read_argo`; EN4 knows accepted (1) and rejected (4) only, so that the quality makes no
    difference. Errors of single values are not in the files.
    """
    del quality
    name = NAMES[variable]
    placed = np.all([text(file, flag) == ACCEPTED for flag in ("POSITION_QC", "JULD_QC", f"PROFILE_{name}_QC")], axis=0)
    good = placed[:, None] & (text(file, f"{name}_CORRECTED_QC") == ACCEPTED)
    if "DEPH_CORRECTED_QC" in file:
        good &= text(file, "DEPH_CORRECTED_QC") == ACCEPTED
    value = np.where(good, decoded(file, f"{name}_CORRECTED"), np.nan)
    index, nothing = np.indices(value.shape)[0], np.full(value.shape, np.nan)
    flat = (part.ravel() for part in (index, decoded(file, "DEPH_CORRECTED"), value, nothing))
    lat, lon = (decoded(file, axis) for axis in ("LATITUDE", "LONGITUDE"))
    return Profiles.of(variable, dates(file, "JULD"), lat, lon, words(file, "PLATFORM_NUMBER"), *flat)
