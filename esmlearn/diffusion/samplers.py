"""Samplers: from noise to members, level by level, with an estimate of the clean state at each.

Evaluations of the network for each member, with S steps: `ddpm`, `ddim`, `euler` and `dpm_solver_2m` S, `heun` 2 S - 1.
As x_t = signal x0 + noise eps for any schedule, each sampler is written once in signal and noise. In these, the step of
DDIM is Euler's method for the ODE of any schedule.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.diffusion.parameterizations import Denoise
from esmlearn.diffusion.schedules import Levels
from esmlearn.settings import SamplerSettings

DrawNoise = Callable[[int], Tensor]
"""Number of the draw -> unit noise for all members. Draw 0 is the start."""

Watch = Callable[[int, Tensor], None]
"""Function that is called with each step and its estimate of the clean state."""

MOST_CHURN = 2**0.5 - 1
"""Largest share by which churn raises the noise of a level (Karras et al. 2022, algorithm 2)."""


@dataclass(frozen=True)
class Known:
    """Known values of the clean state, and `where` they are known."""

    values: Float[Tensor, "#member var lat lon"]
    where: Bool[Tensor, "#member var lat lon"]

    def put_in(self, members: Float[Tensor, "member var lat lon"]) -> Float[Tensor, "member var lat lon"]:
        """Replace the known pixels of the members."""
        return torch.where(self.where, self.values, members)


@torch.no_grad()
def sample(
    denoise: Denoise,
    draw_noise: DrawNoise,
    levels: Levels,
    settings: SamplerSettings,
    *,
    known: Known | None = None,
    watch: Watch | None = None,
) -> Float[Tensor, "member var lat lon"]:
    """Sample members of the distribution that a denoiser was trained on.

    With `keep_observed`, known values replace those of the clean estimate, and the start is made of them. So the noisy
    state of a known pixel at each level is its value with the member's own noise, signal x0 + noise eps, as in
    training; a clean value among noise does not occur there. Its neighbours follow the known value only in part (Trippe
    et al. 2022, https://doi.org/10.48550/arXiv.2206.04119): the network should be conditioned on known values, too.

    Parameters
    ----------
    denoise
        `(noisy state, level) -> clean estimate`, as `denoiser` makes it.
    draw_noise
        Gives unit noise of shape (member, var, lat, lon), in the precision and on the device of the members, by the
        number of the draw: 0 for the start, step + 1 for the noise that a random sampler adds in a step.
    levels
        From noise to clean, as `sampling_levels` gives them.
    settings
        Sampler, and its options.
    known
        Known values. At the end members equal them exactly, with any settings.
    watch
        Called with each step and its clean estimate.
    """
    kept = known if settings.keep_observed else None
    members = levels.noise[0] * draw_noise(0)
    if kept:
        members = torch.where(kept.where, levels.signal[0] * kept.values + members, members)

    def estimate(noisy: Tensor, level: Levels) -> Tensor:
        clean = denoise(noisy, level)
        if settings.clip is not None:
            clean = clean.clamp(-settings.clip, settings.clip)
        return kept.put_in(clean) if kept else clean

    solve = {"heun": _heun, "dpm_solver_2m": _dpm_solver_2m}.get(settings.sampler, _first_order)
    members = solve(estimate, members, levels, draw_noise, settings, watch or (lambda _step, _clean: None))
    return known.put_in(members) if known else members


def step_ddim(
    noisy: Float[Tensor, "member var lat lon"],
    clean: Float[Tensor, "member var lat lon"],
    now: Levels,
    then: Levels,
    *,
    eta: float = 0.0,
    noise: Float[Tensor, "member var lat lon"] | None = None,
) -> Float[Tensor, "member var lat lon"]:
    """Step from the level `now` to the level `then`, with a part of the noise kept and a part replaced by new noise.

    x' = s' x0 + sqrt(n'² - v) eps + sqrt(v) z with the unit noise z, needed if eta is not 0, and v = eta² times the
    variance of `posterior` (Song et al. 2021, eq. 12 and 16, https://doi.org/10.48550/arXiv.2010.02502). With eta = 0
    it is Euler's step for the ODE, with eta = 1 that of DDPM.
    """
    variance = eta**2 * posterior(now, then)[2]
    eps = (noisy - now.signal * clean) / now.noise
    moved = then.signal * clean + (then.noise**2 - variance).clamp(min=0).sqrt() * eps
    return moved if noise is None else moved + variance.sqrt() * noise


def step_ddpm(
    noisy: Float[Tensor, "member var lat lon"],
    clean: Float[Tensor, "member var lat lon"],
    now: Levels,
    then: Levels,
    *,
    large: bool = False,
    noise: Float[Tensor, "member var lat lon"] | None = None,
) -> Float[Tensor, "member var lat lon"]:
    """Sample the next level from its distribution given this one and the clean estimate (Ho et al. 2020, eq. 7).

    The variance is beta tilde, exact if all clean states are the same, or with `large` beta, exact if they are unit
    noise. For schedules that do not preserve the variance, beta is scaled by the variance of the next level over that
    of this one, so that it has the same meaning. Without `noise`, the mean.
    """
    of_clean, of_noisy, variance = posterior(now, then)
    mean = of_clean * clean + of_noisy * noisy
    if noise is None:
        return mean
    if large:
        total = (then.signal**2 + then.noise**2) / (now.signal**2 + now.noise**2)
        variance = added_variance(now, then) * total
    return mean + variance.sqrt() * noise


def posterior(now: Levels, then: Levels) -> tuple[Tensor, Tensor, Tensor]:
    """Factors of the clean and of the noisy state, and variance, of the next level given both.

    With a = s / s' and b = n² - a² n'²: s' b / n², a n'² / n², and b n'² / n², which is beta tilde (Ho et al. 2020,
    eq. 7, https://doi.org/10.48550/arXiv.2006.11239, in which n² = 1 - s²).
    """
    added = added_variance(now, then)
    of_noisy = now.signal / then.signal * then.noise**2 / now.noise**2
    return then.signal * added / now.noise**2, of_noisy, added * then.noise**2 / now.noise**2


def added_variance(now: Levels, then: Levels) -> Tensor:
    """Variance of the noise that is added from `then` to `now`, n² - (s / s')² n'²: beta of that step."""
    return now.noise**2 - (now.signal / then.signal) ** 2 * then.noise**2


def _first_order(
    estimate: Denoise, members: Tensor, levels: Levels, draw_noise: DrawNoise, settings: SamplerSettings, watch: Watch
) -> Tensor:
    """DDPM, DDIM, or Euler's method, which is DDIM without new noise."""
    random = settings.sampler == "ddpm" or (settings.sampler == "ddim" and settings.eta > 0)
    steps = len(levels) - 1
    for step in range(steps):
        now, then = levels[step], levels[step + 1]
        clean = estimate(members, now)
        watch(step, clean)
        noise = draw_noise(step + 1) if random and step < steps - 1 else None
        if settings.sampler == "ddpm":
            members = step_ddpm(members, clean, now, then, large=settings.variance == "large", noise=noise)
        else:
            members = step_ddim(members, clean, now, then, eta=settings.eta if random else 0.0, noise=noise)
    return members


def _heun(
    estimate: Denoise, members: Tensor, levels: Levels, draw_noise: DrawNoise, settings: SamplerSettings, watch: Watch
) -> Tensor:
    """Heun's method for dx = x0 ds + eps dn: the mean of the slopes before and after a step of Euler.

    Karras et al. 2022, algorithms 1 and 2, where the signal is 1 (https://doi.org/10.48550/arXiv.2206.00364); for a
    flow, Heun's method in t. Churn raises the noise of a level before the step, except that of the first level, which
    is the highest that was trained.
    """
    steps = len(levels) - 1
    raised = 1 + min(settings.churn / steps, MOST_CHURN)
    for step in range(steps):
        now, then = levels[step], levels[step + 1]
        if settings.churn and step:
            members = members + now.noise * (raised**2 - 1) ** 0.5 * draw_noise(step + 1)
            now = Levels(now.signal, now.noise * raised)
        clean = estimate(members, now)
        watch(step, clean)
        moved = step_ddim(members, clean, now, then)
        if step < steps - 1:
            eps = (members - now.signal * clean) / now.noise
            clean_then = estimate(moved, then)
            eps_then = (moved - then.signal * clean_then) / then.noise
            moved = members + (then.signal - now.signal) * (clean + clean_then) / 2
            moved = moved + (then.noise - now.noise) * (eps + eps_then) / 2
        members = moved
    return members


def _dpm_solver_2m(
    estimate: Denoise, members: Tensor, levels: Levels, _draw: DrawNoise, _settings: SamplerSettings, watch: Watch
) -> Tensor:
    """DPM-Solver++(2M): the step of DDIM, with a clean estimate extrapolated from the last two.

    Lu et al. 2022, algorithm 2 (https://doi.org/10.48550/arXiv.2211.01095): x0 + (x0 - x0_before) h / (2 h_before),
    with h the step in ln(signal / noise). The first step has no estimate before it, and in the last h is infinite: both
    are steps of DDIM.
    """
    before = clean = members
    h_before = members.new_zeros(())
    steps = len(levels) - 1
    for step in range(steps):
        now, then = levels[step], levels[step + 1]
        before, clean = clean, estimate(members, now)
        watch(step, clean)
        h = (now.sigma / then.sigma).log()
        ahead = clean + (clean - before) * h / (2 * h_before) if 0 < step < steps - 1 else clean
        members, h_before = step_ddim(members, ahead, now, then), h
    return members
