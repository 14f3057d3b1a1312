"""Noise levels of training and sampling: x_t = signal x0 + noise eps.

This pair of amplitudes is all that a network or a sampler needs of a schedule.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.errors import SettingsError
from esmlearn.settings import DiffusionSettings, SamplerSettings

BETAS = (1e-4, 0.02)  # first and last of 1000 timesteps, linear and sigmoid
OFFSET = 0.008  # keeps the first steps of the cosine schedule from being too small
LARGEST_BETA = 0.999

FLOW_TIMES = (0.001, 0.999)
"""First and last time of a flow: at t = 1 the signal, by which one divides, would be zero, and at t = 0 the noise."""

TAIL = 4.75
"""Log-normal levels end this many standard deviations from their mean; one in a million would lie beyond."""


@dataclass(frozen=True)
class Levels:
    """Factors of the clean state, `signal`, and of unit noise, `noise`, of one level or many."""

    signal: Float[Tensor, "*level"]
    noise: Float[Tensor, "*level"]

    @property
    def sigma(self) -> Float[Tensor, "*level"]:
        """Noise over signal."""
        return self.noise / self.signal

    @property
    def c_noise(self) -> Float[Tensor, "*level"]:
        """Noise level as an input of the network: ln(noise / signal) / 4 (Karras et al. 2022, table 1).

        It is the same for all schedules, so that a trained network works with any sampler and any number of steps.
        """
        return self.sigma.log() / 4

    @property
    def alpha_bar(self) -> Float[Tensor, "*level"]:
        """Share of the signal in the variance, signal² / (signal² + noise²)."""
        return self.signal**2 / (self.signal**2 + self.noise**2)

    def __getitem__(self, index: int | slice | Tensor) -> "Levels":
        return Levels(self.signal[index], self.noise[index])

    def __len__(self) -> int:
        return len(self.signal)


def training_levels(uniform: Float[Tensor, " batch"], settings: DiffusionSettings) -> Levels:
    """Levels for training, as a pure function of uniform numbers: random ones, or fixed ones for a validation.

    - `linear`, `sigmoid`, `cosine`: timestep floor(u T) of `discrete_levels`;
    - `karras`: signal 1, ln(noise) normal with the mean and deviation of the settings (Karras et al. 2022, table 1,
      https://doi.org/10.48550/arXiv.2206.00364);
    - `flow`: signal 1 - t, noise t, with t even between 0.001 and 0.999 (Liu et al. 2022,
      https://doi.org/10.48550/arXiv.2209.03003).

    Parameters
    ----------
    uniform
        Numbers from 0 to 1, one for each state; 0 is the least noise.
    settings
        Schedule, and its options.
    """
    uniform = uniform.double()
    if settings.schedule == "karras":
        normal = torch.special.ndtri(uniform).clamp(-TAIL, TAIL)
        return _at_sigma((settings.log_noise_mean + settings.log_noise_std * normal).exp(), settings)
    if settings.schedule == "flow":
        start, end = FLOW_TIMES
        time = start + uniform * (end - start)
        return Levels(1 - time, time)
    levels = discrete_levels(settings.schedule, settings.timesteps)
    return levels[(uniform.cpu() * len(levels)).long().clamp(max=len(levels) - 1)]


def sampling_levels(diffusion: DiffusionSettings, sampler: SamplerSettings) -> Levels:
    """Levels of the steps of a sampler: `steps` of them from noise to almost clean, then clean.

    With the spacing `time`:

    - `linear`, `sigmoid`, `cosine`: the timesteps round(linspace(T - 1, 0, steps));
    - `flow`: t falls from 0.999 to 0 in equal steps;
    - `karras`: as with the spacing `karras`.

    With the spacing `karras`, (noise / signal)^(1/rho) falls in equal steps from sigma_max to sigma_min (Karras et al.
    2022, eq. 5), within the levels that were trained. Solvers of second order need it: with 10 even steps in the time
    of a cosine schedule, the ratio falls from 20 000 to 6 in one step.

    Raises
    ------
    SettingsError
        If a schedule has fewer timesteps than the sampler has steps.
    """
    spacing = sampler.spacing or ("karras" if sampler.sampler in ("heun", "dpm_solver_2m") else "time")
    if diffusion.schedule == "karras" or spacing == "karras":
        levels = _karras_levels(diffusion, sampler)
    elif diffusion.schedule == "flow":
        time = FLOW_TIMES[1] * torch.linspace(1, 0, sampler.steps + 1, dtype=torch.float64)[:-1]
        levels = Levels(1 - time, time)
    else:
        if sampler.steps > diffusion.timesteps:
            raise SettingsError(
                f"The sampler has {sampler.steps} steps, but the schedule {diffusion.schedule} has only "
                f"{diffusion.timesteps} timesteps: use fewer steps, or set spacing to karras."
            )
        timesteps = torch.linspace(diffusion.timesteps - 1, 0, sampler.steps, dtype=torch.float64).round().long()
        levels = discrete_levels(diffusion.schedule, diffusion.timesteps)[timesteps]
    zero = torch.zeros(1, dtype=torch.float64)
    return Levels(torch.cat([levels.signal, zero + 1]), torch.cat([levels.noise, zero]))


def discrete_levels(schedule: str, timesteps: int) -> Levels:
    """Levels of the timesteps of a discrete schedule, from almost clean to almost pure noise.

    With betas b_0 ... b_(T-1), alpha_bar_t = (1 - b_0) ... (1 - b_t), signal = sqrt(alpha_bar), and
    noise = sqrt(1 - alpha_bar) (Ho et al. 2020, eq. 4, https://doi.org/10.48550/arXiv.2006.11239). See `betas`.
    """
    alpha_bar = (1 - betas(schedule, timesteps)).cumprod(0)
    return Levels(alpha_bar.sqrt(), (1 - alpha_bar).sqrt())


def betas(schedule: str, timesteps: int) -> Float[Tensor, " timestep"]:
    """Variance of the noise that each timestep adds.

    - `linear`: linspace(1e-4, 0.02, T) (Ho et al. 2020);
    - `sigmoid`: 1e-4 + (0.02 - 1e-4) / (1 + exp(-linspace(-6, 6, T)));
    - `cosine`: 1 - f(t + 1) / f(t) with f(t) = cos²((t / T + 0.008) / 1.008 · pi / 2), at most 0.999 (Nichol & Dhariwal
      2021, eq. 17, https://doi.org/10.48550/arXiv.2102.09672).

    For other T than 1000, the betas of the first two are multiplied by 1000 / T, at most 0.999, so that the last
    level is almost pure noise for any T.
    """
    if schedule == "cosine":
        angle = (torch.linspace(0, 1, timesteps + 1, dtype=torch.float64) + OFFSET) / (1 + OFFSET) * math.pi / 2
        signal = angle.cos() ** 2
        return (1 - signal[1:] / signal[:-1]).clamp(max=LARGEST_BETA)
    first, last = BETAS
    rise = torch.linspace(0, 1, timesteps, dtype=torch.float64)
    share = torch.sigmoid(12 * rise - 6) if schedule == "sigmoid" else rise
    return ((first + (last - first) * share) * 1000 / timesteps).clamp(max=LARGEST_BETA)


def _karras_levels(diffusion: DiffusionSettings, sampler: SamplerSettings) -> Levels:
    """Levels between the least and the greatest noise that were trained, denser where the noise is low."""
    low, high = sampler.sigma_min, sampler.sigma_max
    if diffusion.schedule != "karras":
        trained = training_levels(torch.tensor([0.0, 1.0]), diffusion).sigma
        low, high = max(low, float(trained[0])), min(high, float(trained[1]))
    fall = torch.linspace(0, 1, sampler.steps, dtype=torch.float64)
    roots = high ** (1 / sampler.rho), low ** (1 / sampler.rho)
    return _at_sigma((roots[0] + fall * (roots[1] - roots[0])) ** sampler.rho, diffusion)


def _at_sigma(sigma: Float[Tensor, " level"], settings: DiffusionSettings) -> Levels:
    """Levels of a schedule by noise over signal: the signal is 1, or their sum is, or the sum of their squares."""
    if settings.schedule == "karras":
        return Levels(torch.ones_like(sigma), sigma)
    total = 1 + sigma if settings.schedule == "flow" else (1 + sigma**2).sqrt()
    return Levels(1 / total, sigma / total)
