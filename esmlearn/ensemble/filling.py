"""Gaps filled by members that depart from a first guess."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from esmlearn.checkpoint import TrainedEnsemble
from esmlearn.data.field import Field
from esmlearn.data.preparation import check_daily
from esmlearn.data.reconstruction import Reconstruction
from esmlearn.data.scaling import Climatology, Scaling
from esmlearn.data.windows import Anomalies
from esmlearn.ensemble.drawing import Aim, Told, draw, draw_members
from esmlearn.errors import DataError
from esmlearn.models.filling import days_around, fill_maps
from esmlearn.objectives.spread import find_errors, fit_stretch
from esmlearn.reconstruct import Reconstructor
from esmlearn.settings import EnsembleSettings

SPREAD_CELLS = 125_000
"""Cells, those of some days, that the spread of members is measured on: about as many whatever the domain."""

SPREAD_DAYS = 6
"""Fewest of these days, for a domain of many cells."""


class Days(NamedTuple):
    """A field in the units of the network, day by day.

    Attributes
    ----------
    anomalies
        Scaled observations.
    guess, log_std
        First guess and the logarithm of its standard deviation.
    unit, cycle
        Standard deviation that values are scaled by, and climatology, in the units of the field.
    """

    anomalies: Anomalies
    guess: Float[np.ndarray, "time lat lon"]
    log_std: Float[np.ndarray, "time lat lon"]
    unit: Float[np.ndarray, "time 1 1"]
    cycle: Float[np.ndarray, "time lat lon"]


def fill(
    trained: TrainedEnsemble,
    field: Field,
    settings: EnsembleSettings,
    *,
    guide: Reconstruction | None = None,
) -> Reconstruction:
    """Draw members of what the gaps of a field hide.

    Parameters
    ----------
    trained
        The denoiser with its guide.
    field
        What was observed, one variable, day by day.
    settings
        Members, sampler, tiles.
    guide
        What the guide says of the field, if it was asked already.

    Returns
    -------
    Reconstruction
        Mean, standard deviation and members of days and months. Where a value was observed all members have it.
    """
    members = draw(trained, aim_at_gaps(trained, field, guide=guide), settings)
    return Reconstruction.of_members(members[:, :, 0], field)


def aim_at_gaps(
    trained: TrainedEnsemble, field: Field, *, guide: Reconstruction | None = None, without: Collection[str] = ()
) -> Aim:
    """Say what the gaps of a field are filled from.

    Parameters
    ----------
    trained, field, guide
        As of `fill`.
    without
        What the denoiser is not told, of `place` and `date`; its guide knows what it always knows.
    """
    check_daily(field)
    days = _prepare(trained, field, guide)

    def tell(chosen: np.ndarray) -> Told:
        return _tell(days, chosen, field.land, trained.settings.neighbour_days)

    def finish(states: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        guess, log_std, unit, cycle = (part[chosen] for part in (days.guess, days.log_std, days.unit, days.cycle))
        members = (guess + np.exp((1 + trained.power) * log_std) * states[:, :, 0]) * unit + cycle
        observed = field.observed[chosen, 0]
        members[:, observed] = field.values[chosen, 0][observed]
        members[:, :, field.land] = np.nan
        return members[:, :, None]

    return Aim(field, tell, finish, without)


def measure_spread(
    trained: TrainedEnsemble, seen: Field, complete: Field, settings: EnsembleSettings
) -> tuple[float, float]:
    """Find the amplitude and the power with which the spread of members is that of their errors.

    They are measured on some days of the whole domain, as members are drawn. Windows would not do: at their edges the
    guide errs more than in a reconstruction, in which windows overlap.

    Parameters
    ----------
    trained
        The denoiser with its guide; its amplitude is 1, and its power 0.
    seen, complete
        What is observed in a period that was not learned from, and what is known of it.
    settings
        Members, sampler, tiles.
    """
    days = _prepare(trained, seen, None)
    n_days = max(SPREAD_DAYS, SPREAD_CELLS // seen.land.size)
    some = np.unique(np.linspace(0, len(seen.dates) - 1, n_days).round().astype(int))

    def tell(chosen: np.ndarray) -> Told:
        return _tell(days, some[chosen], seen.land, trained.settings.neighbour_days)

    states = draw_members(trained, seen[some], settings, tell)[:, :, 0]
    truth, std = Anomalies.of(complete, *climate(trained, seen)).values, np.exp(days.log_std)
    hidden = (complete.observed & ~seen.observed)[:, 0]
    errors = find_errors(states, *(part[some] for part in ((truth - days.guess) / std, hidden, std)))
    return fit_stretch(errors, settings.members)


def climate(trained: TrainedEnsemble, field: Field) -> tuple[Climatology, Scaling]:
    """Climatology and scaling that hold for the grid of a field.

    Raises
    ------
    DataError
        If the field is on another grid than that of the training, and there is no guide to depart from.
    """
    if trained.guide:
        return Reconstructor(trained.guide).climate(field)
    if not trained.climatologies[0].covers(field.like[0]):
        raise DataError(
            "The ensemble was trained on another grid, and departs from the climatology there: regrid the data to its "
            "grid, or use an ensemble that departs from a model."
        )
    return trained.climatologies[0], trained.scalings[0]


def _prepare(trained: TrainedEnsemble, field: Field, guide: Reconstruction | None) -> Days:
    """Scale a field, and what its guide says of it."""
    climatology, scaling = climate(trained, field)
    if trained.guide and guide is None:
        guide = Reconstructor(trained.guide).reconstruct_field(field)
    anomalies = Anomalies.of(field, climatology, scaling)
    unit = scaling.at(field.year_fraction)[:, None, None]
    cycle = climatology.at(field.year_fraction)
    if guide is None:
        nothing = np.zeros_like(anomalies.values)
        return Days(anomalies, nothing, nothing, unit, cycle)
    guess = np.where(field.land, np.float32(0.0), (guide.daily - cycle) / unit)
    unsure = ~field.land & ~field.observed[:, 0]
    log_std = np.log(np.where(unsure, np.maximum(guide.daily_std / unit, np.float32(1e-3)), np.float32(1.0)))
    return Days(anomalies, guess, log_std, unit, cycle)


def _tell(days: Days, chosen: np.ndarray, land: np.ndarray, reach: int) -> Told:
    """Channels of some days, and what is known of their clean states."""
    anomalies = days.anomalies
    last = len(anomalies.values) - 1
    around = chosen[:, None] + np.array(days_around(reach), int)
    there = ((around >= 0) & (around <= last))[..., None, None] & anomalies.observed[around.clip(0, last)]
    guess, log_std, observed = days.guess[chosen], days.log_std[chosen], anomalies.observed[chosen]
    departure = np.where(observed, (anomalies.values[chosen] - guess) / np.exp(log_std), np.float32(0.0))
    parts = (guess, log_std, departure, observed, np.broadcast_to(land, guess.shape).copy())
    maps = fill_maps(*(torch.from_numpy(part) for part in (*parts, anomalies.values[around.clip(0, last)], there)))
    return Told(maps, torch.from_numpy(departure)[:, None], torch.from_numpy(observed)[:, None])
