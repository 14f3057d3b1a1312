"""The loss of a value together with its standard deviation."""

from jaxtyping import Float
from torch import Tensor


def gaussian_loss(error: Float[Tensor, " point"], log_std: Float[Tensor, " point"]) -> Float[Tensor, ""]:
    """Squared error for the value, and the likelihood of that error for the standard deviation.

    With one likelihood for both, points with a small standard deviation would dominate the gradient of the value
    (Seitzer et al. 2022, https://doi.org/10.48550/arXiv.2203.09168).
    """
    square = 0.5 * error**2
    likelihood = square.detach() * (-2 * log_std).exp() + log_std
    # Scaled to the units of the first part, because the gradients of both are clipped together.
    return square.mean() + square.detach().mean() * likelihood.mean()
