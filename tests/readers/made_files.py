"""Small files in the forms of archives, each with the peculiarities of its kind."""

from pathlib import Path
from typing import Any

import numpy as np
from netCDF4 import Dataset

LAT, LON = 35.05 + 0.1 * np.arange(6), -5.95 + 0.1 * np.arange(8)
GHRSST = {"naming_authority": "org.ghrsst", "gds_version_id": "2.0", "product_version": "2.1"}
LEVELS = "no_data bad_data worst_quality low_quality acceptable_quality best_quality"


def seconds(day: str) -> int:
    """Seconds since 1981, as GHRSST counts time."""
    return int((np.datetime64(day, "s") - np.datetime64("1981-01-01", "s")).astype(int))


def put(file: Dataset, name: str, dims: tuple[str, ...], values: Any, kind: str = "f4", **about: Any) -> None:
    """Write a variable; `scale_factor` and `add_offset` pack it, NaN becomes its `fill`."""
    variable = file.createVariable(name, kind, dims, fill_value=about.pop("fill", None))
    variable.setncatts(about)
    values = np.asarray(values)
    if values.dtype.kind == "f" and np.isnan(values).any():
        values = np.ma.masked_invalid(values)
    variable[...] = values


def grid(file: Dataset, lat: np.ndarray = LAT, lon: np.ndarray = LON, names: tuple[str, str] = ("lat", "lon")) -> None:
    """Write latitude and longitude axes."""
    for name, points, what, units in zip(
        names, (lat, lon), ("latitude", "longitude"), ("degrees_north", "degrees_east"), strict=True
    ):
        file.createDimension(name, len(points))
        put(file, name, (name,), points, "f4", standard_name=what, units=units)


