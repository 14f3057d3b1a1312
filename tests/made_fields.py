"""Small cubes with known content for the tests."""

import numpy as np
from cf_units import Unit
from iris.coords import DimCoord
from iris.cube import Cube


def make_cube(
    values: np.ndarray,
    *,
    calendar: str = "standard",
    first_day: int = 0,
    lat: np.ndarray | None = None,
    lon: np.ndarray | None = None,
    units: str = "degC",
) -> Cube:
    """Daily cube of shape (time, lat, lon); the first day counts from 2001-01-01; NaN is masked."""
    n_time, n_lat, n_lon = values.shape
    days = first_day + np.arange(n_time)
    time = DimCoord(
        days + 0.5,
        bounds=np.stack([days, days + 1.0], axis=1),
        standard_name="time",
        var_name="time",
        units=Unit("days since 2001-01-01", calendar=calendar),
    )
    lat = 30 + 0.25 * np.arange(n_lat) if lat is None else lat
    lon = 140 + 0.25 * np.arange(n_lon) if lon is None else lon
    return Cube(
        np.ma.masked_invalid(values.astype(np.float32)),
        standard_name="sea_surface_temperature",
        long_name="Sea Surface Temperature",
        var_name="tos",
        units=units,
        attributes={"source": "made for a test"},
        dim_coords_and_dims=[
            (time, 0),
            (DimCoord(lat, standard_name="latitude", var_name="lat", units="degrees"), 1),
            (DimCoord(lon, standard_name="longitude", var_name="lon", units="degrees"), 2),
        ],
    )


def wavy_ocean(n_time: int, n_lat: int = 12, n_lon: int = 16, *, seed: int = 0) -> np.ndarray:
    """Seasonal cycle plus waves that drift, with land (NaN) in a corner; shape (time, lat, lon), degC."""
    rng = np.random.default_rng(seed)
    day, row, column = np.meshgrid(np.arange(n_time), np.arange(n_lat), np.arange(n_lon), indexing="ij")
    values = 18 + 5 * np.sin(2 * np.pi * (day - 120) / 365.25) - 0.2 * row
    for _ in range(4):
        wave = rng.uniform(0.2, 0.6, size=2)
        values = values + 0.7 * np.sin(
            wave[0] * row + wave[1] * column - rng.uniform(0.05, 0.3) * day + rng.uniform(0, 6)
        )
    values[:, :3, :4] = np.nan
    return values.astype(np.float32)
