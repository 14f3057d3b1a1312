"""A climatology by month as a small file: what `climatology: packaged` is made with."""

from collections.abc import Sequence
from pathlib import Path

import iris
import numpy as np
from cf_units import Unit
from iris.coords import AncillaryVariable, CellMethod, DimCoord
from iris.cube import Cube
from iris.exceptions import IrisError
from iris.util import equalise_attributes

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.files import atomic_write
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import interpolator

STEP = 1 / 128
"""Values are rounded to multiples of this, in their units, so that the file is small."""

AROUND_THE_EARTH_KM = 20_100.0


def make_climatology(files: Sequence[Path], output: Path, *, command: str) -> Path:
    """Average monthly fields by calendar month, and write mean and standard deviation of the anomalies.

    Land takes the value of the nearest ocean cell, so that a finer grid has a value at every coast; rows that end
    before the poles are continued to them.

    Parameters
    ----------
    files
        Monthly means of one quantity.
    output
        The netCDF file.
    command
        How it was made, for its attribute `history`.

    Raises
    ------
    DataError
        If the files can't be read as one cube, or lack a calendar month.
    """
    if not files:
        raise DataError("make-climatology needs at least one file of monthly means.")
    try:
        cubes = iris.load([str(file) for file in files])
        equalise_attributes(cubes)
        cube = cubes.concatenate_cube()
    except (IrisError, OSError, ValueError) as error:
        raise DataError(
            f"{', '.join(map(str, files))} can't be read as one quantity: {str(error).splitlines()[0]}"
        ) from error
    field = Field.from_cube(cube)
    month = np.array([date.month for date in field.dates])
    if set(month) != set(range(1, 13)):
        raise DataError(f"{', '.join(map(str, files))} lack calendar months; give whole years of monthly means.")
    mean = np.stack([field.values[month == number, 0].mean(axis=0) for number in range(1, 13)])
    std = np.stack([field.values[month == number, 0].std(axis=0, ddof=1) for number in range(1, 13)])
    target = _to_the_poles(field.grid)
    fill = interpolator(target, target, "nearest", fill_km=AROUND_THE_EARTH_KM)
    parts = [fill(_grow(part, field.grid, target)) for part in (mean, std)]
    parts = [(np.round(part / STEP) * STEP).astype(np.float32) for part in parts]
    result = _as_cube(*parts, field=field, grid=target)
    source = [str(cube.attributes[name]) for name in ("title", "source") if name in cube.attributes]
    result.attributes.globals |= {
        "source": "; ".join(source) or ", ".join(file.name for file in files),
        "period": f"{field.dates[0]:%Y-%m} to {field.dates[-1]:%Y-%m}",
        "history": command,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(output) as aside, iris.FUTURE.context(save_split_attrs=True):
        iris.save(result, str(aside), saver="nc", zlib=True, complevel=9, fill_value=-999.0)
    return output


def _to_the_poles(grid: RectilinearGrid) -> RectilinearGrid:
    """Append rows at the poles where the outermost cells of a global grid end before them."""
    if not grid.closes or np.abs(grid.lat).max() < 60:
        return grid
    lat = np.concatenate([[-90.0] * bool(grid.lat[0] > -90), grid.lat, [90.0] * bool(grid.lat[-1] < 90)])
    return RectilinearGrid(lat, grid.lon)


def _grow(values: np.ndarray, grid: RectilinearGrid, target: RectilinearGrid) -> np.ndarray:
    """Put values into the rows of a grid that reaches to the poles; new rows are missing."""
    grown = np.full((12, *target.shape), np.nan, np.float32)
    grown[:, np.isin(target.lat, grid.lat)] = values
    return grown


def _as_cube(mean: np.ndarray, std: np.ndarray, *, field: Field, grid: RectilinearGrid) -> Cube:
    """Make a cube with climatological time (CF section 7.4) and the deviation as its ancillary variable."""
    like = field.like[0]
    units = Unit("days since 2001-01-01", calendar="noleap")
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    ends = np.cumsum(lengths)
    bounds = np.stack([ends - lengths, ends], axis=1).astype(float)
    time = DimCoord(bounds.mean(axis=1), "time", var_name="time", units=units, bounds=bounds)
    lat = DimCoord(grid.lat, "latitude", var_name="lat", units="degrees")
    lon = DimCoord(grid.lon, "longitude", var_name="lon", units="degrees", circular=grid.closes)
    name = like.var_name or "climatology"
    cube = Cube(
        mean,
        standard_name=like.standard_name,
        long_name=f"Mean of each calendar month of {like.name()}",
        var_name=name,
        units=field.units,
        dim_coords_and_dims=[(time, 0), (lat, 1), (lon, 2)],
        cell_methods=[CellMethod("mean", "time", "1 month")],
    )
    deviation = AncillaryVariable(
        std,
        long_name=f"Standard deviation of the monthly anomalies of {like.name()}",
        var_name=f"{name}_standard_deviation",
        units=field.units if not Unit(field.units).is_convertible("K") else "K",
    )
    cube.add_ancillary_variable(deviation, (0, 1, 2))
    return cube
