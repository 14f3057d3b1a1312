"""An ideal denoiser of N(1, 0.5) must end in N(1, 0.5): schedule, parameterization and sampler together."""

from itertools import product

import pytest
import torch

from esmlearn.diffusion import denoiser, sample, sampling_levels
from esmlearn.settings import DiffusionSettings, SamplerSettings
from tests.diffusion.oracles import even_noise, ideal_network

SCHEDULES = ("linear", "sigmoid", "cosine", "karras", "flow")
PARAMETERIZATIONS = ("epsilon", "x0", "v", "edm", "flow")
SAMPLERS = ("ddpm", "ddim", "euler", "heun", "dpm_solver_2m")

# The error of a solver falls with its order: bounds on the relative error of the deviation, (factor, order).
ERRORS = {"ddpm": (6.0, 1), "ddim": (3.0, 1), "euler": (3.0, 1), "heun": (25.0, 2), "dpm_solver_2m": (20.0, 2)}


def members_of(schedule, parameterization, steps, *, n_members=1000, sigma_data=1.0, **sampler):
    diffusion = DiffusionSettings(schedule=schedule, parameterization=parameterization, sigma_data=sigma_data)
    settings = SamplerSettings(steps=steps, **sampler)
    network = ideal_network(parameterization, sigma_data=sigma_data)
    levels = sampling_levels(diffusion, settings)
    return sample(denoiser(network, "condition", diffusion), even_noise(n_members), levels, settings)


def check(members, sampler, steps):
    factor, order = ERRORS[sampler]
    by_chance = 0.04 if sampler == "ddpm" else 0.006
    assert members.mean().item() == pytest.approx(1.0, abs=0.01)
    assert members.std().item() == pytest.approx(0.5, rel=factor / steps**order + by_chance)


@pytest.mark.parametrize(("schedule", "sampler"), product(SCHEDULES, SAMPLERS))
@pytest.mark.parametrize("steps", [10, 30])
def test_an_ideal_denoiser_gives_back_the_gaussian(schedule, sampler, steps):
    """However few the steps; and all parameterizations of the same denoiser give the same members."""
    members = [members_of(schedule, name, steps, sampler=sampler) for name in PARAMETERIZATIONS]
    for found in members:
        check(found, sampler, steps)
        torch.testing.assert_close(found, members[1], rtol=0, atol=5e-4)


@pytest.mark.parametrize(("schedule", "sampler"), product(SCHEDULES, SAMPLERS))
def test_more_steps_come_nearer(schedule, sampler):
    parameterization = PARAMETERIZATIONS[(SCHEDULES.index(schedule) + SAMPLERS.index(sampler)) % 5]
    check(members_of(schedule, parameterization, 100, sampler=sampler), sampler, 100)


@pytest.mark.parametrize(
    ("schedule", "parameterization", "sampler"),
    zip(SCHEDULES, ("v", "epsilon", "x0", "flow", "edm"), SAMPLERS, strict=True),
)
def test_a_thousand_steps_are_exact(schedule, parameterization, sampler):
    check(members_of(schedule, parameterization, 1000, sampler=sampler), sampler, 1000)


@pytest.mark.parametrize("options", [{"sampler": "ddim", "eta": 0.5}, {"sampler": "ddim", "eta": 1.0}])
def test_ddim_may_renew_its_noise(options):
    check(members_of("cosine", "v", 200, **options), "ddpm", 200)


def test_ddpm_with_the_large_variance_is_right_with_many_steps():
    members = members_of("linear", "epsilon", 1000, sampler="ddpm", variance="large", n_members=2000)
    assert members.std().item() == pytest.approx(0.5, rel=0.04)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_heun_may_churn(schedule):
    check(members_of(schedule, "edm", 50, sampler="heun", churn=20), "ddpm", 50)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("spacing", ["time", "karras"])
def test_levels_of_either_spacing_serve_first_order_samplers(schedule, spacing):
    check(members_of(schedule, "v", 40, sampler="ddim", spacing=spacing), "ddim", 40)


@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS)
@pytest.mark.parametrize("sigma_data", [0.3, 2.0])
def test_the_deviation_of_the_data_is_only_a_scale(parameterization, sigma_data):
    check(
        members_of("karras", parameterization, 20, sampler="dpm_solver_2m", sigma_data=sigma_data), "dpm_solver_2m", 20
    )
