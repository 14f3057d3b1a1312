"""The networks that a task needs."""

from esmlearn.models import densifying, filling
from esmlearn.models.convnext_unet import ConvNextUNet
from esmlearn.settings import EnsembleTrainSettings


def build_denoiser(settings: EnsembleTrainSettings, n_levels: int) -> ConvNextUNet:
    """Make the network of an ensemble, with random weights.

    Parameters
    ----------
    settings
        What it is for.
    n_levels
        Levels of the field; 1 for `fill`.
    """
    if settings.task == "fill":
        return ConvNextUNet(settings.denoiser, n_levels, filling.count_channels(settings.neighbour_days))
    guess = 2 * n_levels if settings.first_guess == "regression" else 0
    return ConvNextUNet(settings.denoiser, n_levels, _told(settings, n_levels) + guess)


def build_regression(settings: EnsembleTrainSettings, n_levels: int) -> ConvNextUNet:
    """Make the network that gives the mean and the deviation that members depart from, with random weights."""
    return ConvNextUNet(settings.denoiser, 2 * n_levels, _told(settings, n_levels))


def _told(settings: EnsembleTrainSettings, n_levels: int) -> int:
    return densifying.count_channels(n_levels, surface=settings.surface is not None)
