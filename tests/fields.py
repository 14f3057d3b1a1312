"""Small fields with known content for the tests."""

import iris.coords
import numpy as np
from iris.cube import Cube

from esmlearn.data.field import Field


def make_cube(
    values: np.ma.MaskedArray,
    *,
    calendar: str = "standard",
    start: int = 0,
    lat: np.ndarray | None = None,
    lon: np.ndarray | None = None,
    units: str = "degC",
) -> Cube:
    """Daily cube of shape (time, lat, lon), days counted from 2001-01-01."""
    n_time, n_lat, n_lon = values.shape
    lat = 30 + 0.25 * np.arange(n_lat) if lat is None else lat
    lon = 140 + 0.25 * np.arange(n_lon) if lon is None else lon
    time = iris.coords.DimCoord(
        start + np.arange(n_time) + 0.5,
        bounds=start + np.stack([np.arange(n_time), np.arange(n_time) + 1.0], axis=1),
        standard_name="time",
        units=f"days since 2001-01-01 00:00:00 ({calendar})" if False else None,
    )
    time.units = __import__("cf_units").Unit("days since 2001-01-01", calendar=calendar)
    cube = Cube(
        values.astype(np.float32),
        standard_name="sea_surface_temperature",
        long_name="Sea Surface Temperature",
        var_name="tos",
        units=units,
        attributes={"source": "test"},
        dim_coords_and_dims=[
            (time, 0),
            (iris.coords.DimCoord(lat, standard_name="latitude", units="degrees"), 1),
            (iris.coords.DimCoord(lon, standard_name="longitude", units="degrees"), 2),
        ],
    )
    return cube
