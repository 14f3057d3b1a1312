"""Formulas of the diffusion, each by itself at levels where no two terms happen to be equal."""

import pytest
import torch

from esmlearn.diffusion.losses import denoising_loss, spectral_term
from esmlearn.diffusion.parameterizations import clean_estimate
from esmlearn.diffusion.schedules import Levels, sampling_levels
from esmlearn.settings import DiffusionSettings, SamplerSettings

SIGNAL, NOISE, SIGMA_DATA = 0.8, 0.7, 1.3
"""Neither their sum nor that of their squares is 1."""

OUTPUTS = {
    "epsilon": lambda clean, noise: noise,
    "x0": lambda clean, noise: clean,
    "v": lambda clean, noise: (SIGNAL * noise - NOISE * clean) / (SIGNAL**2 + NOISE**2) ** 0.5,
    "flow": lambda clean, noise: noise - clean,
    # Karras et al. 2022, table 1, for x / signal, whose noise level is NOISE / SIGNAL.
    "edm": lambda clean, noise: (
        (clean * (NOISE / SIGNAL) ** 2 - noise * NOISE / SIGNAL * SIGMA_DATA**2)
        / (NOISE / SIGNAL * SIGMA_DATA * ((NOISE / SIGNAL) ** 2 + SIGMA_DATA**2) ** 0.5)
    ),
}
"""What the network is to give, by the papers."""


@pytest.mark.parametrize("parameterization", OUTPUTS)
def test_the_right_output_gives_the_clean_state(parameterization):
    clean, noise = torch.randn((2, 3, 1, 4, 5), generator=torch.Generator().manual_seed(1))
    levels = Levels(torch.tensor([SIGNAL]), torch.tensor([NOISE]))
    given = []

    def network(state, level, condition):
        given.append(state)
        return OUTPUTS[parameterization](clean, noise)

    settings = DiffusionSettings(parameterization=parameterization, sigma_data=SIGMA_DATA)
    noisy = SIGNAL * clean + NOISE * noise
    torch.testing.assert_close(clean_estimate(network, noisy, levels, None, settings), clean, atol=1e-5, rtol=1e-5)
    deviation = (SIGNAL**2 * SIGMA_DATA**2 + NOISE**2) ** 0.5
    torch.testing.assert_close(given[0], noisy / deviation)


@pytest.mark.parametrize("schedule", ["linear", "sigmoid", "cosine", "karras", "flow"])
def test_levels_of_a_sampler_keep_the_sum_of_their_schedule(schedule):
    sampler = SamplerSettings(steps=9, spacing="karras", sigma_min=0.05, sigma_max=5.0, rho=3.0)
    levels = sampling_levels(DiffusionSettings(schedule=schedule), sampler)
    signal, noise = levels.signal.double(), levels.noise.double()
    # Karras et al. 2022, eq. 5, and at the end the clean state.
    fall = torch.linspace(0, 1, 9, dtype=torch.float64)
    sigma = (5.0 ** (1 / 3) + fall * (0.05 ** (1 / 3) - 5.0 ** (1 / 3))) ** 3
    torch.testing.assert_close((noise / signal)[:9], sigma, atol=1e-5, rtol=1e-5)
    together = {"karras": signal, "flow": signal + noise}.get(schedule, (signal**2 + noise**2).sqrt())
    torch.testing.assert_close(together, torch.ones_like(together), atol=1e-6, rtol=1e-6)


def test_the_spectral_term_knows_no_direction():
    error = torch.randn((2, 1, 6, 10), generator=torch.Generator().manual_seed(2))
    everywhere = torch.ones_like(error, dtype=torch.bool)
    turned = spectral_term(error.transpose(-1, -2), everywhere.transpose(-1, -2))
    torch.testing.assert_close(spectral_term(error, everywhere), turned)


@pytest.mark.parametrize(("waves", "axis"), [(1, -1), (3, -1), (5, -1), (1, -2), (2, -2)])
def test_the_spectral_term_weighs_by_the_square_of_the_wavenumber(waves, axis):
    rows, columns = 6, 10
    n = error_length = (rows, columns)[axis]
    wave = torch.cos(2 * torch.pi * waves * torch.arange(error_length) / n)
    error = (wave[:, None] if axis == -2 else wave[None, :]).expand(1, 1, rows, columns)
    squares = [sum(min(k, size - k) ** 2 for k in range(size)) / size**3 for size in (rows, columns)]
    expected = (error**2).mean() * (waves / n) ** 2 / sum(squares)
    torch.testing.assert_close(spectral_term(error, torch.ones_like(error, dtype=torch.bool)), expected)


def test_the_spectral_term_is_that_of_an_error_of_zero_where_nothing_counts():
    clean = torch.randn((2, 1, 6, 10), generator=torch.Generator().manual_seed(3))
    where = torch.zeros_like(clean, dtype=torch.bool)
    where[..., 1:5, 2:7] = True
    levels = Levels(torch.ones(2), torch.full((2,), 0.5))

    def loss(weight):
        settings = DiffusionSettings(parameterization="x0", weigh_by="pixel", spectral_weight=weight)
        return denoising_loss(lambda x, *_: torch.zeros_like(x), clean, clean, levels, None, where, settings)

    torch.testing.assert_close(loss(2.0) - loss(0.0), 2 * spectral_term(torch.where(where, -clean, 0.0), where))
