"""First guesses of a regression on a whole domain, in tiles, for members to depart from."""

import torch
from accelerate import PartialState
from jaxtyping import Float
from torch import Tensor, nn

from esmlearn.models.denoisers.condition import Condition
from esmlearn.tasks.ensembles.guess import Guess, regress
from esmlearn.tasks.ensembles.sampling import tiled


@torch.no_grad()
def guess_in_tiles(
    regression: nn.Module,
    condition: Condition,
    base: Float[Tensor, "time var lat lon"],
    *,
    tile: tuple[int, int],
    position: Float[Tensor, "2 lat lon"],
    ring: bool,
) -> Guess:
    """Ask a regression for the mean of some times, and its deviation.

    Parameters
    ----------
    regression
        The trained network.
    condition
        What it is told; the place is that of each tile.
    base
        What its mean departs from.
    tile, position, ring
        As of `tiled`.
    """
    device = PartialState().device
    network = tiled(regression.to(device), tile, position, ring=ring)
    return Guess(*(part.cpu() for part in regress(network, condition.to(device), base.to(device))))
