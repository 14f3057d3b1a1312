"""Members drawn on a whole domain, in tiles whose answers are blended at each step."""

import itertools
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from accelerate import PartialState
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from esmlearn.diffusion import DrawNoise, Known, MemberNoise, Network, denoiser, sample, sampling_levels
from esmlearn.fields.field import Field
from esmlearn.grids.tiles import ramp, slices
from esmlearn.models.denoisers.condition import Condition, centre, repeat_members
from esmlearn.settings import EnsembleSettings
from esmlearn.trained.trained import TrainedDiffusion

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


# (step, indices of times, what stands there after the step): clean estimates on the way from noise.
WatchTimes = Callable[[int, np.ndarray, np.ndarray], None]


class Aim(NamedTuple):
    """What is to be drawn; each task has its own way to make one.

    Attributes
    ----------
    field
        Says how many levels, times and cells there are, and where they lie.
    tell
        Gives what is known at some times, by their indices.
    finish
        Turns states at some times into members in the units of the field; `tell` was asked for these times before.
    without
        What the networks are not told, of `place` and `date`.
    """

    field: Field
    tell: Callable[[np.ndarray], Told]
    finish: Callable[[np.ndarray, np.ndarray], np.ndarray]
    without: Collection[str] = ()


def draw(
    trained: TrainedDiffusion,
    aim: Aim,
    settings: EnsembleSettings,
    *,
    times: Int[np.ndarray, " chosen"] | None = None,
    watch: WatchTimes | None = None,
) -> Float[np.ndarray, "member chosen var lat lon"]:
    """Draw members in the units of the field.

    Parameters
    ----------
    trained, settings
        As of `draw_members`.
    aim
        What is to be drawn.
    times
        Indices of the times to draw; all if not given.
    watch
        Called with each step, the times that take it, and the members as they are estimated there.
    """
    times = np.arange(len(aim.field.dates)) if times is None else times

    def finish_and_watch(step: int, chosen: np.ndarray, states: np.ndarray) -> None:
        if watch:
            watch(step, chosen, aim.finish(states, chosen))

    states = draw_members(
        trained, aim.field, settings, aim.tell, times=times, without=aim.without, watch=watch and finish_and_watch
    )
    return aim.finish(states, times)


def draw_members(
    trained: TrainedDiffusion,
    field: Field,
    settings: EnsembleSettings,
    tell: Callable[[np.ndarray], Told],
    *,
    times: Int[np.ndarray, " chosen"] | None = None,
    without: Collection[str] = (),
    watch: WatchTimes | None = None,
) -> Float[np.ndarray, "member chosen var lat lon"]:
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
    times, without, watch
        As of `draw` and `Aim`; clean estimates are watched in the units of the network, too.
    """
    device = PartialState().device
    network = trained.network.to(device).eval()
    times = np.arange(len(field.dates)) if times is None else times
    told = coordinates_of(field, without)
    in_tiles = tiled(network, settings.tile, told.position, ring=field.closes)
    levels = sampling_levels(trained.settings.diffusion, settings.sampler)
    # Noise counts by days, or by the steps of sub-daily data.
    noise = MemberNoise(settings.seed, settings.decorrelation_days / field.step_days)
    days = np.array([date.toordinal(fractional=False) for date in field.dates]) + field.hour / 24
    ordinals = [int(step) for step in days / field.step_days + EARLY]
    shape = field.values.shape[1:]
    amplitudes = rearrange(trained.amplitudes, "var -> var 1 1")

    def by_member(states: Tensor) -> np.ndarray:
        apart = rearrange(states.cpu().numpy(), "(time member) ... -> member time ...", member=settings.members)
        return apart * amplitudes

    drawn = []
    for chunk in itertools.batched(times, max(1, STATES // settings.members)):
        chosen = np.array(chunk)
        maps, known, where = (part.to(device) for part in tell(chosen))
        condition = Condition(maps, None, told.season[chosen].to(device), told.hour[chosen].to(device))
        sources = [noise.source(range(settings.members), ordinals[time], shape, device=device) for time in chunk]
        states = sample(
            denoiser(in_tiles, condition.for_members(settings.members), trained.settings.diffusion),
            partial(_draw, sources),
            levels,
            settings.sampler,
            known=Known(*(repeat_members(part, settings.members) for part in (known, where))),
            watch=watch and (lambda step, clean, chosen=chosen: watch(step, chosen, by_member(clean))),
        )
        drawn.append(by_member(states))
    return np.concatenate(drawn, axis=1)


class Coordinates(NamedTuple):
    """Where cells lie and when times are; NaN for what networks are not told.

    Attributes
    ----------
    position
        Latitude and longitude in degrees.
    season, hour
        Part of the year that has gone, and hour of the day.
    """

    position: Float[Tensor, "2 lat lon"]
    season: Float[Tensor, " time"]
    hour: Float[Tensor, " time"]


def coordinates_of(field: Field, without: Collection[str] = ()) -> Coordinates:
    """Coordinates of a field without those of the names, of `place`, `date` and `hour`."""
    found = {
        "place": np.stack(np.meshgrid(field.lat, field.lon, indexing="ij")),
        "date": field.year_fraction,
        "hour": field.hour,
    }
    told = (np.full_like(part, np.nan) if name in without else part for name, part in found.items())
    return Coordinates(*(torch.from_numpy(part.astype(np.float32)) for part in told))


def _draw(sources: Sequence[DrawNoise], number: int) -> Tensor:
    """Noise of the members of some days."""
    return torch.cat([source(number) for source in sources])


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
