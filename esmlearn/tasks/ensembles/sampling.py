"""Members sampled on a whole domain, in tiles whose outputs are blended at each step."""

import itertools
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from accelerate import PartialState
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from esmlearn.diffusion import DrawNoise, Known, MemberNoise, denoiser, sample, sampling_levels
from esmlearn.fields.field import Field
from esmlearn.models.denoisers.condition import Condition, repeat_members
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.tasks.ensembles.tiles import tiled

STATES = 64
"""Maps that go through the network at once: members of one time, or of some."""

EARLY = 0.01
"""Share of a step by which a time may come too early and still be of its own step."""

COORDINATES = ("place", "date", "hour")
"""Coordinates that a network may know."""


class Inputs(NamedTuple):
    """Inputs of the denoiser at some times.

    Attributes
    ----------
    maps
        Channels of the condition.
    known, where
        Clean states that are known, and where.
    """

    maps: Float[Tensor, "time channel lat lon"]
    known: Float[Tensor, "time var lat lon"]
    where: Bool[Tensor, "time var lat lon"]


class TrueStates(NamedTuple):
    """Clean states of a known truth.

    Attributes
    ----------
    clean
        In the units of the network.
    hidden
        Where the truth is known and was hidden.
    unit
        Standard deviation of the first guess, which clean states are counted in.
    """

    clean: Float[np.ndarray, "time var lat lon"]
    hidden: Bool[np.ndarray, "time var lat lon"]
    unit: Float[np.ndarray, "time var lat lon"]


@runtime_checkable
class SamplingTask(Protocol):
    """What is to be sampled; each task has its own."""

    @property
    def field(self) -> Field:
        """Levels, times and cells."""
        ...

    @property
    def without(self) -> Collection[str]:
        """Coordinates that are left out."""
        ...

    def inputs(self, times: Int[np.ndarray, " time"]) -> Inputs:
        """Inputs of the denoiser at some times, by their indices."""
        ...

    def members(
        self, states: Float[np.ndarray, "member time var lat lon"], times: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "member time var lat lon"]:
        """Turn clean states at some times into members in the units of the field."""
        ...

    def true_states(self, truth: Field, times: Int[np.ndarray, " time"]) -> TrueStates:
        """Clean states of the truth at some times."""
        ...


# (step, indices of times, what stands there after the step): clean estimates on the way from noise.
Watch = Callable[[int, np.ndarray, np.ndarray], None]


def sample_members(
    trained: TrainedEnsemble,
    task: SamplingTask,
    settings: EnsembleSettings,
    *,
    times: Int[np.ndarray, " chosen"] | None = None,
    watch: Watch | None = None,
) -> Float[np.ndarray, "member chosen var lat lon"]:
    """Sample members in the units of the field.

    Parameters
    ----------
    trained, settings
        As of `sample_states`.
    task
        What is to be sampled.
    times
        Indices of the times; all if not given.
    watch
        Called with each step, the times that take it, and the members as they are estimated there.
    """
    times = np.arange(len(task.field.dates)) if times is None else times

    def watch_members(step: int, chosen: np.ndarray, states: np.ndarray) -> None:
        if watch:
            watch(step, chosen, task.members(states, chosen))

    states = sample_states(trained, task, settings, times=times, watch=watch and watch_members)
    return task.members(states, times)


def sample_states(
    trained: TrainedEnsemble,
    task: SamplingTask,
    settings: EnsembleSettings,
    *,
    times: Int[np.ndarray, " chosen"],
    watch: Watch | None = None,
) -> Float[np.ndarray, "member chosen var lat lon"]:
    """Sample clean states, in the units of the network, times the amplitudes of the calibration.

    Noise belongs to the member, the day and the place: the same member comes out whatever the number of members, the
    tiles or the batch.

    Parameters
    ----------
    trained
        The denoiser.
    task
        What is to be sampled.
    settings
        Members, sampler, tiles.
    times, watch
        As of `sample_members`; clean estimates are watched in the units of the network, too.
    """
    device = PartialState().device
    network = trained.network.to(device).eval()
    field = task.field
    coordinates = coordinates_of(field, task.without)
    in_tiles = tiled(network, settings.tile, coordinates.position, ring=field.closes)
    levels = sampling_levels(trained.settings.diffusion, settings.sampler)
    # Noise counts by days, or by the steps of sub-daily data.
    step_days = min(field.step_days, 1.0)
    noise = MemberNoise(settings.seed, settings.decorrelation_days / step_days)
    days = np.array([date.toordinal(fractional=False) for date in field.dates]) + field.hour / 24
    ordinals = [int(step) for step in days / step_days + EARLY]
    shape = field.values.shape[1:]
    amplitudes = rearrange(trained.amplitudes, "var -> var 1 1")

    def by_member(states: Tensor) -> np.ndarray:
        apart = rearrange(states.cpu().numpy(), "(time member) ... -> member time ...", member=settings.members)
        return apart * amplitudes

    sampled = []
    for chosen in in_chunks(times, settings.members):
        maps, known, where = (part.to(device) for part in task.inputs(chosen))
        condition = Condition(maps, None, coordinates.season[chosen].to(device), coordinates.hour[chosen].to(device))
        sources = [noise.source(range(settings.members), ordinals[time], shape, device=device) for time in chosen]
        states = sample(
            denoiser(in_tiles, condition.for_members(settings.members), trained.settings.diffusion),
            partial(_noise, sources),
            levels,
            settings.sampler,
            known=Known(*(repeat_members(part, settings.members) for part in (known, where))),
            watch=watch and (lambda step, clean, chosen=chosen: watch(step, chosen, by_member(clean))),
        )
        sampled.append(by_member(states))
    return np.concatenate(sampled, axis=1)


def in_chunks(times: Int[np.ndarray, " time"], n_members: int) -> Iterator[Int[np.ndarray, " chunk"]]:
    """Times that go through a network at once."""
    return map(np.array, itertools.batched(times, max(1, STATES // n_members)))


class Coordinates(NamedTuple):
    """Where cells lie and when times are; NaN for those that are left out.

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
    """Coordinates of a field without those of some names, of `place`, `date` and `hour`."""
    found = {
        "place": np.stack(np.meshgrid(field.lat, field.lon, indexing="ij")),
        "date": field.year_fraction,
        "hour": field.hour,
    }
    parts = (np.full_like(part, np.nan) if name in without else part for name, part in found.items())
    return Coordinates(*(torch.from_numpy(part.astype(np.float32)) for part in parts))


def _noise(sources: list[DrawNoise], number: int) -> Tensor:
    """Noise of the members of some days."""
    return torch.cat([source(number) for source in sources])
