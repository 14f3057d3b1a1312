"""Members drawn on a whole domain, in tiles whose answers are blended at each step."""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from accelerate import PartialState
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.checkpoint import TrainedDownscaler, TrainedEnsemble
from esmlearn.data.field import Field
from esmlearn.diffusion import DrawNoise, Known, MemberNoise, Network, denoiser, sample, sampling_levels
from esmlearn.models.condition import Condition, centre, repeat_members
from esmlearn.reconstruct import ramp, slices
from esmlearn.settings import EnsembleSettings

STATES = 64
"""Maps that go through the network at once: members of one time, or of some."""

OVERLAP = 0.25
"""Share of a tile that the next one covers too."""

EARLY = 0.01
"""Share of a step by which a time may come too early and still be of its own step."""


class Told(NamedTuple):
    """What the denoiser is told of some times.

    Attributes
    ----------
    maps
        Channels of the condition.
    known, where
        What is known of the clean states, and where.
    """

    maps: Float[Tensor, "time channel lat lon"]
    known: Float[Tensor, "time var lat lon"]
    where: Bool[Tensor, "time var lat lon"]


def draw_members(
    trained: TrainedEnsemble | TrainedDownscaler,
    field: Field,
    settings: EnsembleSettings,
    tell: Callable[[np.ndarray], Told],
) -> Float[np.ndarray, "member time var lat lon"]:
    """Draw clean states, in the units of the network.

    Noise belongs to the member, the day and the place: the same member comes out whatever the number of members, the
    tiles or the batch. States are stretched as the training found that they should be.

    Parameters
    ----------
    trained
        The denoiser.
    field
        Says how many levels, times and cells there are, and where they lie.
    settings
        Members, sampler, tiles.
    tell
        Gives what is known at some times, by their indices.
    """
    device = PartialState().device
    network = trained.network.to(device).eval()
    position = position_of(field.lat, field.lon)
    in_tiles = tiled(network, settings.tile, position, ring=field.closes)
    levels = sampling_levels(trained.settings.diffusion, settings.sampler)
    # Noise counts by days, or by the steps of sub-daily data.
    noise = MemberNoise(settings.seed, settings.decorrelation_days / field.step_days)
    ordinals = [int(date.toordinal(fractional=True) / field.step_days + EARLY) for date in field.dates]
    season, hour = (torch.from_numpy(part.astype(np.float32)) for part in (field.year_fraction, field.hour))
    shape = field.values.shape[1:]
    members = np.empty((settings.members, *field.values.shape), np.float32)
    for chunk in itertools.batched(range(len(ordinals)), max(1, STATES // settings.members)):
        chosen = np.array(chunk)
        maps, known, where = (part.to(device) for part in tell(chosen))
        condition = Condition(maps, None, season[chosen].to(device), hour[chosen].to(device))
        sources = [noise.source(range(settings.members), ordinals[time], shape, device=device) for time in chunk]
        states = sample(
            denoiser(in_tiles, condition.for_members(settings.members), trained.settings.diffusion),
            partial(_draw, sources),
            levels,
            settings.sampler,
            known=Known(*(repeat_members(part, settings.members) for part in (known, where))),
        )
        members[:, chosen] = rearrange(
            states.cpu().numpy(), "(time member) ... -> member time ...", member=settings.members
        )
    return members * rearrange(trained.amplitudes, "var -> var 1 1")


def _draw(sources: Sequence[DrawNoise], number: int) -> Tensor:
    """Noise of the members of some days."""
    return torch.cat([source(number) for source in sources])


def position_of(lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]) -> Float[Tensor, "2 lat lon"]:
    """Latitude and longitude of all cells of a domain."""
    return torch.from_numpy(np.stack(np.meshgrid(lat, lon, indexing="ij")).astype(np.float32))


def tiled(network: Network, tile: tuple[int, int], position: Float[Tensor, "2 lat lon"], *, ring: bool) -> Network:
    """Make a network see a domain in overlapping tiles; their answers are blended, so that no seam shows.

    Parameters
    ----------
    network
        Takes any size that fits a tile.
    tile
        Rows and columns of a tile.
    position
        Latitude and longitude of the cells of the domain, in degrees: each tile is told its own middle.
    ring
        Whether the longitudes close.
    """
    n_lat, n_lon = position.shape[1:]
    whole = n_lat <= tile[0] and n_lon <= tile[1]
    rows = slices(n_lat, tile[0], OVERLAP)
    columns = slices(n_lon, tile[1], OVERLAP, ring=ring and not whole)

    def answer(x: Tensor, number: Tensor, condition: Condition) -> Tensor:
        total, weight = torch.zeros_like(x), x.new_zeros(n_lat, n_lon)
        for lat, lon in itertools.product(rows, columns):
            index = torch.arange(lon.start, lon.stop, device=x.device) % n_lon
            place = centre(position[None, :, lat][..., index.cpu()]).to(x).expand(len(x), 2)
            told = condition._replace(maps=condition.maps[:, :, lat][..., index], place=place)
            ramps = (torch.from_numpy(ramp(part.stop - part.start)).to(x) for part in (lat, lon))
            window = torch.outer(*ramps)
            total[:, :, lat, index] += network(x[:, :, lat][..., index], number, told).to(x.dtype) * window
            weight[lat, index] += window
        return total / weight

    return answer
