"""Ideal networks of Gaussians, written as each parameterization asks for them, and noise without chance."""

import torch
from einops import rearrange


def ideal_network(parameterization, *, mean=1.0, std=0.5, sigma_data=1.0):
    """Answer as the best network would for clean states N(mean, std), told the level by its number alone.

    Written in y = x0 + sigma eps, as papers have it: the best estimate of x0 is the regression on y.
    """

    def answer(x, number, condition):
        assert condition == "condition"
        sigma = rearrange((4 * number.double()).exp(), "b -> b 1 1 1")
        y = x.double() * (sigma_data**2 + sigma**2).sqrt()
        clean = mean + std**2 / (std**2 + sigma**2) * (y - mean)
        eps = (y - clean) / sigma
        match parameterization:
            case "epsilon":
                said = eps
            case "x0":
                said = clean
            case "v":
                said = (eps - sigma * clean) / (1 + sigma**2).sqrt()
            case "edm":
                skip = sigma_data**2 / (sigma**2 + sigma_data**2)
                said = (clean - skip * y) / (sigma * sigma_data / (sigma**2 + sigma_data**2).sqrt())
            case "flow":
                said = eps - clean
        return said.float()

    return answer


def even_noise(n_members):
    """Draws whose members are the quantiles of a normal distribution, in another order each time: no chance in them."""
    even = (torch.arange(n_members, dtype=torch.float64) + 0.5) / n_members
    quantiles = rearrange(torch.special.ndtri(even).float(), "m -> m 1 1 1")

    def draw(number):
        order = torch.randperm(n_members, generator=torch.Generator().manual_seed(number))
        return quantiles[order]

    return draw
