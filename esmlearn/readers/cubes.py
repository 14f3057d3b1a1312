"""Make a cube in order of what was read."""

import cf_units
import dask.array as da
import numpy as np
from iris.coords import AncillaryVariable, AuxCoord, DimCoord
from iris.cube import Cube

from esmlearn.cubes.convert import as_cube
from esmlearn.readers.axes import EPOCH
from esmlearn.readers.parts import Part

AXES = {"time": EPOCH, "depth": "m", "latitude": "degrees_north", "longitude": "degrees_east"}


def make_cube(
    part: Part,
    days: np.ndarray,
    axes: dict[str, np.ndarray],
    values: np.ndarray | da.Array,
    *,
    bounds: np.ndarray | None = None,
    error: np.ndarray | da.Array | None = None,
    count: np.ndarray | None = None,
) -> Cube:
    """Return values as a cube with the names and units of a file.

    Parameters
    ----------
    part
        The file.
    days
        Times, days since 1850.
    axes
        Points of the other axes by standard name, in the order of the dimensions of `values`.
    values
        ``(time, *axes)``, NaN where missing.
    bounds
        Of the times, days since 1850; they are kept where a value stands for more than a day, or is the only one.
    error
        Standard deviation of the error of each value.
    count
        Number of observations in each value.
    """
    names = part.names
    cube = Cube(_masked(values), var_name=names["var_name"], long_name=names["long_name"] or None)
    try:
        cube.standard_name = names["standard_name"] or None
    except ValueError:  # not in the table of CF
        cube.long_name = names["standard_name"]
    _put_units(cube, names["units"])
    for dim, (name, points) in enumerate({"time": days, **axes}.items()):
        steps = np.diff(points)
        units = cf_units.Unit(AXES[name], part.calendar) if name == "time" else AXES[name]
        edges = bounds if name == "time" and _says_more(bounds) else None
        if (steps > 0).all() or (steps < 0).all():
            cube.add_dim_coord(DimCoord(points.astype(float), standard_name=name, units=units, bounds=edges), dim)
        else:
            cube.add_aux_coord(AuxCoord(points.astype(float), standard_name=name, units=units), dim)
    for what, suffix, extra, of in (
        ("standard_error", "standard_deviation", error, cube.units),
        ("number_of_observations", "number_of_observations", count, "1"),
    ):
        if extra is not None:
            named = AncillaryVariable(extra if what[0] == "n" else _masked(extra), var_name=f"{cube.var_name}_{suffix}")
            if cube.standard_name:
                named.standard_name = f"{cube.standard_name} {what}"
            else:
                named.long_name = f"{cube.name()} {what}"
            named.units = of
            cube.add_ancillary_variable(named, range(cube.ndim))
    return as_cube(cube)


def _says_more(bounds: np.ndarray | None) -> bool:
    """Whether bounds say more than times: each day has its own, but for a single one that might be a composite."""
    return bounds is not None and (len(bounds) == 1 or float(np.diff(bounds).max()) > 1.5)


def _put_units(cube: Cube, text: str) -> None:
    """Give a cube its units; those that UDUNITS does not know stay as text, as iris leaves them."""
    try:
        cube.units = text
    except ValueError:
        cube.attributes["invalid_units"] = text


def _masked(values: np.ndarray | da.Array) -> np.ndarray | da.Array:
    return da.ma.masked_invalid(values) if isinstance(values, da.Array) else np.ma.masked_invalid(values)
