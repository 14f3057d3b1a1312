"""Diffusion: schedules, parameterizations, losses, samplers and noise, for any network and any data."""

from esmlearn.diffusion.losses import denoising_loss
from esmlearn.diffusion.noise import MemberNoise
from esmlearn.diffusion.parameterizations import Network, clean_estimate, denoiser, loss_weight
from esmlearn.diffusion.samplers import DrawNoise, Known, sample
from esmlearn.diffusion.schedules import Levels, betas, discrete_levels, sampling_levels, training_levels
