"""What a user gives as a cube and a field, and the filled cube in the form in which the data were given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dask
import numpy as np
import xarray as xr
from iris.cube import Cube

from esmlearn.cubes.convert import as_cube
from esmlearn.cubes.order import put_in_order
from esmlearn.fields.field import Field, rows_northward
from esmlearn.readers.read import read
from esmlearn.settings import InputSettings
from esmlearn.tasks.without_model import with_land
from esmlearn.words import logarithm_of

Files = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Record:
    """Observations: their name, the cube in order, and the field of it."""

    name: str
    cube: Cube
    field: Field

    def only_where(self, field: Field) -> Cube:
        """The cube at the times of a field, without what the field has not observed."""
        times = np.isin(self.cube.coord("time").points, field.like[0].coord("time").points)
        cube = self.cube[times]
        mask = np.ma.getmaskarray(cube.data) | rows_northward(~field.observed[:, 0], cube)
        return cube.copy(data=np.ma.array(cube.data, mask=mask))


def read_record(
    data: Files | Cube | xr.DataArray | xr.Dataset,
    variable: str | None,
    settings: InputSettings,
    *,
    units: str | None,
    transform: str,
    error: float | Cube | xr.DataArray | None,
    land: str | Cube | None,
) -> Record:
    """Read files or convert what is in memory, and put it in order; `units` are those of a model, if there is one."""
    if isinstance(data, Cube | xr.DataArray | xr.Dataset):
        cube = as_cube(data, variable=variable)
        name = str(cube.attributes.get("esmlearn_dataset", cube.name()))
    else:
        files = [data] if isinstance(data, str | Path) else list(data)
        cube = read(files, variable=variable, interval=settings.times.interval)
        known = (cube.attributes.get(key) for key in ("esmlearn_dataset", "id"))
        name = next((str(given) for given in known if given), Path(files[0]).stem)
    cube = put_in_order(_in_memory(cube), settings)
    units = units or (logarithm_of(str(cube.units)) if transform == "log" else None)
    field = Field.from_cube(cube, units=units).single()
    field = field.with_error(as_cube(error) if isinstance(error, Cube | xr.DataArray) else error)
    return Record(name, cube, with_land(field, land))


def _in_memory(cube: Cube) -> Cube:
    """Read values and their errors at once, for all that look at them; the field has to be in memory anyway."""
    if not any(part.has_lazy_data() for part in (cube, *cube.ancillary_variables())):
        return cube
    cube = cube.copy()
    parts = [cube, *cube.ancillary_variables()]
    for part, values in zip(parts, dask.compute(*(part.core_data() for part in parts)), strict=True):
        part.data = values
    return cube
