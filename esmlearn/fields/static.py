"""Fields that never change in time, such as orography."""

import iris.util
import numpy as np
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.cubes.axes import order_axes
from esmlearn.errors import DataError
from esmlearn.fields.field import rows_northward
from esmlearn.grids.grid import RectilinearGrid


def read_static(cube: Cube, grid: RectilinearGrid, name: str) -> Float[np.ndarray, "lat lon"]:
    """Read a map that must be on a grid, in its own units, rows from south to north; NaN where it is masked.

    Axes other than latitude and longitude must have a length of one. A DataError with the `name` if the cube is no map
    on the grid.
    """
    flat = iris.util.squeeze(order_axes(cube))
    axes = [coord.name() for coord in flat.coords(dim_coords=True)]
    if axes != ["latitude", "longitude"]:
        raise DataError(f"{name} is a static field and must have latitude and longitude only, but has {axes}.")
    if not RectilinearGrid.of(flat).same_as(grid):
        raise DataError(f"{name} is a static field, but not on the grid of the data; regrid it to their grid.")
    return rows_northward(np.ma.filled(flat.data.astype(np.float32), np.nan), flat)
