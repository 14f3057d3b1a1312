"""A model folder as something that completes cubes and fields."""

from pathlib import Path

from esmlearn.checkpoint import TrainedDownscaler, TrainedModel, load_model
from esmlearn.ensemble import Densifier, Downscaler, EnsembleReconstructor
from esmlearn.reconstruct import Reconstructor


def load(folder: str | Path) -> Reconstructor | EnsembleReconstructor | Densifier | Downscaler:
    """Load a trained model from its folder.

    Raises
    ------
    ModelFolderError
        If the folder is incomplete, altered, or made for another task.
    """
    trained = load_model(folder)
    if isinstance(trained, TrainedModel):
        return Reconstructor(trained)
    if isinstance(trained, TrainedDownscaler):
        return Downscaler(trained)
    return EnsembleReconstructor(trained) if trained.settings.task == "fill" else Densifier(trained)
