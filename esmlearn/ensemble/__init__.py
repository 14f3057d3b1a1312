"""Fields in, members out."""

from esmlearn.ensemble.densifying import Densifier, densify
from esmlearn.ensemble.downscaling import Downscaled, Downscaler, downscale, fine_template, interpolate, read_coarse
from esmlearn.ensemble.drawing import draw_members, tiled
from esmlearn.ensemble.filling import climate, fill
from esmlearn.ensemble.reconstructor import EnsembleReconstructor

__all__ = [
    "Densifier",
    "Downscaled",
    "Downscaler",
    "EnsembleReconstructor",
    "climate",
    "densify",
    "downscale",
    "draw_members",
    "fill",
    "fine_template",
    "interpolate",
    "read_coarse",
    "tiled",
]
