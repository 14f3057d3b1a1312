"""A U-Net sees around each pixel as far as its levels reach, at any size, and one map at a time."""

import pytest
import torch

from esmlearn.models.transformer.unet import UNet


def make_unet(*widths: int) -> UNet:
    torch.manual_seed(0)
    return UNet(3, widths).double()


@pytest.mark.parametrize("widths", [(4,), (4, 6), (4, 6, 8), (4, 6, 8, 10)])
@pytest.mark.parametrize(("rows", "columns"), [(16, 24), (13, 17), (5, 3), (1, 1)])
def test_any_size_comes_back_in_its_size(widths, rows, columns):
    features = make_unet(*widths)(torch.randn(2, 3, rows, columns, dtype=torch.float64))
    assert features.shape == (2, 4, rows, columns)
    assert features.isfinite().all()


@pytest.mark.parametrize(
    ("widths", "first", "last"),
    [
        ((4,), 14, 18),  # two convolutions: two pixels each way
        # Columns 14 to 18 become 7 to 9 of the coarser level, there 5 to 11, which are 10 to 23, and then 8 to 25.
        ((4, 6), 8, 25),
        # 5 to 11 become 2 to 5 of the third, there 0 to 7, which are 0 to 15, then 0 to 17, 0 to 35, and 0 to 37.
        ((4, 6, 8), 0, 37),
    ],
)
def test_a_pixel_is_felt_as_far_as_the_levels_reach(widths, first, last):
    unet = make_unet(*widths)
    maps = torch.randn(1, 3, 40, 40, dtype=torch.float64)
    before = unet(maps)
    maps[0, 1, 16, 16] += 1.0
    moved = (unet(maps) - before)[0].abs().amax(dim=0) > 0
    for line in (moved.any(dim=0), moved.any(dim=1)):
        assert line.nonzero().flatten().tolist() == list(range(first, last + 1))


def test_maps_know_nothing_of_each_other():
    unet = make_unet(4, 6)
    maps = torch.randn(3, 3, 16, 16, dtype=torch.float64)
    before = unet(maps)
    maps[1] *= -100.0
    after = unet(maps)
    torch.testing.assert_close(after[[0, 2]], before[[0, 2]])
    assert not torch.allclose(after[1], before[1])


def test_detail_passes_by_the_coarser_levels():
    """With the second level silent, what the first saw must still come through."""
    unet = make_unet(4, 6)
    unet.down[1].register_forward_hook(lambda _module, _inputs, output: torch.zeros_like(output))
    maps = torch.randn(1, 3, 16, 16, dtype=torch.float64)
    before = unet(maps)
    maps[0, 1, 8, 8] += 1.0
    moved = (unet(maps) - before)[0].abs().amax(dim=0) > 0
    assert moved.any(dim=0).nonzero().flatten().tolist() == list(range(4, 13))  # four convolutions


def test_every_level_learns():
    unet = make_unet(4, 6, 8)
    unet(torch.randn(2, 3, 16, 16, dtype=torch.float64)).square().mean().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in unet.parameters())
