"""Known pixels, evaluations, callbacks and limits of the samplers."""

import pytest
import torch
from einops import einsum, rearrange

from esmlearn.diffusion import Known, sample, sampling_levels
from esmlearn.settings import DiffusionSettings, SamplerSettings

SAMPLERS = ("ddpm", "ddim", "euler", "heun", "dpm_solver_2m")
SCHEDULES = ("linear", "sigmoid", "cosine", "karras", "flow")

# Two pixels of unit variance, correlated by 0.9. If the first is 1.5, the second is N(1.35, 0.44).
COVARIANCE = torch.tensor([[1.0, 0.9], [0.9, 1.0]])
SEEN = torch.tensor([[[[1.5, 0.0]]]])
WHERE = torch.tensor([[[[True, False]]]])


def denoise_pair(noisy, level):
    """Give the best estimate of two correlated pixels: s C (s² C + n² I)^-1 x."""
    signal, noise = level.signal.float(), level.noise.float()
    gain = signal * COVARIANCE @ torch.linalg.inv(signal**2 * COVARIANCE + noise**2 * torch.eye(2))
    return einsum(noisy, gain, "m v y x, z x -> m v y z")


def pair_noise(number, n_members=4000):
    return torch.randn(n_members, 1, 1, 2, generator=torch.Generator().manual_seed(number))


def levels_of(schedule="karras", **sampler):
    settings = SamplerSettings(**sampler)
    return sampling_levels(DiffusionSettings(schedule=schedule), settings), settings


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_known_pixels_guide_their_neighbours(schedule, sampler):
    """They end as they are known; what is beside them follows about half of the way, and is not too sure of itself.

    That putting in what is known replaces only a part of conditioning on it is known (Trippe et al. 2022).
    """
    levels, settings = levels_of(schedule, sampler=sampler, steps=50, keep_observed=True)
    members = sample(denoise_pair, pair_noise, levels, settings, known=Known(SEEN, WHERE))
    assert (members[..., 0] == 1.5).all()
    assert 0.55 < members[..., 1].mean().item() < 1.1
    assert 0.44 < members[..., 1].std().item() < 0.8


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_known_pixels_equal_the_observations_also_where_they_did_not_guide(sampler):
    levels, settings = levels_of(sampler=sampler, steps=20)
    members = sample(denoise_pair, pair_noise, levels, settings, known=Known(SEEN, WHERE))
    assert (members[..., 0] == 1.5).all()
    assert members[..., 1].mean().item() == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize(("sampler", "options"), [(name, {}) for name in SAMPLERS] + [("heun", {"churn": 10})])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_known_pixels_are_noised_to_the_level(schedule, sampler, options):
    """Whatever the network sees of them is signal x0 + noise eps, with another eps for each member."""
    seen = []

    def denoise(noisy, level):
        seen.append((level, noisy[..., 0]))
        return denoise_pair(noisy, level)

    levels, settings = levels_of(schedule, sampler=sampler, steps=12, keep_observed=True, **options)
    sample(denoise, pair_noise, levels, settings, known=Known(SEEN, WHERE))
    for level, pixel in seen:
        eps = (pixel - level.signal * 1.5) / level.noise
        assert eps.mean().item() == pytest.approx(0.0, abs=0.06)
        assert eps.std().item() == pytest.approx(1.0, rel=0.04)


@pytest.mark.parametrize(
    ("sampler", "evaluations"), [*((name, 7) for name in SAMPLERS if name != "heun"), ("heun", 13)]
)
def test_evaluations_and_callbacks_are_counted(sampler, evaluations):
    calls, told = [], []

    def denoise(noisy, level):
        calls.append(level)
        return denoise_pair(noisy, level)

    levels, settings = levels_of(sampler=sampler, steps=7)
    members = sample(denoise, pair_noise, levels, settings, watch=lambda step, clean: told.append((step, clean)))
    assert len(calls) == evaluations
    assert [step for step, _ in told] == list(range(7))
    # All samplers end in their last estimate.
    torch.testing.assert_close(members, told[-1][1])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_member_is_the_same_in_any_batch(sampler):
    levels, settings = levels_of(sampler=sampler, steps=8, churn=4)
    together = sample(denoise_pair, pair_noise, levels, settings)
    alone = sample(denoise_pair, lambda number: pair_noise(number)[5:6], levels, settings)
    torch.testing.assert_close(together[5:6], alone)


def test_estimates_may_be_limited():
    levels, settings = levels_of(steps=8, clip=0.5)
    assert sample(denoise_pair, pair_noise, levels, settings).abs().max() <= 0.5


def test_solvers_of_second_order_gain_more_from_more_steps():
    """Twice the steps: half the error for Euler, a quarter for Heun and DPM-Solver++."""

    def error(sampler, steps):
        levels, settings = levels_of(sampler=sampler, steps=steps)
        noise = rearrange(torch.linspace(-2, 2, 9), "m -> m 1 1 1").double()
        gain = lambda level: 0.25 * level.signal / (0.25 * level.signal**2 + level.noise**2)
        members = sample(lambda x, level: gain(level) * x, lambda _: noise, levels, settings)
        exact = noise * 0.5 * 80 / (0.25 + 80**2) ** 0.5
        return (members - exact).abs().max().item()

    gains = {name: error(name, 100) / error(name, 200) for name in ("euler", "heun", "dpm_solver_2m")}
    assert gains == pytest.approx({"euler": 2.0, "heun": 4.0, "dpm_solver_2m": 4.0}, rel=0.1)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ddim_with_all_noise_renewed_is_ddpm_and_without_euler(schedule):
    """Song et al. 2021: eta goes from the ODE to DDPM, with the same draws of noise."""

    def members(**options):
        levels, settings = levels_of(schedule, steps=12, spacing="karras", sigma_max=20.0, **options)
        return sample(denoise_pair, lambda number: pair_noise(number, 5), levels, settings)

    torch.testing.assert_close(members(sampler="ddim", eta=1.0), members(sampler="ddpm"), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(members(sampler="ddim", eta=0.0), members(sampler="euler"), atol=1e-5, rtol=1e-5)
    half = members(sampler="ddim", eta=0.5)
    assert not torch.allclose(half, members(sampler="ddim", eta=0.0), atol=1e-2)
    assert not torch.allclose(half, members(sampler="ddpm"), atol=1e-2)
