"""A cube of steps in another order: what belongs to the times follows them, and passes or copies are merged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from iris.coords import AncillaryVariable, AuxCoord, Coord, DimCoord
from iris.cube import Cube
from jaxtyping import Float, Int

from esmlearn.cubes.merging import error_of_mean, first_of, mean_of_passes, sum_of, take_steps

Rows = Int[np.ndarray, "step pass"]
"""Places of the passes of each step in the input; -1 for none."""


def rebuild(
    cube: Cube,
    coord: Coord,
    rows: Rows,
    points: Float[np.ndarray, " step"],
    bounds: Float[np.ndarray, "step 2"] | None,
    *,
    passes: bool = False,
) -> Cube:
    """Make a cube of the steps in these rows; several in a row are passes of their own, or else copies."""
    axis = cube.coord_dims(coord)[0]
    errors = next((part for part in cube.ancillary_variables() if is_error(part) and spans(cube, part)), None)

    def parts(variable: Any, dims: Sequence[int]) -> list[Any]:
        return [take_steps(variable.core_data(), row, dims.index(axis)) for row in rows.T]

    def merged(variable: Any, dims: Sequence[int]) -> Any:
        own = parts(variable, dims)
        if len(own) == 1:
            return own[0]
        if variable is errors and passes:
            return error_of_mean(own, parts(cube, range(cube.ndim)))
        if variable is not cube and (variable.standard_name or "").endswith("number_of_observations") and passes:
            return sum_of(own)
        if own[0].dtype.kind != "f" and variable is not cube:
            return first_of(own)
        weights = parts(errors, range(cube.ndim)) if errors is not None and passes and variable is cube else None
        return mean_of_passes(own, weights)

    made = Cube(merged(cube, range(cube.ndim)))
    made.metadata = cube.metadata
    for other in cube.coords(dim_coords=True):
        if cube.coord_dims(other) != (axis,):
            made.add_dim_coord(other, cube.coord_dims(other))
    for other in cube.coords(dim_coords=False):
        dims = cube.coord_dims(other)
        if other is not coord and other != coord:
            made.add_aux_coord(_taken(other, rows[:, 0], dims.index(axis)) if axis in dims else other, dims)
    for variable in cube.ancillary_variables():
        dims = cube.ancillary_variable_dims(variable)
        made.add_ancillary_variable(variable.copy(merged(variable, dims)) if axis in dims else variable, dims)
    for measure in cube.cell_measures():
        dims = cube.cell_measure_dims(measure)
        if axis not in dims:
            made.add_cell_measure(measure, dims)
    names = {key: getattr(coord, key) for key in ("standard_name", "long_name", "var_name", "units", "attributes")}
    made.add_dim_coord(DimCoord(points, bounds=bounds, **names), axis)
    return made


def _taken(coord: Coord, rows: np.ndarray, axis: int) -> Coord:
    """Points of an auxiliary coordinate; masked, or an empty text, at steps that were missing."""
    if coord.dtype.kind in "US":
        return AuxCoord.from_coord(coord).copy(np.where(rows >= 0, coord.points[rows], ""))
    bounds = take_steps(coord.core_bounds(), rows, axis) if coord.has_bounds() else None
    return AuxCoord.from_coord(coord).copy(take_steps(coord.core_points(), rows, axis), bounds)


def rows_of(keys: Int[np.ndarray, " time"], order: Int[np.ndarray, " time"]) -> Rows:
    """Places of all times with the same key, one row for each key in rising order, in the order given."""
    keys = keys[order]
    order = order[np.argsort(keys, kind="stable")]
    _, place, count = np.unique(np.sort(keys), return_index=True, return_counts=True)
    rows = np.full((len(place), count.max()), -1)
    for column in range(count.max()):
        some = count > column
        rows[some, column] = order[place[some] + column]
    return rows


def is_error(variable: AncillaryVariable) -> bool:
    """Whether an ancillary variable is the standard deviation of the errors."""
    return (variable.standard_name or "").endswith("standard_error")


def spans(cube: Cube, variable: AncillaryVariable) -> bool:
    """Whether an ancillary variable has all dimensions of the cube."""
    return cube.ancillary_variable_dims(variable) == tuple(range(cube.ndim))


def part_of(bounds: np.ndarray | None, places: np.ndarray) -> np.ndarray | None:
    """Bounds at some places; None where there are none."""
    return None if bounds is None else bounds[places]
