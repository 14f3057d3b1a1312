"""Means over blocks of cells."""

import numpy as np

from esmlearn.fields.coarsening import coarsen
from esmlearn.fields.field import Field
from tests.made_fields import make_cube


def test_blocks_hold_the_means_of_their_cells_by_area():
    values = np.arange(2 * 5 * 8.0).reshape(2, 5, 8)
    values[:, 0, 0] = np.nan
    field = Field.from_cube(make_cube(values))
    coarse = coarsen(field, 2)
    assert coarse.values.shape == (2, 1, 2, 4)
    edges = np.sin(np.deg2rad(30 + 0.25 * np.array([-0.5, 0.5, 1.5])))
    weights = np.outer(np.diff(edges), [1, 1]) * np.isfinite(values[0, :2, :2])
    np.testing.assert_allclose(
        coarse.values[0, 0, 0, 0], np.nansum(values[0, :2, :2] * weights) / weights.sum(), rtol=1e-6
    )
    np.testing.assert_allclose(coarse.lon, 140.125 + 0.5 * np.arange(4))
