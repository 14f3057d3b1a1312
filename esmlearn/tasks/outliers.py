"""Outliers of observations that are to be filled: counted, and hidden on request."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from esmlearn.baselines import OptimalInterpolation, find_outliers
from esmlearn.fields.field import Field
from esmlearn.words import outlier_words

OUTLIERS = "esmlearn_outliers"
"""Attribute of files: how many outliers there are, as JSON."""


@dataclass(frozen=True)
class OutlierCount:
    """How many observations are outliers.

    Attributes
    ----------
    outliers
        Observations farther than the threshold from the analysis of the others.
    observations
        Those that were looked at.
    threshold
        In expected standard deviations.
    masked
        Whether the outliers were hidden from all methods.
    """

    outliers: int
    observations: int
    threshold: float
    masked: bool

    @property
    def words(self) -> str:
        """A sentence."""
        return outlier_words(asdict(self))


def look_for_outliers(
    field: Field, analyses: Sequence[OptimalInterpolation], *, threshold: float, masked: bool
) -> tuple[Field, OutlierCount]:
    """Count the outliers of a field level by level, each by its own analysis, and take them out on request.

    An outlier is as `esmlearn.baselines.find_outliers` says.
    """
    levels = [
        find_outliers(field.level(index), analysis, threshold=threshold) for index, analysis in enumerate(analyses)
    ]
    found = np.stack(levels, axis=1)
    count = OutlierCount(int(found.sum()), int(field.observed.sum()), threshold, masked)
    return field.hide(found) if masked else field, count
