"""A trained ensemble that fills gaps, as a method among others."""

import numpy as np
from iris.cube import Cube

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import GapFiller, Reconstruction
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.fill.apply import climate, fill
from esmlearn.trained.trained import TrainedEnsemble


class EnsembleReconstructor(GapFiller):
    """A trained ensemble, ready for cubes and fields.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(cube)`` gives the mean of the members, with their standard
    deviation as an ancillary variable; ``.reconstruct_field(field).members`` are the members themselves.
    """

    def __init__(self, trained: TrainedEnsemble, settings: EnsembleSettings | None = None) -> None:
        self.trained, self.settings = trained, settings or EnsembleSettings()
        self.units = trained.settings.data.units

    def land_of(self, cube: Cube) -> np.ndarray | None:
        """Land of the training if a cube is on its grid; else unknown, so that land is what was never observed."""
        return self.trained.land if self.trained.climatologies[0].covers(cube) else None

    def climate(self, field: Field) -> tuple[Climatology, Scaling]:
        """Climatology and scaling that hold for the grid of a field."""
        return climate(self.trained, field)

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Fill the gaps of a field with members, their mean, and their standard deviation."""
        return fill(self.trained, field, self.settings)
