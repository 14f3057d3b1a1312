"""Training never comes nearer to validation than the buffer."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.ndimage import distance_transform_cdt

from esmlearn.errors import SettingsError
from esmlearn.settings.densify import PlacesSettings
from esmlearn.tasks.densify.places import split_places

LAND = np.zeros((64, 96), bool)
LAND[40:, :30] = True


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("buffer", [0, 1, 4])
def test_buffer_lies_between(seed, buffer):
    """Counted in steps that may go diagonally, the next training cell is `buffer` + 1 steps away, and no further."""
    places = split_places(LAND, PlacesSettings(block=12, buffer=buffer), seed=seed)
    steps = distance_transform_cdt(~places.validation, metric="chessboard")
    assert steps[places.training].min() == buffer + 1
    assert not (places.training & places.validation).any()


def test_share_of_the_blocks():
    """24 blocks of 16 cells, of which 2 hold no sea at all: a fifth of 22 are 4."""
    land = np.zeros((64, 96), bool)
    land[48:, :32] = True
    validation = split_places(land, PlacesSettings(block=16, share=0.2), seed=3).validation
    assert validation.sum() == 4 * 16 * 16


def test_land_serves_for_nothing():
    places = split_places(LAND, PlacesSettings(block=10), seed=1)
    assert not (places.training | places.validation)[LAND].any()


def test_same_seed_same_places():
    first, again, other = (split_places(LAND, PlacesSettings(), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.validation, again.validation)
    assert (first.validation != other.validation).any()


def test_buffer_goes_round_the_globe():
    land = np.ones((8, 40), bool)
    land[:, [0, 20, 39]] = False  # of the three blocks with sea, one is drawn
    places = [
        split_places(land, PlacesSettings(block=8, share=0.3, buffer=2), seed=seed, closes=True) for seed in range(20)
    ]
    assert any(place.validation[0, 0] for place in places)
    assert all(not place.training[0, 39] for place in places if place.validation[0, 0])
    flat = [split_places(land, PlacesSettings(block=8, share=0.3, buffer=2), seed=seed) for seed in range(20)]
    assert all(place.training[0, 39] for place in flat if place.validation[0, 0])


def test_a_split_that_leaves_nothing_for_the_training_is_refused():
    with pytest.raises(SettingsError, match="A split by place"):
        split_places(LAND, PlacesSettings(block=64, share=0.9), seed=1)


@pytest.mark.parametrize("options", [{"block": 0}, {"share": 0.0}, {"buffer": -1}])
def test_impossible_settings_are_refused(options):
    with pytest.raises(ValidationError):
        PlacesSettings(**options)
