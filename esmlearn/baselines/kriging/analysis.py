"""Analysis of anomalies from all observations, window by window."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.baselines.kriging.covariance import SpaceTimeCovariance, positions
from esmlearn.baselines.kriging.precondition import approximate_inverse
from esmlearn.baselines.kriging.spread import error_deviation
from esmlearn.baselines.kriging.system import System, solve
from esmlearn.baselines.kriging.water import distances
from esmlearn.baselines.kriging.windows import stretches, windows
from esmlearn.fields.field import Field

Layers = Float[np.ndarray, "layer time lat lon"]
Mask = Bool[np.ndarray, "time lat lon"]


class Analysis(NamedTuple):
    """Analyses of one or more sets of anomalies on the same places, and the standard deviation of their errors."""

    anomalies: Layers
    std: Float[np.ndarray, "time lat lon"]


class Data(NamedTuple):
    """Anomalies of the cells of a window, where they are known and wanted, and the variances of all errors."""

    anomalies: Float[np.ndarray, "layer time cell"]
    known: Bool[np.ndarray, "time cell"]
    wanted: Bool[np.ndarray, "time cell"]
    noise: Float[np.ndarray, "time cell"]

    def at(self, times: slice) -> "Data":
        """Those of some times."""
        return Data(self.anomalies[:, times], self.known[times], self.wanted[times], self.noise[times])


def analyse(
    field: Field,
    anomalies: Layers,
    known: Mask,
    wanted: Mask,
    covariance: SpaceTimeCovariance,
    *,
    with_std: bool = True,
) -> Analysis:
    """Estimate anomalies where they are wanted from all that are known; elsewhere they are zero.

    Parameters
    ----------
    field
        Its grid, times, land and errors of observations.
    anomalies
        One or more sets, in the units of the field. What is not known is not looked at.
    known, wanted
        Where they are observations, and where they are estimated.
    covariance
        Of the anomalies.
    with_std
        Whether the standard deviation is wanted, too; where it is not, it is sigma.
    """
    layers = np.where(known, anomalies, 0) / covariance.sigma
    noise = covariance.noise_share**2 + (field.deviation[:, 0] / covariance.sigma) ** 2
    total, std = np.zeros(anomalies.shape, np.float32), np.zeros(known.shape, np.float32)
    sum_of_weights = np.zeros(known.shape[1:], np.float32)
    length, time = covariance.shortest
    for rows, columns, weight in windows(field):
        sum_of_weights[rows, columns] += weight
        ocean = ~field.land[rows, columns]
        if not ocean.any():
            continue
        lat, lon = field.lat[rows[:, 0]], field.lon[columns]
        in_space = covariance.in_space(distances(~ocean, lat, lon))
        cells = positions(*np.meshgrid(lat, lon, indexing="ij"))[ocean] / length
        data = Data(*(part[..., rows, columns][..., ocean] for part in (layers, known, wanted, noise)))
        for around, core, inner in (
            (part.around, part.core, part.inner) for part in stretches(field.days, covariance.longest_days)
        ):
            asked = np.zeros_like(data.wanted[around])
            asked[inner] = data.wanted[core]
            days = field.days[around]
            found = _analyse_stretch(
                data.at(around)._replace(wanted=asked), covariance.in_time(days), in_space, days / time, cells, with_std
            )
            for whole, part in ((total, found.anomalies), (std, found.std)):
                filled = np.zeros((*part.shape[:-2], core.stop - core.start, *ocean.shape), np.float32)
                filled[..., ocean] = part[..., inner, :]
                whole[..., core, rows, columns] += weight * filled
    scale = covariance.sigma / sum_of_weights
    return Analysis(total * scale, std * scale)


def _analyse_stretch(
    data: Data,
    in_time: Float[Tensor, "component time time"],
    in_space: Float[Tensor, "component cell cell"],
    times: Float[np.ndarray, " time"],
    cells: Float[np.ndarray, "cell 3"],
    with_std: bool,
) -> Analysis:
    """Solve the system of a stretch in a window."""
    std = np.ones(data.known.shape)
    if not data.wanted.any() or not data.known.any():
        return Analysis(np.zeros(data.anomalies.shape, np.float32), std)
    time, cell = np.nonzero(data.known)
    noise = torch.from_numpy(data.noise[data.known].astype(np.float64))
    system = System(in_time, in_space, torch.from_numpy(time), torch.from_numpy(cell), noise)
    coordinates = np.concatenate([cells[cell], times[time, None]], axis=1)
    observations = torch.from_numpy(data.anomalies[:, data.known].T.astype(np.float64))
    weights, _ = solve(system, approximate_inverse(system, coordinates), observations)
    anomalies = np.where(data.wanted, system.on_grid(weights).numpy(), 0)
    if with_std:
        std = error_deviation(system, data.wanted, coordinates, times, cells)
    return Analysis(anomalies, std)
