"""A model folder as something that completes cubes and fields."""

from pathlib import Path

from esmlearn.tasks.densify.apply import Densifier
from esmlearn.tasks.downscale.apply import Downscaler
from esmlearn.tasks.fill.reconstructor import EnsembleReconstructor
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.trained.folder import load_model
from esmlearn.trained.trained import TrainedDownscaler, TrainedModel


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
