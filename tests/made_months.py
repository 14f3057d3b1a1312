"""Months of a seasonal cycle, as climate models and reconstructions have them."""

import cf_units
import cftime
import numpy as np
from iris.coords import AncillaryVariable, DimCoord
from iris.cube import Cube

LAT = np.array([30.0, 31.0, 32.0])
SEASON = 15 + 3 * np.cos(2 * np.pi * np.arange(12) / 12)


def monthly(years=3, *, offset=0.0, season=1.0, first=2001, calendar="standard", units="degC", std=None, lat=LAT):
    """Make mid-month values of one seasonal cycle everywhere, and land in the first cell."""
    dates = [(first + month // 12, month % 12 + 1) for month in range(12 * years)]
    since = cf_units.Unit("days since 1980-01-01", calendar=calendar)
    time = DimCoord(
        [since.date2num(cftime.datetime(*date, 15, calendar=calendar)) for date in dates], "time", units=since
    )
    axes = [DimCoord(lat, "latitude", units="degrees"), DimCoord([140.0, 141.0], "longitude", units="degrees")]
    cycle = 15 + season * (SEASON - 15) + offset + (273.15 if units == "K" else 0)
    values = np.ma.masked_array(np.empty((len(dates), len(lat), 2), np.float32), mask=False)
    values[:] = np.tile(cycle, years)[:, None, None]
    values[:, 0, 0] = np.ma.masked
    places = [(coord, dim) for dim, coord in enumerate((time, *axes))]
    cube = Cube(values, "sea_surface_temperature", "Sea surface temperature", "tos", units, dim_coords_and_dims=places)
    if std is not None:
        deviation = AncillaryVariable(
            np.full(values.shape, std, np.float32), var_name="tos_standard_deviation", units=units
        )
        cube.add_ancillary_variable(deviation, (0, 1, 2))
    return cube
