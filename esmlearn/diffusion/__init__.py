"""Diffusion: schedules, parameterizations, losses, samplers and noise, which know no network and no dataset."""

from esmlearn.diffusion.losses import denoising_loss
from esmlearn.diffusion.noise import MemberNoise
from esmlearn.diffusion.parameterizations import Denoise, Network, clean_estimate, denoiser, loss_weight
from esmlearn.diffusion.samplers import DrawNoise, Known, Watch, sample
from esmlearn.diffusion.schedules import Levels, betas, discrete_levels, sampling_levels, training_levels

__all__ = [
    "Denoise",
    "DrawNoise",
    "Known",
    "Levels",
    "MemberNoise",
    "Network",
    "Watch",
    "betas",
    "clean_estimate",
    "denoiser",
    "denoising_loss",
    "discrete_levels",
    "loss_weight",
    "sample",
    "sampling_levels",
    "training_levels",
]
