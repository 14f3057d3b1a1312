"""Levels by hand, and that no level leaves the range of numbers."""

import math

import pytest
import torch

from esmlearn.diffusion import betas, discrete_levels, loss_weight, sampling_levels, training_levels
from esmlearn.diffusion.parameterizations import coefficients
from esmlearn.errors import SettingsError
from esmlearn.settings import DiffusionSettings, SamplerSettings

SCHEDULES = ("linear", "sigmoid", "cosine", "karras", "flow")
PARAMETERIZATIONS = ("epsilon", "x0", "v", "edm", "flow")


def test_betas_by_hand():
    assert betas("linear", 1000)[[0, 999]].tolist() == pytest.approx([1e-4, 0.02])
    middle = betas("sigmoid", 1001)[500].item() * 1001 / 1000
    assert middle == pytest.approx((1e-4 + 0.02) / 2)
    first = 1 - (math.cos((0.001 + 0.008) / 1.008 * math.pi / 2) / math.cos(0.008 / 1.008 * math.pi / 2)) ** 2
    assert betas("cosine", 1000)[0].item() == pytest.approx(first)
    assert betas("cosine", 1000)[-1].item() == pytest.approx(0.999)


@pytest.mark.parametrize("schedule", ["linear", "sigmoid", "cosine"])
@pytest.mark.parametrize("timesteps", [20, 100, 1000, 4000])
def test_discrete_schedules_end_in_noise_however_many_their_steps(schedule, timesteps):
    levels = discrete_levels(schedule, timesteps)
    torch.testing.assert_close(levels.signal**2 + levels.noise**2, torch.ones(timesteps, dtype=torch.float64))
    assert levels.signal[-1] < 0.02
    assert (levels.sigma.diff() > 0).all()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS)
def test_all_is_finite_at_every_level(schedule, parameterization):
    settings = DiffusionSettings(schedule=schedule, parameterization=parameterization)
    learned = training_levels(torch.linspace(0, 1, 1001), settings)
    sampled = [
        sampling_levels(settings, SamplerSettings(steps=steps, spacing=spacing))[:-1]
        for steps in (1, 2, 10, 1000)
        for spacing in ("time", "karras")
    ]
    for levels in (learned, *sampled):
        numbers = (levels.c_noise, *coefficients(levels, settings), loss_weight(levels, settings))
        assert all(value.float().isfinite().all() for value in numbers)
        assert (loss_weight(levels, settings) > 0).all()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("spacing", ["time", "karras"])
def test_a_sampler_walks_down_to_clean_within_what_was_trained(schedule, spacing):
    settings = DiffusionSettings(schedule=schedule)
    levels = sampling_levels(settings, SamplerSettings(steps=30, spacing=spacing))
    assert len(levels) == 31
    assert (levels.sigma.diff() < 0).all()
    assert (levels.signal[-1].item(), levels.noise[-1].item()) == (1.0, 0.0)
    if schedule != "karras":
        lowest, highest = training_levels(torch.tensor([0.0, 1.0]), settings).sigma
        assert lowest * 0.9999 <= levels.sigma[-2]
        assert levels.sigma[0] <= highest * 1.0001


def test_karras_levels_by_hand():
    levels = sampling_levels(DiffusionSettings(schedule="karras"), SamplerSettings(steps=3, rho=7))
    middle = ((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7
    assert levels.noise.tolist() == pytest.approx([80, middle, 0.002, 0])
    assert (levels.signal == 1).all()


def test_timesteps_of_few_steps_are_spread_over_the_schedule():
    diffusion = DiffusionSettings(schedule="linear", timesteps=1000)
    levels = sampling_levels(diffusion, SamplerSettings(sampler="ddim", steps=4))
    expected = discrete_levels("linear", 1000).noise[[999, 666, 333, 0]]
    torch.testing.assert_close(levels.noise[:-1], expected)


def test_training_levels_of_karras_are_log_normal():
    settings = DiffusionSettings(schedule="karras", log_noise_mean=-1.2, log_noise_std=1.2)
    log_noise = training_levels((torch.arange(10_000) + 0.5) / 10_000, settings).noise.log()
    assert log_noise.mean().item() == pytest.approx(-1.2, abs=1e-3)
    assert log_noise.std().item() == pytest.approx(1.2, rel=1e-3)


def test_every_timestep_is_learned_alike():
    settings = DiffusionSettings(schedule="cosine", timesteps=50)
    levels = training_levels((torch.arange(500) + 0.5) / 500, settings)
    _, counts = levels.noise.unique(return_counts=True)
    assert counts.tolist() == [10] * 50


def test_more_steps_than_timesteps_are_refused():
    diffusion = DiffusionSettings(schedule="linear", timesteps=100)
    with pytest.raises(SettingsError, match="200 steps, but the schedule linear has only 100 timesteps"):
        sampling_levels(diffusion, SamplerSettings(sampler="ddpm", steps=200))
    assert len(sampling_levels(diffusion, SamplerSettings(sampler="heun", steps=200))) == 201


def test_published_weights():
    """Karras et al. 2022, table 1: (sigma² + d²) / (sigma d)²; of epsilon the signal-to-noise ratio."""
    levels = training_levels(torch.tensor([0.1, 0.5, 0.9]), DiffusionSettings(schedule="karras"))
    sigma = levels.sigma
    edm = loss_weight(levels, DiffusionSettings(parameterization="edm", sigma_data=0.5))
    torch.testing.assert_close(edm, (sigma**2 + 0.25) / (0.5 * sigma) ** 2)
    torch.testing.assert_close(loss_weight(levels, DiffusionSettings(parameterization="epsilon")), sigma**-2)
    least = loss_weight(levels, DiffusionSettings(parameterization="v", min_snr=5.0))
    torch.testing.assert_close(least, (sigma**-2).clamp(max=5))
