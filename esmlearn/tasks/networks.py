"""The networks that a task needs."""

from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.settings import DownscaleTrainSettings, EnsembleTrainSettings
from esmlearn.tasks.densify import inputs as densifying
from esmlearn.tasks.downscale import inputs as downscaling
from esmlearn.tasks.fill import samples as guessed_days


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
        return ConvNextUNet(settings.denoiser, n_levels, guessed_days.count_channels(settings.neighbour_days))
    guess = 2 * n_levels if settings.first_guess == "regression" else 0
    return ConvNextUNet(settings.denoiser, n_levels, _told(settings, n_levels) + guess)


def build_regression(settings: EnsembleTrainSettings, n_levels: int) -> ConvNextUNet:
    """Make the network that gives the mean and the deviation that members depart from, with random weights."""
    return ConvNextUNet(settings.denoiser, 2 * n_levels, _told(settings, n_levels))


def _told(settings: EnsembleTrainSettings, n_levels: int) -> int:
    return densifying.count_channels(n_levels, surface=settings.surface is not None)


def count_conditions(settings: DownscaleTrainSettings, n_variables: int) -> int:
    """Number of the conditions that a downscaler is told, one for each channel."""
    told = settings.conditions
    fields = 1 + len(told.neighbours) + (told.in_situ is not None)
    return n_variables * fields + len(told.coarse) + len(told.static)


def build_fine_denoiser(settings: DownscaleTrainSettings, n_variables: int, n_conditions: int) -> ResidualUNet:
    """Make the network that draws fine fields, with random weights.

    Parameters
    ----------
    settings
        Its sizes, and whether it departs from a regression.
    n_variables, n_conditions
        Variables of the fine field, and conditions that it is told.
    """
    guess = 2 * n_variables if settings.learning == "residual" else 0
    return ResidualUNet(settings.denoiser, n_variables, downscaling.count_channels(n_conditions) + guess)


def build_fine_regression(settings: DownscaleTrainSettings, n_variables: int, n_conditions: int) -> ResidualUNet:
    """Make the network that gives the mean of fine fields and its deviation, with random weights."""
    sizes = settings.regression or settings.denoiser.model_copy(
        update={"image_channels": None, "conditioned_on_input": None}  # those of the denoiser, which has others
    )
    return ResidualUNet(sizes, 2 * n_variables, downscaling.count_channels(n_conditions))
