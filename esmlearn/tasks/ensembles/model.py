"""What the trained ensembles of all tasks have in common."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import nn

from esmlearn.settings import DiffusionTrainSettings
from esmlearn.trained.folder import Trained


@dataclass(frozen=True)
class TrainedEnsemble(Trained):
    """A denoiser with all that it needs to sample members.

    Attributes
    ----------
    amplitudes
        Factors on the states of each variable, so that the spread is that of the errors.
    regression
        The network whose mean members depart from, if there is one.
    """

    settings: DiffusionTrainSettings
    amplitudes: Float[np.ndarray, " var"]
    regression: nn.Module | None

    def networks(self) -> dict[str, nn.Module]:
        """Networks by the first part of the names of their weights."""
        return super().networks() | ({"regression": self.regression} if self.regression else {})

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers that are no weights, by name."""
        return super().arrays() | {"amplitudes": self.amplitudes}
