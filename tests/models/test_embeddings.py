"""Encodings of place: a patch lies where its cells lie, on a ring too."""

import pytest
import torch

from esmlearn.models.embeddings import middle_of_patches


@pytest.mark.parametrize("turn", [0.0, -360.0, 360.0])
@pytest.mark.parametrize(
    ("lon", "middle"),
    [
        ([340.0, 350.0, 0.0, 10.0], 355.0),
        ([-20.0, -10.0, 0.0, 10.0], -5.0),
        ([160.0, 170.0, -180.0, -170.0], 175.0),
        ([20.0, 30.0, 40.0, 50.0], 35.0),
    ],
)
def test_a_patch_across_the_end_of_a_ring_is_told_its_own_longitude(lon, middle, turn):
    lat = torch.tensor([10.0, 12.0])[:, None].expand(2, 4)
    position = torch.stack([lat, torch.tensor(lon).expand(2, 4) + turn])[None]
    north, east = middle_of_patches(position, 2, 4).flatten()
    assert north.item() == pytest.approx(11.0)
    assert (east.item() - middle + 180) % 360 - 180 == pytest.approx(0.0, abs=1e-3)
