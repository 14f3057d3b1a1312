"""Calibration of the spread: how far members must lie apart for their spread to be that of their errors."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from esmlearn.fields.field import Field
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.tasks.ensembles.sampling import SamplingTask, sample_states

MEMBERS = 6
"""Members that the spread is measured with."""

CELLS = 125_000
"""Cells, those of some times, that the spread is measured on: about as many whatever the domain."""

FEWEST_TIMES = 6
"""Fewest of these times, for a domain of many cells."""

LEAST_FACTOR = 0.1
"""Smallest factor on a state: an ensemble without any spread is none."""

CLASSES = 8
"""Classes of the deviation of the first guess, as many pixels in each, that its power is fitted to."""

STIFFNESS = 0.02
"""Pulls the power to zero where the logarithm of the deviation has no larger variance: little tells of it there."""


class Errors(NamedTuple):
    """Members beside the truth at hidden pixels.

    Attributes
    ----------
    squares
        Squared errors of the mean of the members, in units of the deviation of the first guess.
    variances
        Variance of the members in these units.
    unit
        That deviation.
    """

    squares: Float[np.ndarray, " pixel"]
    variances: Float[np.ndarray, " pixel"]
    unit: Float[np.ndarray, " pixel"]


def calibrate(
    trained: TrainedEnsemble,
    task: SamplingTask,
    truth: Field,
    times: Int[np.ndarray, " time"],
    *,
    seed: int,
    where: Bool[np.ndarray, "lat lon"] | None = None,
    with_power: bool = False,
) -> list[tuple[float, float]]:
    """Find amplitude and power with which the spread of members is that of their errors, for each variable.

    Members are sampled as the settings of the training say that they will be, on the whole domain.

    Parameters
    ----------
    trained
        The denoiser; its amplitudes are 1, and the power of its task is 0.
    task
        A period that was not learned from, as it is sampled.
    truth
        What is right at all times of that period.
    times
        Indices of the times to measure at, see `calibration_times`.
    seed
        Of the noise.
    where
        Cells that count; all if not given.
    with_power
        Whether the task stretches states by a power of the deviation of the first guess, too; else it is 0.
    """
    settings = EnsembleSettings(members=MEMBERS, sampler=trained.settings.sampler, seed=seed)
    states = sample_states(trained, task, settings, times=times)
    clean, hidden, unit = task.true_states(truth, times)
    hidden = hidden if where is None else hidden & where
    return [
        fit_stretch(
            find_errors(states[:, :, index], clean[:, index], hidden[:, index], unit[:, index]),
            MEMBERS,
            with_power=with_power,
        )
        for index in range(clean.shape[1])
    ]


def calibration_times(field: Field) -> Int[np.ndarray, " time"]:
    """Indices of the times of a period that the spread is measured at."""
    return spread_times(len(field.dates), max(FEWEST_TIMES, CELLS // field.land.size))


def spread_times(n_times: int, count: int) -> Int[np.ndarray, " chosen"]:
    """Indices of so many times, evenly from the first to the last; of all if there are fewer."""
    return np.unique(np.linspace(0, n_times - 1, min(count, n_times)).round().astype(int))


def find_errors(
    states: Float[np.ndarray, "member *map lat lon"],
    clean: Float[np.ndarray, "*map lat lon"],
    where: Bool[np.ndarray, "*map lat lon"],
    unit: Float[np.ndarray, "*map lat lon"],
) -> Errors:
    """Compare the states of members with clean states where something was hidden."""
    states, clean = states[:, where].astype(float), clean[where].astype(float)
    return Errors((states.mean(axis=0) - clean) ** 2, states.var(axis=0, ddof=1), unit[where].astype(float))


def fit_stretch(errors: Errors, n_members: int, *, with_power: bool = True) -> tuple[float, float]:
    r"""Find the factor a and the power p by which states are stretched: a s^p, where s is the deviation of the guess.

    A network that was trained for a short while draws members that lie too far apart, and so do few steps; and a guess
    is often surer than it should be where it is sure, and less where it is not. With errors e of the mean of M members
    whose variance is v, right members have

    .. math:: E(e^2) = a^2 s^{2p} v + v / M ,

    for the mean of a few errs itself. The power makes this hold as well as it can in classes of s, each counting alike;
    the factor makes it hold of all pixels together, in the units of the data.

    Parameters
    ----------
    errors
        On points that neither the network nor its guess was fitted to.
    n_members
        Members that were drawn.
    with_power
        Whether the power may differ from 0; the factor is that of the power.

    Returns
    -------
    tuple of float
        Factor and power; 1 and 0 where nothing was hidden.
    """
    excess, variances, unit = errors.squares - errors.variances / n_members, errors.variances, errors.unit
    if not variances.sum() > 0:
        return 1.0, 0.0
    power = _fit_power(excess, variances, unit) if with_power else 0.0
    return float(np.sqrt(_ratio(excess * unit**2, variances * unit ** (2 + 2 * power)))), power


def _fit_power(
    excess: Float[np.ndarray, " pixel"], variances: Float[np.ndarray, " pixel"], unit: Float[np.ndarray, " pixel"]
) -> float:
    """Regress the logarithm of the factor of each class on that of the deviation."""
    order = np.argsort(unit, kind="stable")
    classes = [some for some in np.array_split(order, CLASSES) if variances[some].sum() > 0]
    log_unit = np.array([np.log(unit[some]).mean() for some in classes])
    log_factor = np.array([0.5 * np.log(_ratio(excess[some], variances[some])) for some in classes])
    spread = log_unit - log_unit.mean()
    return float((spread * log_factor).mean() / ((spread**2).mean() + STIFFNESS))


def _ratio(excess: Float[np.ndarray, " pixel"], variances: Float[np.ndarray, " pixel"]) -> float:
    return max(float(excess.sum() / variances.sum()), LEAST_FACTOR**2)
