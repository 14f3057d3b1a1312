"""A network on a whole domain, in overlapping tiles whose outputs are blended so that no seam shows."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor

from esmlearn.diffusion import Network
from esmlearn.grids.tiles import ramp, slices
from esmlearn.models.denoisers.condition import Condition, centre

OVERLAP = 0.25
"""Share of a tile that the next one covers too."""


def tiled(network: Network, tile: tuple[int, int], position: Float[Tensor, "2 lat lon"], *, ring: bool) -> Network:
    """Make a network run on a domain of any size.

    Parameters
    ----------
    network
        Takes any size that fits a tile.
    tile
        Rows and columns of a tile.
    position
        Latitude and longitude of the cells of the domain, in degrees: the place of each tile is its own middle.
    ring
        Whether the longitudes close.
    """
    n_lat, n_lon = position.shape[1:]
    whole = n_lat <= tile[0] and n_lon <= tile[1]
    rows = slices(n_lat, tile[0], OVERLAP)
    columns = slices(n_lon, tile[1], OVERLAP, ring=ring and not whole)

    def run(x: Tensor, noise_level: Tensor, condition: Condition) -> Tensor:
        total, weight = torch.zeros_like(x), x.new_zeros(n_lat, n_lon)
        for lat, lon in itertools.product(rows, columns):
            index = torch.arange(lon.start, lon.stop, device=x.device) % n_lon
            place = centre(position[None, :, lat][..., index.cpu()]).to(x).expand(len(x), 2)
            here = condition._replace(maps=condition.maps[:, :, lat][..., index], place=place)
            ramps = (torch.from_numpy(ramp(part.stop - part.start)).to(x) for part in (lat, lon))
            window = torch.outer(*ramps)
            total[:, :, lat, index] += network(x[:, :, lat][..., index], noise_level, here).to(x.dtype) * window
            weight[lat, index] += window
        return total / weight

    return run
