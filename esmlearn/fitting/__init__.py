"""From fields to a trained model: what is prepared for the training loop, task by task."""

from esmlearn.fitting.common import check_alike
from esmlearn.fitting.densifying import fit_densifying
from esmlearn.fitting.downscaling import FineData, fit_downscaling
from esmlearn.fitting.filling import fit_filling
from esmlearn.fitting.reconstruction import VALIDATION_WINDOWS, fit

__all__ = ["VALIDATION_WINDOWS", "FineData", "check_alike", "fit", "fit_densifying", "fit_downscaling", "fit_filling"]
