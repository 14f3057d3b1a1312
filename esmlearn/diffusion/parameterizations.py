"""Parameterizations: what the output of a network means, and how it becomes an estimate of the clean state.

For any output F of the network, the estimate is x0 = c_skip x_t + c_out F. A parameterization is this pair of factors:

==========  ========================  ================================  ==================================
name        F is                      c_skip                            c_out
==========  ========================  ================================  ==================================
`epsilon`   noise eps                 1 / s                             -n / s
`x0`        clean state               0                                 1
`v`         (s eps - n x0) / r        s / r²                            -n / r
`edm`       see Karras et al. 2022    s d² / (s² d² + n²)               n d / sqrt(s² d² + n²)
`flow`      eps - x0                  1 / (s + n)                       -n / (s + n)
==========  ========================  ================================  ==================================

where s is the signal, n the noise, r² = s² + n², and d the standard deviation of the clean state (sigma_data). Inputs
of the network depend only on the ratio of noise and signal, so that any parameterization works with any schedule.
`epsilon` is Ho et al. 2020 (https://doi.org/10.48550/arXiv.2006.11239), `v` Salimans & Ho 2022
(https://doi.org/10.48550/arXiv.2202.00512), `edm` table 1 of Karras et al. 2022
(https://doi.org/10.48550/arXiv.2206.00364), `flow` Liu et al. 2022 (https://doi.org/10.48550/arXiv.2209.03003).
"""

from collections.abc import Callable
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from esmlearn.diffusion.schedules import Levels
from esmlearn.settings import DiffusionSettings

Network = Callable[[Tensor, Tensor, Any], Tensor]
"""A network: (scaled noisy state, noise level, condition) -> output of the shape of the state."""

Denoise = Callable[[Tensor, Levels], Tensor]
"""A denoiser for a sampler: (noisy state, level) -> estimate of the clean state."""


def denoiser(network: Network, condition: Any, settings: DiffusionSettings) -> Denoise:
    """Make the denoiser of a sampler from a network and its condition."""
    return lambda noisy, level: clean_estimate(network, noisy, level, condition, settings)


def clean_estimate(
    network: Network,
    noisy: Float[Tensor, "batch var lat lon"],
    levels: Levels,
    condition: Any,
    settings: DiffusionSettings,
) -> Float[Tensor, "batch var lat lon"]:
    """Apply a network to noisy states x_t = signal x0 + noise eps, and turn its output into the clean estimate.

    Inputs of the network are the noisy state scaled to unit variance, c_in x_t with
    1 / c_in = sqrt(signal² sigma_data² + noise²), c_noise of its level, and the condition as it is. There is one level
    for each state, or one for all.
    """
    levels = Levels(levels.signal.expand(len(noisy)), levels.noise.expand(len(noisy)))
    c_skip, c_out = (as_factor(factor, noisy) for factor in coefficients(levels, settings))
    deviation = (levels.signal**2 * settings.sigma_data**2 + levels.noise**2).sqrt()
    output = network(noisy / as_factor(deviation, noisy), levels.c_noise.to(noisy), condition)
    return c_skip * noisy + c_out * output.to(noisy.dtype)


def coefficients(
    levels: Levels, settings: DiffusionSettings
) -> tuple[Float[Tensor, "*level"], Float[Tensor, "*level"]]:
    """Factors of the noisy state and of the output in the clean estimate, (c_skip, c_out), by the table above."""
    signal, noise, deviation = levels.signal, levels.noise, settings.sigma_data
    match settings.parameterization:
        case "epsilon":
            return 1 / signal, -noise / signal
        case "x0":
            return torch.zeros_like(signal), torch.ones_like(signal)
        case "v":
            square = signal**2 + noise**2
            return signal / square, -noise / square.sqrt()
        case "edm":
            variance = signal**2 * deviation**2 + noise**2
            return signal * deviation**2 / variance, noise * deviation / variance.sqrt()
        case "flow":
            return 1 / (signal + noise), -noise / (signal + noise)


def loss_weight(levels: Levels, settings: DiffusionSettings) -> Float[Tensor, "*level"]:
    """Weight of the squared error of the clean estimate.

    1 / c_out² gives the error of the output itself the same weight at each level: it is signal² / noise² for `epsilon`
    and 1 for `x0`. With `min_snr`, the weight is min(signal² / noise², min_snr) for every parameterization (Hang et al.
    2023, https://doi.org/10.48550/arXiv.2303.09556), so that the lowest noise does not dominate the loss.
    """
    if settings.min_snr is not None:
        return (levels.sigma**-2 * settings.sigma_data**2).clamp(max=settings.min_snr)
    return coefficients(levels, settings)[1] ** -2


def as_factor(values: Float[Tensor, " batch"], like: Float[Tensor, "batch var lat lon"]) -> Tensor:
    """Shape one number for each state so that it can multiply the states."""
    return rearrange(values, "batch -> batch 1 1 1").to(like)
