"""Averages of a field over blocks of cells, for benchmarks, tests and notebooks; recipes use ESMValCore's `regrid`."""

import numpy as np
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.fields.field import Field
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager


def coarsen(field: Field, ratio: int) -> Field:
    """Average a field of one variable over blocks of `ratio` times `ratio` cells, weighted by area.

    Cells without a value do not count. Rows and columns beyond the last whole block are left out.
    """
    fine = RectilinearGrid.of(field.like[0])
    edges = [_blocks(part, ratio) for part in (fine.lat_edges, fine.lon_edges)]
    coarse = RectilinearGrid(edges[0].mean(axis=1), edges[1].mean(axis=1), *edges)
    like = field.like[0]
    cube = Cube(
        np.ma.masked_invalid(averager(fine, coarse)(field.values[:, 0])),
        standard_name=like.standard_name,
        var_name=like.var_name,
        units=field.units,
        attributes=dict(like.attributes),
        dim_coords_and_dims=[
            (like.coord("time"), 0),
            (DimCoord(coarse.lat, "latitude", var_name="lat", units="degrees", bounds=edges[0]), 1),
            (DimCoord(coarse.lon, "longitude", var_name="lon", units="degrees", bounds=edges[1]), 2),
        ],
    )
    return Field.from_cube(cube)


def _blocks(edges: np.ndarray, ratio: int) -> np.ndarray:
    """Edges of whole blocks."""
    n_blocks = len(edges) // ratio
    return np.stack([edges[: n_blocks * ratio : ratio, 0], edges[ratio - 1 : n_blocks * ratio : ratio, 1]], axis=1)
