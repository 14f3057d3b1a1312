"""Gaps filled by members that depart from a first guess."""

from collections.abc import Collection

import numpy as np
import torch
from jaxtyping import Float, Int

from esmlearn.errors import DataError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.periods import check_daily
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.ensembles.calibration import find_errors, fit_stretch
from esmlearn.tasks.ensembles.sampling import Aim, Told, draw, draw_members
from esmlearn.tasks.fill.samples import GuessedDays, Reconstructed
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.trained.trained import TrainedEnsemble

SPREAD_CELLS = 125_000
"""Cells, those of some days, that the spread of members is measured on: about as many whatever the domain."""

SPREAD_DAYS = 6
"""Fewest of these days, for a domain of many cells."""


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
    climatology, scaling = climate(trained, field)
    if trained.guide and guide is None:
        guide = Reconstructor(trained.guide).reconstruct_field(field)
    days = guess_days(field, climatology, scaling, guide)
    unit = scaling.at(field.year_fraction)[:, None, None]
    cycle = climatology.at(field.year_fraction)

    def tell(chosen: Int[np.ndarray, " time"]) -> Told:
        return _tell(days, chosen, trained.settings.neighbour_days)

    def finish(
        states: Float[np.ndarray, "member time 1 lat lon"], chosen: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "member time 1 lat lon"]:
        stretched = np.exp((1 + trained.power) * days.log_std[chosen]) * states[:, :, 0]
        members = (days.guess[chosen] + stretched) * unit[chosen] + cycle[chosen]
        observed = field.observed[chosen, 0]
        members[:, observed] = field.values[chosen, 0][observed]
        members[:, :, field.land] = np.nan
        return members[:, :, None]

    return Aim(field, tell, finish, without)


def measure_spread(
    trained: TrainedEnsemble, field: Field, period: Reconstructed, settings: EnsembleSettings
) -> tuple[float, float]:
    """Find the amplitude and the power with which the spread of members is that of their errors.

    They are measured on some days of the whole domain, as members are drawn.

    Parameters
    ----------
    trained
        The denoiser with its guide; its amplitude is 1, and its power 0.
    field
        What is observed in a period that was not learned from.
    period
        How its days were guessed, and what is known of them.
    settings
        Members, sampler, tiles.
    """
    guessed, truth = period
    n_days = max(SPREAD_DAYS, SPREAD_CELLS // field.land.size)
    some = np.unique(np.linspace(0, len(field.dates) - 1, n_days).round().astype(int))

    def tell(chosen: Int[np.ndarray, " time"]) -> Told:
        return _tell(guessed, some[chosen], trained.settings.neighbour_days)

    states = draw_members(trained, field[some], settings, tell)[:, :, 0]
    hidden = truth.observed[some] & ~guessed.seen.observed[some]
    clean = guessed.departures(truth.values[some], some)
    return fit_stretch(find_errors(states, clean, hidden, np.exp(guessed.log_std[some])), settings.members)


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


def guess_days(field: Field, climatology: Climatology, scaling: Scaling, guide: Reconstruction | None) -> GuessedDays:
    """Scale a field, and what its guide says of it; with none, the guess is the climatology."""
    seen = Anomalies.of(field, climatology, scaling)
    if guide is None:
        nothing = np.zeros_like(seen.values)
        return GuessedDays(seen, nothing, nothing)
    unit = scaling.at(field.year_fraction)[:, None, None]
    guess = np.where(field.land, np.float32(0.0), (guide.daily - climatology.at(field.year_fraction)) / unit)
    unsure = ~field.land & ~seen.observed
    log_std = np.log(np.where(unsure, np.maximum(guide.daily_std / unit, np.float32(1e-3)), np.float32(1.0)))
    return GuessedDays(seen, guess.astype(np.float32), log_std.astype(np.float32))


def _tell(days: GuessedDays, chosen: Int[np.ndarray, " time"], reach: int) -> Told:
    """Channels of some days, and what is known of their clean states."""
    observed = days.seen.observed[chosen]
    known = np.where(observed, days.departures(days.seen.values[chosen], chosen), np.float32(0.0))
    return Told(days.channels(chosen, reach), torch.from_numpy(known)[:, None], torch.from_numpy(observed)[:, None])
