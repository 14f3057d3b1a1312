"""Fields in, members out."""

from esmlearn.ensemble.densifying import Densifier, densify
from esmlearn.ensemble.drawing import draw_members, tiled
from esmlearn.ensemble.filling import climate, fill
from esmlearn.ensemble.reconstructor import EnsembleReconstructor

__all__ = ["Densifier", "EnsembleReconstructor", "climate", "densify", "draw_members", "fill", "tiled"]
