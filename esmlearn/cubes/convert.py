"""Iris cubes, xarray arrays and datasets, to ordered cubes and back; ncdata does the conversion."""

import re
from collections.abc import Hashable

import dask.array as da
import iris
import numpy as np
import xarray as xr
from iris.cube import Cube
from ncdata.iris_xarray import cubes_from_xarray, cubes_to_xarray

from esmlearn.cubes.axes import order_axes
from esmlearn.cubes.units import mend_units
from esmlearn.errors import DataError

type Gridded = Cube | xr.DataArray | xr.Dataset
"""What notebooks give and get."""


def as_cube(data: Gridded, *, variable: str | None = None) -> Cube:
    """Make a cube with ordered axes and units that are read as they are meant; data stay unread.

    Parameters
    ----------
    data
        A cube, or an array or dataset of xarray.
    variable
        Variable of the dataset, by its name or standard name.

    Returns
    -------
    Cube
        See `esmlearn.cubes.axes.order_axes`; the same object if it is a cube in order. The ancillary variables of a
        dataset come along.

    Raises
    ------
    DataError
        If a dataset has several variables and none is named, or axes or units can't be read.
    """
    cube = data if isinstance(data, Cube) else _from_xarray(data, variable)
    return mend_units(order_axes(cube))


def like_input(cube: Cube, given: Gridded) -> Gridded:
    """Bring a result to the type of what was given.

    An array has the ancillary variables of the cube, such as its standard deviation, as coordinates.
    """
    if isinstance(given, Cube):
        return cube
    result = cube.copy(data=_nan_where_masked(cube.core_data()))
    for part in result.ancillary_variables():
        part.data = _nan_where_masked(part.core_data())
    with iris.FUTURE.context(save_split_attrs=True):
        dataset = _with_read_times(cubes_to_xarray(result))
    if isinstance(given, xr.Dataset):
        return dataset
    array = dataset[cube.var_name or cube.name()]
    beside = [part.var_name for part in cube.ancillary_variables()]
    made = array.assign_coords({name: dataset[name].variable for name in beside})
    return made if given.name is None else made.rename(given.name)


def _nan_where_masked(data: np.ndarray | da.Array) -> np.ndarray | da.Array:
    """Fill masked values with NaN, as xarray has them; flags become floating-point numbers for it."""
    data = data if data.dtype.kind == "f" else data.astype(np.float32)
    return da.ma.filled(data, np.nan) if isinstance(data, da.Array) else np.ma.filled(data, np.nan)


def _from_xarray(data: xr.DataArray | xr.Dataset, variable: str | None) -> Cube:
    """Make a cube of an array, or of a variable of a dataset."""
    if isinstance(data, xr.DataArray):
        name = _valid(data.name or data.attrs.get("standard_name", "values"))
        name = "values" if name in data.coords else name
        beside = [part for part in data.attrs.get("ancillary_variables", "").split() if part in data.coords]
        data, variable = data.rename(name).to_dataset().reset_coords(beside), name
    found = [cube for cube in cubes_from_xarray(_plain(data)) if cube.ndim > 1]
    names = {variable, None} if variable is None else {variable}
    chosen = found if variable is None else [cube for cube in found if names & {cube.var_name, cube.standard_name}]
    if len(chosen) != 1:
        there = ", ".join(sorted(str(cube.var_name) for cube in found)) or "none"
        what = "name one" if variable is None else f"'{variable}' must be one of them"
        raise DataError(f"The dataset has the variables {there}; {what} by `variable`.")
    (cube,) = chosen
    return cube.copy(data=da.ma.masked_invalid(cube.core_data())) if cube.dtype.kind == "f" else cube


def _valid(name: Hashable) -> str:
    """A name as netCDF allows it: brackets, blanks and letters beyond ASCII become underscores."""
    plain = re.sub(r"\W", "_", str(name), flags=re.ASCII)
    return plain if plain[:1].isalpha() else f"v{plain}"


def _plain(data: xr.Dataset) -> xr.Dataset:
    """Leave out how the file packed its values: what was calculated from them may not fit in there any more."""
    names = {name: _valid(name) for name in data.variables if not isinstance(name, str)}
    plain = _with_read_times(data.rename(names) if names else data.copy())
    for _name, variable in plain.variables.items():
        encoding = {key: value for key, value in variable.encoding.items() if key in ("units", "calendar")}
        if np.issubdtype(variable.dtype, np.datetime64):
            encoding.setdefault("calendar", "standard")
        variable.encoding = encoding
    return plain


def _with_read_times(data: xr.Dataset) -> xr.Dataset:
    """Read times and all that has no more than one dimension: xarray can't encode times that are still to be read."""
    for variable in data.variables.values():
        if variable.ndim < 2 or variable.dtype.kind in "MO":
            variable.load()
    return data
