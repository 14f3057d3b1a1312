"""What a network is asked for, and how its answer becomes an estimate of the clean state: exact algebra.

Whatever the network says, F, the estimate is linear in it, x0 = keep x_t + scale F. A parameterization is this pair:

==========  ========================  ================================  ==================================
name        F is                      keep                              scale
==========  ========================  ================================  ==================================
`epsilon`   noise eps                 1 / s                             -n / s
`x0`        clean state               0                                 1
`v`         (s eps - n x0) / r        s / r²                            -n / r
`edm`       see Karras et al. 2022    s d² / (s² d² + n²)               n d / sqrt(s² d² + n²)
`flow`      eps - x0                  1 / (s + n)                       -n / (s + n)
==========  ========================  ================================  ==================================

where s is the signal, n the noise, r² = s² + n², and d the deviation of the clean state (sigma_data). Only the ratio of
noise and signal matters to the network, so that any of them goes with any schedule. `epsilon` is Ho et al. 2020
(https://doi.org/10.48550/arXiv.2006.11239), `v` Salimans & Ho 2022 (https://doi.org/10.48550/arXiv.2202.00512), `edm`
table 1 of Karras et al. 2022 (https://doi.org/10.48550/arXiv.2206.00364), `flow` Liu et al. 2022
(https://doi.org/10.48550/arXiv.2209.03003).
"""

from collections.abc import Callable
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from esmlearn.diffusion.schedules import Levels
from esmlearn.settings import DiffusionSettings

# A network: (scaled noisy state, number of the level, condition) -> answer as large as the state.
Network = Callable[[Tensor, Tensor, Any], Tensor]

# What a sampler walks with: (noisy state, level) -> estimate of the clean state.
Denoise = Callable[[Tensor, Levels], Tensor]


def denoiser(network: Network, condition: Any, settings: DiffusionSettings) -> Denoise:
    """Make of a network and what it is conditioned on what a sampler needs."""
    return lambda noisy, level: clean_estimate(network, noisy, level, condition, settings)


def clean_estimate(
    network: Network,
    noisy: Float[Tensor, "batch var lat lon"],
    levels: Levels,
    condition: Any,
    settings: DiffusionSettings,
) -> Float[Tensor, "batch var lat lon"]:
    """Ask the network, and turn its answer into an estimate of the clean state.

    The network sees the noisy state scaled to unit variance, x_t / sqrt(signal² sigma_data² + noise²), and the number
    of its level. The condition is passed on as it is.

    Parameters
    ----------
    network
        Any callable `(x, noise_level, condition)`.
    noisy
        States x_t = signal x0 + noise eps.
    levels
        One for each state, or one for all.
    condition
        Whatever the network knows besides.
    settings
        Parameterization and sigma_data.
    """
    levels = Levels(levels.signal.expand(len(noisy)), levels.noise.expand(len(noisy)))
    keep, scale = (as_factor(factor, noisy) for factor in coefficients(levels, settings))
    spread = (levels.signal**2 * settings.sigma_data**2 + levels.noise**2).sqrt()
    answer = network(noisy / as_factor(spread, noisy), levels.number.to(noisy), condition)
    return keep * noisy + scale * answer.to(noisy.dtype)


def coefficients(
    levels: Levels, settings: DiffusionSettings
) -> tuple[Float[Tensor, "*level"], Float[Tensor, "*level"]]:
    """Factors of the noisy state and of the answer in the clean estimate, (keep, scale); see the module's table."""
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

    With 1 / scale², the network's own answer is judged, each level alike: signal² / noise² for `epsilon`, 1 for `x0`,
    1 / c_out² for `edm`. With `min_snr`, it is min(signal² / noise², min_snr) whatever the parameterization (Hang et
    al. 2023, https://doi.org/10.48550/arXiv.2303.09556), so that the lowest noise does not outweigh all else.
    """
    if settings.min_snr is not None:
        return (levels.sigma**-2 * settings.sigma_data**2).clamp(max=settings.min_snr)
    return coefficients(levels, settings)[1] ** -2


def as_factor(values: Float[Tensor, " batch"], like: Float[Tensor, "batch var lat lon"]) -> Tensor:
    """Make one number for each state ready to multiply the states."""
    return rearrange(values, "batch -> batch 1 1 1").to(like)
