"""Base class of all baselines, and what their reconstructions have in common."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from iris.cube import Cube
from jaxtyping import Bool, Float

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import GapFiller, Reconstruction, monthly_means
from esmlearn.settings import BaselineSettings


@dataclass(frozen=True)
class Baseline(GapFiller):
    """A method to compare models with.

    Attributes
    ----------
    smooths
        Whether the method has an analysis of what was observed, see `smooth_field`.
    climatology
        Mean seasonal cycle from which anomalies are calculated; it has the grid.
    land
        Land of the training, shape (lat, lon).
    units
        Units of the training.
    """

    smooths: ClassVar[bool] = False

    climatology: Climatology
    land: Bool[np.ndarray, "lat lon"]
    units: str

    @classmethod
    def fit(cls, training: Field, climatology: Climatology, settings: BaselineSettings) -> "Baseline":  # noqa: ARG003
        """Estimate all parameters from the gappy observations of the training period.

        Parameters
        ----------
        training
            Observations of the training period, with gaps; one variable.
        climatology
            Climatology on their grid.
        settings
            Parameters that are set; those that are None are estimated.
        """
        return cls(climatology, training.land, training.units)

    @property
    def parameters(self) -> dict[str, Any]:
        """Fitted or set parameters, in types of JSON."""
        return {}

    def land_of(self, cube: Cube) -> Bool[np.ndarray, "lat lon"]:
        """Give the land of the training; a DataError if the cube is on another grid."""
        self._check_grid(cube)
        return self.land

    def mean_cycle(self, field: Field) -> Float[np.ndarray, "time lat lon"]:
        """Give the climatology at the dates of a field; a DataError for another grid, or several levels."""
        self._check_grid(field.single().like[0])
        return self.climatology.of(field)

    def _check_grid(self, cube: Cube) -> None:
        if not self.climatology.covers(cube):
            raise DataError(
                f"{cube.name()} is on another grid than the {self.land.shape[0]} x {self.land.shape[1]} cells that the"
                " baseline was fitted on; regrid it in the preprocessor, or fit the baseline to that grid."
            )


def complete(
    field: Field,
    daily: Float[np.ndarray, "time lat lon"],
    daily_std: Float[np.ndarray, "time lat lon"] | None = None,
) -> Reconstruction:
    """Make a reconstruction: observations stay, gaps get the values of the method, and months are means of their days.

    Where there is an observation, the standard deviation is that of its error; zero where it is not known.
    """
    observed = field.observed[:, 0]
    result = without_land(field, np.where(observed, field.values[:, 0], daily))
    if daily_std is None:
        return result
    std = np.where(observed, field.deviation[:, 0], daily_std)
    return replace(result, daily_std=np.where(field.land, np.nan, std).astype(np.float32))


def without_land(
    field: Field, daily: Float[np.ndarray, "time lat lon"], monthly: Float[np.ndarray, "month lat lon"] | None = None
) -> Reconstruction:
    """Make a reconstruction with NaN on land; months are the means of their days unless a method has its own."""
    monthly = monthly_means(field, daily) if monthly is None else monthly
    days, months = (np.where(field.land, np.nan, part).astype(np.float32) for part in (daily, monthly))
    return Reconstruction(days, months)
