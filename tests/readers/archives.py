"""Small files as Argo, EN4 and the World Ocean Database lay them out, with their peculiarities."""

import numpy as np
from netCDF4 import Dataset

FILL = 99999.0


def _put(file, name, kind, dims, values, **attributes):
    fill = {"S1": b" ", "f4": np.float32(FILL), "f8": attributes.pop("fill", FILL), "i4": -2147483647, "i1": -127}[kind]
    variable = file.createVariable(name, kind, dims, fill_value=fill)
    variable.setncatts(attributes)
    variable[:] = values


def _characters(words, width):
    return np.array([list(word.ljust(width)) for word in words], "S1")


def _head(file, *, day, lat, lon, platform, n_levels):
    for name, size in {"N_PROF": len(day), "N_LEVELS": n_levels, "STRING8": 8, "STRING64": 64}.items():
        file.createDimension(name, size)
    _put(file, "JULD", "f8", ("N_PROF",), day, units="days since 1950-01-01 00:00:00 UTC", fill=999999.0)
    _put(file, "LATITUDE", "f8", ("N_PROF",), lat)
    _put(file, "LONGITUDE", "f8", ("N_PROF",), lon)
    _put(file, "PLATFORM_NUMBER", "S1", ("N_PROF", "STRING8"), _characters(platform, 8))


def flags(rows):
    """Rows of flags, one character each, as characters of the file."""
    return np.array([list(row) for row in rows], "S1")


def write_argo(
    path, values, *, mode, day, lat=(45.0,), lon=(-170.0,), platform=("2900001",), scheme=(), juld_qc="", position_qc=""
):
    """Write an Argo file; `values` are arrays (profile, level) by name, the QC rows of characters."""
    n_profiles, n_levels = np.shape(values["PRES"])
    with Dataset(path, "w") as file:
        _head(file, day=day, lat=lat, lon=lon, platform=platform, n_levels=n_levels)
        for name, given in (("JULD_QC", juld_qc), ("POSITION_QC", position_qc)):
            _put(file, name, "S1", ("N_PROF",), np.array(list(given or "1" * n_profiles), "S1"))
        _put(file, "DATA_MODE", "S1", ("N_PROF",), np.array(list(mode), "S1"))
        if scheme:
            _put(file, "VERTICAL_SAMPLING_SCHEME", "S1", ("N_PROF", "STRING64"), _characters(scheme, 64))
        for name in ("PRES", "TEMP", "PSAL"):
            for suffix in ("", "_ADJUSTED", "_ADJUSTED_ERROR"):
                given = values.get(name + suffix, np.full((n_profiles, n_levels), FILL))
                _put(file, name + suffix, "f4", ("N_PROF", "N_LEVELS"), given)
            for suffix in ("_QC", "_ADJUSTED_QC"):
                given = values.get(name + suffix, ["1" * n_levels] * n_profiles)
                _put(file, name + suffix, "S1", ("N_PROF", "N_LEVELS"), flags(given))
    return path


def write_en4(path, *, depth, potential, salinity, potential_qc, profile_qc):
    """Write an EN4 file with profiles of potential temperature and salinity at corrected depths."""
    n_profiles, n_levels = np.shape(depth)
    with Dataset(path, "w") as file:
        day = 20000.5 + np.arange(n_profiles)
        _head(file, day=day, lat=np.full(n_profiles, 45.0), lon=np.full(n_profiles, -170.0),
              platform=["Q1"] * n_profiles, n_levels=n_levels)  # fmt: skip
        for name in ("JULD_QC", "POSITION_QC", "PROFILE_POTM_QC", "PROFILE_PSAL_QC"):
            given = profile_qc if name == "PROFILE_POTM_QC" else "1" * n_profiles
            _put(file, name, "S1", ("N_PROF",), np.array(list(given), "S1"))
        columns = {"DEPH": depth, "POTM": potential, "PSAL": salinity}
        for name, given in columns.items():
            _put(file, f"{name}_CORRECTED", "f4", ("N_PROF", "N_LEVELS"), given)
        for name in ("POTM", "PSAL"):
            given = potential_qc if name == "POTM" else ["1" * n_levels] * n_profiles
            _put(file, f"{name}_CORRECTED_QC", "S1", ("N_PROF", "N_LEVELS"), flags(given))
    return path


def write_wod(path, casts):
    """Write ragged casts; each has `z`, and `temperature`, `salinity` with their flags where it was measured."""
    with Dataset(path, "w") as file:
        file.createDimension("casts", len(casts))
        file.createDimension("strnlen", 8)
        _put(file, "lat", "f4", ("casts",), [45.0] * len(casts), units="degrees_north")
        _put(file, "lon", "f4", ("casts",), [-170.0] * len(casts), units="degrees_east")
        _put(file, "time", "f8", ("casts",), [85000.25 + n for n in range(len(casts))],
             units="days since 1770-01-01 00:00:00 UTC")  # fmt: skip
        cruises = _characters(["US000001"] * len(casts), 8)
        _put(file, "WOD_cruise_identifier", "S1", ("casts", "strnlen"), cruises)
        for name, key in (("z", "z"), ("Temperature", "temperature"), ("Salinity", "salinity")):
            sizes = [len(cast.get(key, ())) for cast in casts]
            values = np.concatenate([cast.get(key, ()) for cast in casts])
            given = [cast.get(f"{key}_flag", [0] * size) for cast, size in zip(casts, sizes, strict=True)]
            file.createDimension(f"{name}_obs", len(values))
            row_sizes = np.ma.masked_equal(sizes, 0)
            _put(file, f"{name}_row_size", "i4", ("casts",), row_sizes, sample_dimension=f"{name}_obs")
            _put(file, name, "f4", (f"{name}_obs",), values)
            _put(file, f"{name}_WODflag", "i1", (f"{name}_obs",), np.concatenate(given))
            if name != "z":
                whole = [cast.get(f"{key}_profile_flag", 0) for cast in casts]
                _put(file, f"{name}_WODprofileflag", "i1", ("casts",), whole)
    return path