def make_l3c(
    path: Path,
    day: str,
    kelvin: np.ndarray,
    *,
    quality: np.ndarray | int = 5,
    bias: float = 0.0,
    error: np.ndarray | float = 0.3,
    offset: float = 273.15,
    scale: float = 0.01,
    lat: np.ndarray = LAT,
    lon: np.ndarray = LON,
) -> Path:
    """GHRSST level 3C; `offset` and `scale` of the packing may differ between files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = ("time", "lat", "lon")
    with Dataset(path, "w") as file:
        file.setncatts(GHRSST | {"processing_level": "L3C", "id": "AVHRR12_G-ESACCI-L3C-CDR-v2.1", "title": "L3C"})
        file.createDimension("time", 1)
        put(
            file,
            "time",
            ("time",),
            [seconds(day)],
            "i4",
            standard_name="time",
            units="seconds since 1981-01-01 00:00:00",
        )
        grid(file, lat, lon)
        full = (1, len(lat), len(lon))
        put(
            file,
            "sea_surface_temperature",
            axes,
            kelvin[None],
            "i2",
            fill=-32768,
            add_offset=offset,
            scale_factor=scale,
            units="kelvin",
            standard_name="sea_surface_skin_temperature",
            valid_min=np.int16(-300),
            valid_max=np.int16(4500),
        )
        put(file, "quality_level", axes, np.broadcast_to(quality, full), "i1", fill=-128, flag_meanings=LEVELS)
        put(file, "sses_bias", axes, np.full(full, bias), "i1", fill=-128, scale_factor=0.01, units="kelvin")
        put(
            file,
            "sses_standard_deviation",
            axes,
            np.broadcast_to(error, full),
            "i1",
            fill=-128,
            scale_factor=0.01,
            add_offset=1.0,
            units="kelvin",
        )
        put(
            file,
            "l2p_flags",
            axes,
            np.zeros(full, int),
            "i2",
            flag_masks=np.array([1, 2, 4, 8, 16], "i2"),
            flag_meanings="microwave land ice lake river",
        )
    return path


def make_l2p(
    path: Path,
    start: str,
    lat: np.ndarray,
    lon: np.ndarray,
    kelvin: np.ndarray,
    *,
    dtime: np.ndarray | float = 0.0,
    error: np.ndarray | float = 0.5,
    flags: np.ndarray | int = 0,
    fill: float = -999.0,
) -> Path:
    """GHRSST level 2P: a swath whose coordinates have fills, and a time for each value."""
    axes = ("time", "nj", "ni")
    with Dataset(path, "w") as file:
        file.setncatts(GHRSST | {"processing_level": "L2P", "id": "MADE-L2P", "cdm_data_type": "swath"})
        for name, size in zip(axes, (1, *lat.shape), strict=True):
            file.createDimension(name, size)
        put(file, "lat", ("nj", "ni"), lat, "f4", fill=fill, standard_name="latitude", units="degrees_north")
        put(file, "lon", ("nj", "ni"), lon, "f4", fill=fill, standard_name="longitude", units="degrees_east")
        put(file, "time", ("time",), [seconds(start)], "i4", units="seconds since 1981-01-01 00:00:00")
        full = (1, *lat.shape)
        put(
            file,
            "sea_surface_temperature",
            axes,
            kelvin[None],
            "i2",
            fill=-32767,
            add_offset=273.15,
            scale_factor=0.005,
            units="kelvin",
            standard_name="sea_surface_skin_temperature",
        )
        put(file, "sst_dtime", axes, np.broadcast_to(dtime, full), "i4", fill=-2147483648, units="seconds")
        put(file, "quality_level", axes, np.full(full, 5), "i1", fill=-128)
        put(file, "sses_bias", axes, np.full(full, 0.1), "i1", fill=-128, scale_factor=0.01, units="kelvin")
        put(
            file,
            "sses_standard_deviation",
            axes,
            np.broadcast_to(error, full),
            "i1",
            fill=-128,
            scale_factor=0.01,
            add_offset=0.75,
            units="kelvin",
        )
        put(
            file,
            "l2p_flags",
            axes,
            np.broadcast_to(flags, full),
            "i2",
            flag_masks=np.array([1, 2, 4, 8, 16], "i2"),
            flag_meanings="microwave land ice lake river",
        )
    return path


def make_l4(path: Path, day: str, kelvin: np.ndarray, mask: np.ndarray, *, offset: float = 298.15) -> Path:
    """GHRSST level 4 as MUR writes it: a mask of sea, land, lake and ice by values."""
    axes = ("time", "lat", "lon")
    with Dataset(path, "w") as file:
        file.setncatts(GHRSST | {"processing_level": "L4", "id": "MADE-L4", "title": "Analysis"})
        file.createDimension("time", 1)
        put(
            file,
            "time",
            ("time",),
            [seconds(day)],
            "i4",
            standard_name="time",
            units="seconds since 1981-01-01 00:00:00",
        )
        grid(file)
        put(
            file,
            "analysed_sst",
            axes,
            kelvin[None],
            "i2",
            fill=-32768,
            add_offset=offset,
            scale_factor=0.001,
            units="kelvin",
            standard_name="sea_surface_foundation_temperature",
        )
        put(
            file,
            "analysis_error",
            axes,
            np.full((1, *kelvin.shape), 0.4),
            "i2",
            fill=-32768,
            scale_factor=0.01,
            units="kelvin",
        )
        put(
            file,
            "mask",
            axes,
            mask[None],
            "i1",
            fill=-128,
            flag_masks=np.array([1, 2, 4, 8, 16], "i1"),
            flag_values=np.array([1, 2, 5, 9, 13], "i1"),
            flag_meanings="1=open-sea, 2=land, 5=open-lake, 9=open-sea with ice in the grid, "
            "13=open-lake with ice in the grid",
        )
    return path


def make_l3m(path: Path, start: str, end: str, sst: np.ndarray, quality: np.ndarray) -> Path:
    """MODIS level 3 mapped: no time but in the global attributes, latitudes from north to south."""
    with Dataset(path, "w") as file:
        file.title = "HMODISA Level-3 Standard Mapped Image"
        file.setncatts({"processing_level": "L3 Mapped", "time_coverage_start": start, "time_coverage_end": end})
        grid(file, lat=LAT[::-1])
        put(
            file,
            "sst",
            ("lat", "lon"),
            sst[::-1],
            "i2",
            fill=-32767,
            scale_factor=0.005,
            add_offset=0.0,
            units="degree_C",
            standard_name="sea_surface_temperature",
        )
        put(file, "qual_sst", ("lat", "lon"), quality[::-1], "u1", fill=255, valid_min=0, valid_max=5)
    return path


def make_sea_level(path: Path, day: float, sla: np.ndarray) -> Path:
    """AVISO and Copernicus sea level: packed in int32, times in float32, a scalar `crs`, bounds of the axes."""
    axes = ("time", "latitude", "longitude")
    with Dataset(path, "w") as file:
        file.createDimension("time", 1)
        file.createDimension("nv", 2)
        put(file, "crs", (), np.ma.masked, "i4", fill=-2147483647, grid_mapping_name="latitude_longitude")
        put(
            file,
            "time",
            ("time",),
            [day],
            "f4",
            standard_name="time",
            units="days since 1950-01-01 00:00:00",
            calendar="gregorian",
        )
        grid(file, names=("latitude", "longitude"))
        put(file, "lat_bnds", ("latitude", "nv"), np.stack([LAT - 0.05, LAT + 0.05], axis=1))
        about = {"fill": -2147483647, "scale_factor": 0.0001, "units": "m", "grid_mapping": "crs"}
        put(file, "sla", axes, sla[None], "i4", standard_name="sea_surface_height_above_sea_level", **about)
        put(file, "adt", axes, sla[None] + 0.5, "i4", standard_name="sea_surface_height_above_geoid", **about)
        put(file, "err_sla", axes, np.full((1, *sla.shape), 0.02), "i4", **about)
    return path


def make_hadisst(path: Path, degrees: np.ndarray) -> Path:
    """HadISST by month: -1000 is sea ice, -1e30 is land; latitudes from north to south."""
    with Dataset(path, "w") as file:
        file.title = "Monthly version of HadISST sea surface temperature component"
        file.createDimension("time", len(degrees))
        middle = [
            int((np.datetime64("2000-01-16") + 30 * k - np.datetime64("1870-01-01")).astype(int))
            for k in range(len(degrees))
        ]
        put(
            file,
            "time",
            ("time",),
            middle,
            "f4",
            standard_name="time",
            units="days since 1870-1-1 0:0:0",
            calendar="gregorian",
        )
        grid(file, lat=LAT[::-1], names=("latitude", "longitude"))
        put(
            file,
            "sst",
            ("time", "latitude", "longitude"),
            degrees,
            "f4",
            fill=-1e30,
            missing_value=np.float32(-1e30),
            units="C",
            standard_name="sea_surface_temperature",
        )
    return path


def make_avhrr(folder: Path, *, days: int = 10, missing: tuple[int, ...] = (6,), seed: int = 0) -> list[Path]:
    """AVHRR level 3 of the Alboran Sea, a file a day, as older archives have it.

    A day is missing; temperatures are in "degree Celsius", with the blank; longitudes run across Greenwich from 354 to
    1 degrees in the order 0 to 360; times are days since 1900 and wander by hours; clouds hide about half of the sea.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    lat, east = 35.05 + 0.1 * np.arange(24), -5.95 + 0.1 * np.arange(70)
    lon = np.sort(np.round(east % 360, 4))
    first = int((np.datetime64("2005-06-01") - np.datetime64("1900-01-01")).astype(int))
    files = []
    for day in range(days):
        hour = random.uniform(1, 5)
        rows, columns = np.meshgrid(lat - 36.2, (lon + 180) % 360 - 180, indexing="ij")
        sst = 19 + 0.05 * day + 0.8 * np.sin(2 * columns + 0.1 * day) * np.cos(3 * rows) + 0.3 * columns
        land = rows + 0.15 * np.abs(columns + 2) > 0.9
        cloud = np.sin(1.7 * columns + 2.1 * day) + np.cos(4 * rows - 1.3 * day) > 0.1
        if day in missing:
            continue
        path = folder / f"avhrr_{day + 1:02d}.nc"
        with Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
            file.title = "AVHRR sea surface temperature, level 3"
            file.createDimension("time", None)
            put(file, "time", ("time",), [first + day + hour / 24], "f8", units="days since 1900-01-01 00:00:00")
            for name, points, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
                file.createDimension(name, len(points))
                put(file, name, (name,), points, "f4", units=units)
            hidden = np.where(land | cloud, np.nan, sst)
            put(
                file,
                "mcsst",
                ("time", "lat", "lon"),
                hidden[None],
                "f4",
                fill=9999.0,
                units="degree Celsius",
                long_name="sea surface temperature",
            )
        files.append(path)
    return files
