"""Training never comes nearer to validation than the buffer."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_cdt

from esmlearn.errors import SettingsError
from esmlearn.tasks.densify.places import split_places

LAND = np.zeros((64, 96), bool)
LAND[40:, :30] = True


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("buffer", [0, 1, 4])
def test_buffer_lies_between(seed, buffer):
    """Counted in steps that may go diagonally, the next training cell is `buffer` + 1 steps away, and no further."""
    places = split_places(LAND, seed=seed, block=12, buffer=buffer)
    steps = distance_transform_cdt(~places.validation, metric="chessboard")
    assert steps[places.training].min() == buffer + 1
    assert not (places.training & places.validation).any()


def test_share_of_the_blocks():
    """24 blocks of 16 cells, of which 2 hold no sea at all: a fifth of 22 are 4."""
    land = np.zeros((64, 96), bool)
    land[48:, :32] = True
    validation = split_places(land, seed=3, block=16, share=0.2).validation
    assert validation.sum() == 4 * 16 * 16


def test_land_serves_for_nothing():
    places = split_places(LAND, seed=1, block=10)
    assert not (places.training | places.validation)[LAND].any()


def test_same_seed_same_places():
    first, again, other = (split_places(LAND, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.validation, again.validation)
    assert (first.validation != other.validation).any()


def test_buffer_goes_round_the_globe():
    land = np.ones((8, 40), bool)
    land[:, [0, 20, 39]] = False  # of the three blocks with sea, one is drawn
    places = [split_places(land, seed=seed, block=8, share=0.3, buffer=2, closes=True) for seed in range(20)]
    assert any(place.validation[0, 0] for place in places)
    assert all(not place.training[0, 39] for place in places if place.validation[0, 0])
    flat = [split_places(land, seed=seed, block=8, share=0.3, buffer=2) for seed in range(20)]
    assert all(place.training[0, 39] for place in flat if place.validation[0, 0])


@pytest.mark.parametrize("options", [{"block": 0}, {"share": 0.0}, {"buffer": -1}, {"block": 64, "share": 0.9}])
def test_impossible_splits_are_refused(options):
    with pytest.raises(SettingsError, match="A split by place"):
        split_places(LAND, seed=1, **options)
