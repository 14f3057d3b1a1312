"""A trained model as a folder: weights, settings, scaling, hashes, and a card for people."""

from esmlearn.checkpoint.folder import CARD, GUIDE, SETTINGS, WEIGHTS, load_model, save_model, sha256
from esmlearn.checkpoint.trained import Trained, TrainedDiffusion, TrainedDownscaler, TrainedEnsemble, TrainedModel

__all__ = [
    "CARD",
    "GUIDE",
    "SETTINGS",
    "WEIGHTS",
    "Trained",
    "TrainedDiffusion",
    "TrainedDownscaler",
    "TrainedEnsemble",
    "TrainedModel",
    "load_model",
    "save_model",
    "sha256",
]
