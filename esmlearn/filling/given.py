"""What a user gives as a cube, and the filled cube as the user gave it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from iris.cube import Cube

from esmlearn.cubes.convert import as_cube
from esmlearn.fields.field import Field, rows_northward
from esmlearn.fields.reconstruction import observed_of
from esmlearn.readers.read import read

Files = str | Path | Sequence[str | Path]


def read_given(data: Files | Cube | xr.DataArray | xr.Dataset, variable: str | None) -> tuple[Cube, str]:
    """Read files, or convert what is in memory; give the cube and the name of the data."""
    if isinstance(data, Cube | xr.DataArray | xr.Dataset):
        cube = as_cube(data, variable=variable)
        return cube, str(cube.attributes.get("esmlearn_dataset", cube.name()))
    files = [data] if isinstance(data, str | Path) else list(data)
    cube = read(files, variable=variable)
    known = (cube.attributes.get(key) for key in ("esmlearn_dataset", "dataset_id", "id"))
    return cube, next((str(name) for name in known if name), Path(files[0]).stem)


def only_observations(cube: Cube) -> Cube:
    """Mask what an earlier filling has made, by the flag for what was observed; other cubes stay as they are."""
    observed = observed_of(cube)
    return cube if observed is None else _masked(cube, ~observed)


def only_where(cube: Cube, field: Field) -> Cube:
    """Take the times of a field, and mask what it has not observed."""
    times = np.isin(cube.coord("time").points, field.like[0].coord("time").points)
    return _masked(cube[times], ~field.observed[:, 0])


def _masked(cube: Cube, hidden: np.ndarray) -> Cube:
    """Mask more values; rows of the mask run from south to north."""
    mask = np.ma.getmaskarray(cube.data) | rows_northward(hidden, cube)
    return cube.copy(data=np.ma.array(cube.data, mask=mask))


def as_given(cube: Cube, data: object) -> Cube | xr.DataArray | xr.Dataset:
    """Give a cube in the form of the data that it was made from."""
    if not isinstance(data, xr.DataArray | xr.Dataset):
        return cube
    array = xr.DataArray.from_iris(cube)
    if isinstance(data, xr.DataArray):
        return array
    further = {
        part.var_name: (array.dims, part.data, part.attributes | {"units": str(part.units)})
        for part in cube.ancillary_variables()
    }
    return array.to_dataset().assign(further)
