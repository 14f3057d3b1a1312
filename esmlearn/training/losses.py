"""The loss of a value together with its standard deviation."""

from jaxtyping import Float
from torch import Tensor


def gaussian_loss(error: Float[Tensor, " point"], log_std: Float[Tensor, " point"]) -> Float[Tensor, ""]:
    """Squared error for the value, and the likelihood of that error for the standard deviation.

    One likelihood for both would let points that the model is sure of drown the others (Seitzer et al. 2022,
    https://doi.org/10.48550/arXiv.2203.09168).
    """
    square = 0.5 * error**2
    surprise = square.detach() * (-2 * log_std).exp() + log_std
    # In the units of the first part: the gradients of both are clipped together.
    return square.mean() + square.detach().mean() * surprise.mean()
