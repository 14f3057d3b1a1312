"""Schedules and steps are those of the library `diffusers`, to float precision."""

from itertools import product

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler

from esmlearn.diffusion import Levels, betas, clean_estimate, discrete_levels, sample, sampling_levels
from esmlearn.diffusion.samplers import step_ddim, step_ddpm
from esmlearn.settings import DiffusionSettings, SamplerSettings

SCHEDULES = {"linear": "linear", "cosine": "squaredcos_cap_v2", "sigmoid": "sigmoid"}
PREDICTIONS = {"epsilon": "epsilon", "x0": "sample", "v": "v_prediction"}
SHAPE = (3, 1, 4, 5)


def scheduler_of(kind, schedule, parameterization="epsilon", **options):
    """A scheduler of theirs, whose sums are carried in double precision as ours are."""
    theirs = DDPMScheduler(beta_schedule=SCHEDULES[schedule]).betas  # their DDIM knows no sigmoid by name
    made = kind(
        trained_betas=theirs.numpy(), prediction_type=PREDICTIONS[parameterization], clip_sample=False, **options
    )
    made.betas = theirs.double()
    made.alphas = 1 - made.betas
    made.alphas_cumprod = made.alphas.cumprod(0)
    return made


def level_of(schedule, timestep):
    """Level of one of 1000 timesteps; -1 is clean."""
    if timestep < 0:
        return Levels(torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64))
    return discrete_levels(schedule, 1000)[timestep]


def state(seed):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def clean_of(answer, noisy, level, parameterization):
    settings = DiffusionSettings(parameterization=parameterization)
    return clean_estimate(lambda *_: answer, noisy, level, None, settings)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_betas_agree(schedule):
    theirs = DDPMScheduler(beta_schedule=SCHEDULES[schedule])
    torch.testing.assert_close(betas(schedule, 1000).float(), theirs.betas, rtol=2e-6, atol=1e-8)
    signal = discrete_levels(schedule, 1000).signal.float()
    torch.testing.assert_close(signal, theirs.alphas_cumprod.sqrt(), rtol=2e-4, atol=1e-8)


@pytest.mark.parametrize(("schedule", "parameterization"), product(SCHEDULES, PREDICTIONS))
@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large"])
def test_steps_of_ddpm_agree(schedule, parameterization, variance):
    scheduler = scheduler_of(
        DDPMScheduler, schedule, parameterization, variance_type=variance, timestep_spacing="linspace"
    )
    scheduler.set_timesteps(7)
    timesteps = [int(t) for t in scheduler.timesteps]
    for number, (timestep, following) in enumerate(zip(timesteps, [*timesteps[1:], -1], strict=True)):
        noisy, answer = state(number), state(100 + number)
        theirs = scheduler.step(answer, timestep, noisy, generator=torch.Generator().manual_seed(9)).prev_sample
        now, then = level_of(schedule, timestep), level_of(schedule, following)
        clean = clean_of(answer, noisy, now, parameterization)
        noise = state(9) if following >= 0 else None
        ours = step_ddpm(noisy, clean, now, then, large=variance == "fixed_large", noise=noise)
        torch.testing.assert_close(ours, theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("schedule", "parameterization"), product(SCHEDULES, PREDICTIONS))
@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
def test_steps_of_ddim_agree(schedule, parameterization, eta):
    scheduler = scheduler_of(DDIMScheduler, schedule, parameterization)
    scheduler.set_timesteps(8)
    for number, timestep in enumerate((999, 875, 500, 250, 124)):
        noisy, answer, noise = state(number), state(100 + number), state(200 + number)
        theirs = scheduler.step(answer, timestep, noisy, eta=eta, variance_noise=noise if eta else None).prev_sample
        now, then = level_of(schedule, timestep), level_of(schedule, timestep - 125)
        ours = step_ddim(noisy, clean_of(answer, noisy, now, parameterization), now, then, eta=eta, noise=noise)
        torch.testing.assert_close(ours, theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_whole_runs_of_ddpm_agree(schedule):
    """Their timesteps, their steps, their noise: the same members."""
    scheduler = scheduler_of(DDPMScheduler, schedule, "x0", timestep_spacing="linspace")
    scheduler.set_timesteps(20)
    theirs = state(0)
    for number, timestep in enumerate(scheduler.timesteps):
        generator = torch.Generator().manual_seed(number + 1)
        theirs = scheduler.step(torch.tanh(theirs), timestep, theirs, generator=generator).prev_sample
    diffusion, sampler = DiffusionSettings(schedule=schedule), SamplerSettings(sampler="ddpm", steps=20)
    levels = sampling_levels(diffusion, sampler)
    start = 1 / levels.noise[0]  # theirs departs from unit noise, ours from noise of the first level
    ours = sample(lambda x, _: torch.tanh(x), lambda k: state(k) * (start if k == 0 else 1), levels, sampler)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_whole_runs_of_dpm_solver_agree(schedule):
    """On levels whose distances differ, so that both of them count."""
    scheduler = DPMSolverMultistepScheduler(
        beta_schedule=SCHEDULES[schedule], prediction_type="sample", final_sigmas_type="zero"
    )
    scheduler.set_timesteps(9)
    theirs = state(0)
    for timestep in scheduler.timesteps:
        theirs = scheduler.step(torch.tanh(theirs), timestep, theirs).prev_sample
    total = (1 + scheduler.sigmas.double() ** 2).sqrt()
    levels = Levels(1 / total, scheduler.sigmas / total)
    start = state(0) / levels.noise[0]
    ours = sample(lambda x, _: torch.tanh(x), lambda _: start, levels, SamplerSettings(sampler="dpm_solver_2m"))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
