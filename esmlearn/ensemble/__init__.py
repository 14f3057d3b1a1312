"""Fields in, members out."""

from esmlearn.ensemble.densifying import Densifier, aim_at_levels, densify
from esmlearn.ensemble.downscaling import Downscaler, aim_at_fine, downscale, fine_template, interpolate, read_coarse
from esmlearn.ensemble.drawing import Aim, draw, draw_members, tiled
from esmlearn.ensemble.filling import aim_at_gaps, climate, fill
from esmlearn.ensemble.reconstructor import EnsembleReconstructor
from esmlearn.ensemble.variation import Variation, spread_times, vary_fine, vary_gaps, vary_levels

__all__ = [
    "Aim",
    "Densifier",
    "Downscaler",
    "EnsembleReconstructor",
    "Variation",
    "aim_at_fine",
    "aim_at_gaps",
    "aim_at_levels",
    "climate",
    "densify",
    "downscale",
    "draw",
    "draw_members",
    "fill",
    "fine_template",
    "interpolate",
    "read_coarse",
    "spread_times",
    "tiled",
    "vary_fine",
    "vary_gaps",
    "vary_levels",
]
