"""Baselines that use each cell by itself: persistence of its anomalies, and interpolation in time."""

import numpy as np

from esmlearn.baselines.base import Baseline, complete
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.time_interpolation import interpolate_in_time


class Persistence(Baseline):
    """Last observed anomaly of each cell; the climatology before the first observation."""

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Keep the anomaly of each observation until the next one."""
        mean, observed = self.mean_cycle(field), field.observed[:, 0]
        steps = np.arange(len(mean))[:, None, None]
        last = np.maximum.accumulate(np.where(observed, steps, 0), axis=0)
        anomalies = np.where(observed, field.values[:, 0] - mean, np.float32(0.0))
        return complete(field, mean + np.take_along_axis(anomalies, last, axis=0))


class TimeInterpolation(Baseline):
    """Anomalies of each cell, linear in time between observations; constant before the first and after the last."""

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Interpolate the gaps of each cell."""
        mean = self.mean_cycle(field)
        anomalies = field.values[:, 0] - mean
        return complete(field, mean + interpolate_in_time(anomalies, field.observed[:, 0], days=field.days).values)
