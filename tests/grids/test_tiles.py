"""Windows cover all of a grid, lie where there is ocean, and can't be seen after blending."""

import itertools

import numpy as np
import pytest

from esmlearn.grids.tiles import Blend, corners_with_ocean, ramp, slices


@pytest.mark.parametrize(("length", "window", "overlap"), [(20, 8, 0.5), (20, 8, 0.0), (5, 8, 0.5), (17, 8, 0.9)])
@pytest.mark.parametrize("ring", [True, False])
def test_windows_cover_a_length(length, window, overlap, ring):
    found = slices(length, window, overlap, ring=ring)
    covered = np.concatenate([np.arange(part.start, part.stop) for part in found])
    assert set(covered % length) == set(range(length))
    assert {part.stop - part.start for part in found} == {min(window, length)}
    assert ring or covered.max() == length - 1


def test_corners_are_those_of_windows_with_ocean():
    """Ocean in one corner of a continent: only windows with at least a tenth of it."""
    land = np.ones((12, 16), bool)
    land[:4, :4] = False
    corners = corners_with_ocean(land, (8, 8))
    expected = [(y, x) for y, x in itertools.product(range(5), range(9)) if max(4 - y, 0) * max(4 - x, 0) >= 6.4]
    assert [tuple(corner) for corner in corners] == expected
    land[:] = True
    assert len(corners_with_ocean(land, (8, 8))) == 5 * 9


def test_blended_windows_give_back_what_they_were_cut_from():
    """Also beyond the end of a ring, where columns belong to the start."""
    field = np.random.default_rng(0).standard_normal((2, 3, 12, 16)).astype(np.float32)
    blend = Blend(3, 12, 16)
    for lat, lon in itertools.product(slices(12, 8, 0.5), slices(16, 8, 0.5, ring=True)):
        window = field[:, :, lat][..., np.arange(lon.start, lon.stop) % 16]
        blend.add(slice(0, 3), (lat, lon), window, weight=0.5)
    np.testing.assert_allclose(blend.mean(), field, rtol=1e-5, atol=1e-6)


def test_a_window_counts_most_in_its_middle():
    np.testing.assert_allclose(ramp(5), [0.2, 0.6, 1.0, 0.6, 0.2], rtol=1e-6)
    assert ramp(1) == 1.0
