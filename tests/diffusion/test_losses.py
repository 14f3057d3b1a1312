"""What counts in the loss, and how much."""

import numpy as np
import pytest
import torch

from esmlearn.diffusion import denoising_loss, training_levels
from esmlearn.diffusion.losses import gradient_term, spectral_term
from esmlearn.errors import SettingsError
from esmlearn.settings import DiffusionSettings
from tests.diffusion.oracles import ideal_network

SHAPE = (4, 2, 6, 8)


def settings_of(**options):
    return DiffusionSettings(**({"parameterization": "x0", "weigh_by": "pixel"} | options))


def zero(x, _number, _condition):
    """Say that the clean state is zero, so that the error is minus the state."""
    return torch.zeros_like(x)


def loss_of(clean, where, settings, network=zero, **options):
    levels = training_levels(torch.linspace(0.2, 0.8, len(clean)), settings)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    return denoising_loss(network, clean, noise, levels, "condition", where, settings, **options)


@pytest.fixture
def where():
    made = torch.zeros(SHAPE, dtype=torch.bool)
    made[:, :, 1:4, 2:6] = True
    return made


def test_only_hidden_pixels_with_a_target_count(where):
    clean = torch.where(where, 2.0, 1e6)
    assert loss_of(clean, where, settings_of()).item() == pytest.approx(4.0)
    terms = settings_of(gradient_weight=1.0, spectral_weight=1.0)
    same = torch.where(where, 2.0, -1e6)
    assert loss_of(clean, where, terms).item() == pytest.approx(loss_of(same, where, terms).item())


def test_nothing_to_learn_gives_none():
    assert loss_of(torch.ones(SHAPE), torch.zeros(SHAPE, dtype=torch.bool), settings_of()) is None


def test_area_counts_where_it_is_asked_to(where):
    area = torch.linspace(0.1, 1.0, 6)[None, None, :, None]
    clean = torch.arange(6.0)[:, None].expand(SHAPE)
    expected = np.average([1, 4, 9], weights=area.flatten()[1:4])
    assert loss_of(clean, where, settings_of(weigh_by="area"), area=area).item() == pytest.approx(expected)
    assert loss_of(clean, where, settings_of(), area=area).item() == pytest.approx(14 / 3)
    with pytest.raises(SettingsError, match="weigh_by area needs the area"):
        loss_of(clean, where, settings_of(weigh_by="area"))


@pytest.mark.parametrize("parameterization", ["epsilon", "x0", "v", "edm", "flow"])
def test_the_loss_is_that_of_the_answer_of_the_network(parameterization, where):
    """If the answer is off by 0.1 everywhere, the loss is 0.01, whatever the levels."""
    settings = settings_of(parameterization=parameterization, schedule="cosine")
    clean = torch.full(SHAPE, 1.0)
    right = ideal_network(parameterization, std=1e-6)
    loss = loss_of(clean, where, settings, lambda x, number, c: right(x, number, c) + 0.1)
    assert loss.item() == pytest.approx(0.01, rel=1e-2)


def test_min_snr_limits_what_low_noise_counts(where):
    """The weights are min(1 / noise², 5)."""
    settings = settings_of(min_snr=5.0)
    levels = training_levels(torch.linspace(0.2, 0.8, 4), settings)
    expected = (levels.noise**-2).clamp(max=5).mean().item()
    assert loss_of(torch.ones(SHAPE), where, settings).item() == pytest.approx(expected, rel=1e-5)


def test_terms_against_speckle_see_speckle_and_not_an_offset():
    everywhere = torch.ones(SHAPE, dtype=torch.bool)
    weights = everywhere.float()
    offset = torch.ones(SHAPE)
    rows, columns = torch.meshgrid(torch.arange(6), torch.arange(8), indexing="ij")
    speckle = (1.0 - 2 * ((rows + columns) % 2)).expand(SHAPE).contiguous()
    white = torch.randn(200, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert gradient_term(offset, everywhere, weights).item() == 0
    assert gradient_term(speckle, everywhere, weights).item() == pytest.approx(4.0)
    assert spectral_term(offset, everywhere).item() == pytest.approx(0.0, abs=1e-6)
    assert spectral_term(speckle, everywhere).item() > 2
    assert spectral_term(white, torch.ones(white.shape, dtype=torch.bool)).item() == pytest.approx(1.0, abs=0.02)


def test_differences_count_between_two_pixels_that_count(where):
    error = torch.where(where, torch.arange(8.0), 0.0)
    across = gradient_term(error, where, where.float()).item()
    # 3 x 3 pairs along the rows differ by 1, 2 x 4 along the columns by 0; the edge of the hidden area is no pair.
    assert across == pytest.approx(9 / 17)


def test_a_lone_pixel_has_no_neighbour_and_can_be_learned():
    where = torch.zeros(SHAPE, dtype=torch.bool)
    where[0, 0, 2, 2] = True
    loss = loss_of(torch.ones(SHAPE), where, settings_of(gradient_weight=1.0))
    assert loss.item() == pytest.approx(1.0)
