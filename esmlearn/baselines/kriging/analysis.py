"""Analysis of anomalies from all observations, window by window."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float

from esmlearn.baselines.kriging.coordinates import Coordinates
from esmlearn.baselines.kriging.covariance import SpaceTimeCovariance
from esmlearn.baselines.kriging.precondition import approximate_inverse
from esmlearn.baselines.kriging.space import CellCorrelations, even_step
from esmlearn.baselines.kriging.spread import error_deviation
from esmlearn.baselines.kriging.system import Places, System, solve
from esmlearn.baselines.kriging.windows import Window, stretches, windows
from esmlearn.fields.field import Field

Layers = Float[np.ndarray, "layer time lat lon"]
Mask = Bool[np.ndarray, "time lat lon"]


class Analysis(NamedTuple):
    """Analyses of one or more sets of anomalies on the same places, and the standard deviation of their errors."""

    anomalies: Layers
    std: Float[np.ndarray, "time lat lon"]


class Data(NamedTuple):
    """Anomalies over sigma, where they are known and wanted, and the variances of all errors over sigma²."""

    anomalies: Layers
    known: Mask
    wanted: Mask
    noise: Float[np.ndarray, "time lat lon"]

    def within(self, window: Window) -> "Data":
        """Those of the water of a window."""
        anomalies, known, wanted, noise = (part[..., window.rows, window.columns] for part in self)
        return Data(anomalies, known & window.water, wanted & window.water, noise)

    def at(self, times: slice) -> "Data":
        """Those of some times."""
        return Data(*(part[..., times, :, :] for part in self))


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

    Raises
    ------
    DataError
        If the spacing of the longitudes varies.
    """
    noise = covariance.noise_share**2 + (field.deviation[:, 0] / covariance.sigma) ** 2
    data = Data(np.where(known, anomalies, 0) / covariance.sigma, known, wanted, noise)
    total, std = np.zeros(anomalies.shape, np.float32), np.ones(known.shape, np.float32)
    sum_of_weights = np.zeros(known.shape[1:], np.float32)
    step, (length, time) = even_step(field.lon), covariance.shortest
    for window in windows(field):
        here, inside = (window.rows, window.columns), data.within(window)
        sum_of_weights[here] += np.where(window.water, window.weight, 0)
        lat, lon = field.lat[window.rows[:, 0]], field.lon[window.columns]
        in_space = CellCorrelations.of(covariance, lat, step, len(lon))
        for stretch in stretches(field.days, covariance.longest_days, int(window.water.sum())):
            days, part = field.days[stretch.around], inside.at(stretch.around)
            asked = np.zeros_like(part.wanted)
            asked[stretch.inner] = part.wanted[stretch.inner]
            if not asked.any() or not part.known.any():
                continue
            errors = torch.from_numpy(part.noise[part.known].astype(np.float64))
            system = System(covariance.in_time(days), in_space, Places.where(part.known), errors)
            coordinates = Coordinates(days, lat, lon, time, length)
            observations = torch.from_numpy(part.anomalies[:, part.known].T.astype(np.float64))
            weights, _ = solve(system, approximate_inverse(system, coordinates), observations)
            found = np.where(asked, window.weight * system.on_grid(weights).numpy(), 0)
            total[:, stretch.core, *here] += found[:, stretch.inner]
            if with_std and (asked := asked & window.own).any():
                deviations = std[stretch.core, *here]
                deviations[asked[stretch.inner]] = error_deviation(system, Places.where(asked), coordinates)
                std[stretch.core, *here] = deviations
    scale = covariance.sigma / np.where(sum_of_weights > 0, sum_of_weights, 1)
    return Analysis(total * scale, std * np.float32(covariance.sigma))
