"""Fields that never change in time, such as orography."""

import numpy as np
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.errors import DataError
from esmlearn.fields.reconstruction import rows_northward
from esmlearn.grids.grid import RectilinearGrid


def read_static(cube: Cube, grid: RectilinearGrid, name: str) -> Float[np.ndarray, "lat lon"]:
    axes = [coord.name() for coord in cube.coords(dim_coords=True)]
    if axes != ["latitude", "longitude"]:
        raise DataError(f"{name} is a static field and must have latitude and longitude only, but has {axes}.")
    if not RectilinearGrid.of(cube).same_as(grid):
        raise DataError(
            f"{name} is a static field, but is not on the fine grid; regrid it to the grid of the fine field."
        )
    return rows_northward(np.ma.filled(cube.data.astype(np.float32), np.nan), cube)
