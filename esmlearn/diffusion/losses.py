"""Loss of a denoiser: the squared error of its clean estimate, where something was hidden and the target is valid.

All terms are quadratic in the error, so that the best estimate stays the conditional mean; the gradient and the
spectral term only give errors of small scales more weight. A term in absolute differences would make samples too
smooth.
"""

from typing import Any

import torch
from einops import reduce
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.diffusion.parameterizations import Network, as_factor, clean_estimate, loss_weight
from esmlearn.diffusion.schedules import Levels
from esmlearn.errors import SettingsError
from esmlearn.settings import DiffusionSettings


def denoising_loss(
    network: Network,
    clean: Float[Tensor, "batch var lat lon"],
    noise: Float[Tensor, "batch var lat lon"],
    levels: Levels,
    condition: Any,
    where: Bool[Tensor, "batch var lat lon"],
    settings: DiffusionSettings,
    *,
    area: Float[Tensor, "#batch #var #lat #lon"] | None = None,
) -> Float[Tensor, ""] | None:
    """Add noise to clean states and weigh the errors of the network's clean estimate; None if no pixel counts.

    Parameters
    ----------
    network
        Any callable `(x, noise_level, condition)`.
    clean
        Clean states in scaled units, finite also where they do not count.
    noise
        Unit noise.
    levels
        Level of each state, as `training_levels` gives them.
    condition
        Passed on to the network.
    where
        True for the pixels that count: something was hidden there, and the target is valid.
    settings
        Parameterization, weights of the levels, and weights of the further terms.
    area
        Area of the cells, in any units; needed if the settings weigh by area.

    Raises
    ------
    SettingsError
        If the settings weigh by area and none is given.
    """
    if not where.any():
        return None
    if settings.weigh_by == "area" and area is None:
        raise SettingsError("weigh_by area needs the area of the cells: give it, or set weigh_by to pixel.")
    weights = where.to(clean) if area is None or settings.weigh_by == "pixel" else where * area
    noisy = as_factor(levels.signal, clean) * clean + as_factor(levels.noise, clean) * noise
    error = clean_estimate(network, noisy, levels, condition, settings) - clean
    # Some weights are a million times larger than others: multiply by the root, so that no square overflows.
    error = torch.where(where, error * as_factor(loss_weight(levels, settings).sqrt(), clean), 0.0)
    loss = (weights * error**2).sum() / weights.sum()
    if settings.gradient_weight:
        loss = loss + settings.gradient_weight * gradient_term(error, where, weights)
    if settings.spectral_weight:
        loss = loss + settings.spectral_weight * spectral_term(error, where)
    return loss


def gradient_term(
    error: Float[Tensor, "batch var lat lon"],
    where: Bool[Tensor, "batch var lat lon"],
    weights: Float[Tensor, "batch var lat lon"],
) -> Float[Tensor, ""]:
    """Mean squared difference of the error between neighbours that both count; 0 without any such pair."""
    total, count = error.new_zeros(()), error.new_zeros(())
    for axis in (-2, -1):
        pairs = where.shape[axis] - 1
        of_pair = weights.narrow(axis, 0, pairs) * where.narrow(axis, 1, pairs)
        total = total + (of_pair * error.diff(dim=axis) ** 2).sum()
        count = count + of_pair.sum()
    return total / count.clamp(min=torch.finfo(count.dtype).tiny)


def spectral_term(
    error: Float[Tensor, "batch var lat lon"], where: Bool[Tensor, "batch var lat lon"]
) -> Float[Tensor, ""]:
    """Power of the error, weighted by the square of the wavenumber, for each pixel that counts.

    The weights have mean 1, so that errors without correlation in space give their mean square. Errors must be 0 where
    they do not count.
    """
    rows, columns = error.shape[-2:]
    wavenumber = torch.fft.fftfreq(rows, device=error.device)[:, None] ** 2
    wavenumber = wavenumber + torch.fft.fftfreq(columns, device=error.device)[None, :] ** 2
    power = torch.fft.fft2(error, norm="ortho").abs() ** 2
    weighted = reduce(power * wavenumber / wavenumber.mean(), "batch var lat lon -> ", "sum")
    return weighted / where.sum()
