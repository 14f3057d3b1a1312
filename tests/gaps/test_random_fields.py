"""Random fields are waves: the mean of a map is none, whatever the spectrum says of it."""

import numpy as np
import pytest

from esmlearn.gaps.random_fields import random_field


@pytest.mark.parametrize("smooth", [False, True])
def test_no_power_is_in_the_mean_of_the_map(smooth):
    """A spectrum that would put nearly all power into the mean: without it, the field is white and of unit variance."""
    field = random_field(
        (40, 60, 60),
        length_scale=2.0,
        persistence_days=1.0,
        drift=(0.0, 0.0),
        spectrum=lambda size: np.where(size == 1, 1e6, 1.0),
        smooth=smooth,
        rng=np.random.default_rng(1),
    )
    assert field.std() == pytest.approx(1, abs=0.03)
    assert field.mean(axis=(1, 2)).std() < 0.1
