"""Values whose logarithm has a normal error."""

import numpy as np
from jaxtyping import Float


def lognormal(
    mean: Float[np.ndarray, "*shape"], std: Float[np.ndarray, "*shape"]
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    r"""Mean and standard deviation of values whose logarithm is normal with these.

    :math:`e^{\mu + \sigma^2 / 2}` and that times :math:`\sqrt{e^{\sigma^2} - 1}` (Aitchison and Brown 1957, The
    Lognormal Distribution, section 2.3).
    """
    variance = np.square(std, dtype=np.float64)
    values = np.exp(mean + variance / 2)
    return values.astype(np.float32), (values * np.sqrt(np.expm1(variance))).astype(np.float32)
