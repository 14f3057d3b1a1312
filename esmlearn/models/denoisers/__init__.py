"""The networks of diffusion and their parts: which one runs is said by the class of its settings."""

from collections.abc import Callable

from torch import nn

from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.settings import DenoiserOptions, DenoiserSettings, ResidualUNetSettings

DENOISERS: dict[type[DenoiserOptions], Callable[..., nn.Module]] = {
    DenoiserSettings: ConvNextUNet,
    ResidualUNetSettings: ResidualUNet,
}
"""Networks by the class of their settings; each is made of these, and of the channels of the state and the maps."""


def build_denoiser(settings: DenoiserOptions, n_variables: int, n_maps: int) -> nn.Module:
    """Make the network that some settings are for, with random weights."""
    return DENOISERS[type(settings)](settings, n_variables, n_maps)
