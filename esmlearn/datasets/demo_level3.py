"""A small synthetic level-3 archive, with the peculiarities that real ones have: ten days of an infrared radiometer.

The region lies across Greenwich, and its longitudes run from 0 to 360 degrees, so that it is stored in two pieces.
Latitudes descend, the units are written `degree Celsius`, the overpass wanders by hours, the file of one day is
missing, clouds hide most of the sea, and each value has an error whose standard deviation the files give.
"""

from pathlib import Path

import numpy as np
from netCDF4 import Dataset

from esmlearn.files import atomic_write
from esmlearn.gaps.random_fields import random_field
from esmlearn.gaps.simulate import travelling_clouds
from esmlearn.grids.land import land_mask

STEP = 0.05  # degrees
LAT = 35.0 + STEP * (0.5 + np.arange(60))
LON = -3.0 + STEP * (0.5 + np.arange(80))

FIRST_DAY, DAYS, MISSING = "2020-06-01", 10, 5  # the sixth day has no file
CLOUD_SHARE = 0.6
SEED = 2020
EPOCH = np.datetime64("1981-01-01T00:00:00", "s")
FILL = np.float32(-32768)

DATASET = "DemoLevel3"
TITLE = f"{DATASET}: SYNTHETIC sea surface temperature of ten days under clouds, neither observed nor forecast"


def write_demo_level3(folder: Path) -> list[Path]:
    """Write the files of the archive, one for each day but the missing one; files that are there are written anew.

    Parameters
    ----------
    folder
        Where the files go.

    Returns
    -------
    list of pathlib.Path
        The files, by their days.
    """
    values, errors, hours = make_days()
    files = []
    for day in range(DAYS):
        if day == MISSING:
            continue
        date = np.datetime64(FIRST_DAY) + np.timedelta64(day, "D")
        file = Path(folder, f"{str(date).replace('-', '')}_demo_level3.nc")
        overpass = date.astype("datetime64[s]") + np.timedelta64(round(3600 * hours[day]), "s")
        _write(file, int((overpass - EPOCH).astype(int)), values[day], errors[day])
        files.append(file)
    return files


def make_days() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make the observations.

    Returns
    -------
    tuple of numpy.ndarray
        Temperature in degC with its error, NaN under clouds and on land, and the standard deviation of the error, both
        ``(time, lat, lon)`` on `LAT` and `LON`; and the hour of each overpass.
    """
    rng = np.random.default_rng(SEED)
    shape = (DAYS, LAT.size, LON.size)
    eddies = random_field(shape, rng, length_scale=14.0, persistence_days=6.0, smooth=True, drift=(0.3, 0.0))
    warming = 0.12 * np.arange(DAYS)[:, None, None]
    southward = 0.5 * (LAT.mean() - LAT)[:, None]
    truth = 19.6 + warming + southward + 0.9 * eddies
    error = np.clip(0.2 + 0.06 * random_field(shape, rng, length_scale=8.0, persistence_days=1.0), 0.1, 0.4)
    observed = truth + error * rng.standard_normal(shape)
    hidden = travelling_clouds(*shape, share=CLOUD_SHARE, seed=SEED, day_of_year=152.0 + np.arange(DAYS))
    hidden |= land_mask(LAT, LON)
    values, errors = (np.where(hidden, np.nan, part).astype(np.float32) for part in (observed, error))
    return values, errors, rng.uniform(1.0, 14.0, DAYS)


def _write(file: Path, seconds: int, values: np.ndarray, errors: np.ndarray) -> None:
    """Write one day in the form of GHRSST level 3."""
    east = np.argsort(LON % 360)
    known = np.isfinite(values)
    with atomic_write(file) as aside, Dataset(aside, "w") as data:
        data.setncatts(
            {
                "Conventions": "CF-1.7, ACDD-1.3",
                "title": TITLE,
                "id": DATASET,
                "product_version": "1",
                "source": "SYNTHETIC: random eddies under simulated clouds, with random errors",
                "institution": "esmlearn",
                "license": "CC0-1.0; coast from Natural Earth, public domain",
                "gds_version_id": "2.0",
                "processing_level": "L3C",
                "platform": "none",
                "sensor": "none",
            }
        )
        for name, size in (("time", 1), ("lat", LAT.size), ("lon", LON.size)):
            data.createDimension(name, size)
        time = data.createVariable("time", "i4", ("time",))
        time.setncatts({"standard_name": "time", "units": "seconds since 1981-01-01 00:00:00"})
        time[:] = seconds
        for name, word, units, points in (
            ("lat", "latitude", "degrees_north", LAT[::-1]),
            ("lon", "longitude", "degrees_east", LON[east] % 360),
        ):
            axis = data.createVariable(name, "f4", (name,))
            axis.setncatts({"standard_name": word, "units": units})
            axis[:] = points
        for name, long_name, units, part in (
            ("sea_surface_temperature", "sea surface temperature", "degree Celsius", values),
            ("sses_standard_deviation", "standard deviation of the error", "kelvin", errors),
        ):
            variable = data.createVariable(name, "f4", ("time", "lat", "lon"), fill_value=FILL, zlib=True)
            variable.setncatts({"long_name": long_name, "units": units})
            variable[0] = np.where(known, part, FILL)[::-1, east]
        data["sea_surface_temperature"].standard_name = "sea_surface_temperature"
        quality = data.createVariable("quality_level", "i1", ("time", "lat", "lon"), fill_value=np.int8(-128))
        quality.setncatts({"long_name": "quality level of each value", "flag_meanings": "no_data best"})
        quality.flag_values = np.array([0, 5], np.int8)
        quality[0] = np.where(known, 5, 0).astype(np.int8)[::-1, east]
