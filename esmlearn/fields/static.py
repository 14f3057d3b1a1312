"""Fields that never change in time, such as orography."""

import iris.util
import numpy as np
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.errors import DataError
from esmlearn.fields.reconstruction import rows_northward
from esmlearn.grids.grid import RectilinearGrid


def read_static(cube: Cube, grid: RectilinearGrid, name: str) -> Float[np.ndarray, "lat lon"]:
    """Read a field that never changes, such as orography.

    Parameters
    ----------
    cube
        A map; further axes must have a length of one.
    grid
        The cells that it must have.
    name
        What to call it in an error.

    Returns
    -------
    numpy.ndarray
        Values in the units of the cube, rows from south to north; NaN where it is masked.

    Raises
    ------
    DataError
        If the cube is no map on the grid.
    """
    flat = iris.util.squeeze(cube)
    axes = [coord.name() for coord in flat.coords(dim_coords=True)]
    if axes != ["latitude", "longitude"]:
        raise DataError(f"{name} is a static field and must have latitude and longitude only, but has {axes}.")
    if not RectilinearGrid.of(flat).same_as(grid):
        raise DataError(f"{name} is a static field, but not on the grid of the data; regrid it to their grid.")
    return rows_northward(np.ma.filled(flat.data.astype(np.float32), np.nan), flat)
