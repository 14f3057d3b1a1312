"""Gaps of a field, by the settings of a recipe."""

from typing import Any

import numpy as np

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.gaps.simulate import simulate_gaps
from esmlearn.settings import GapSettings


def apply_gaps(field: Field, gaps: GapSettings, other: Field | None = None) -> Field:
    """Hide parts of a field; the same field and settings always give the same gaps.

    Parameters
    ----------
    field
        The observations, over the whole period of the recipe.
    gaps
        Kind and share of the gaps.
    other
        For kind `dataset`: the field whose gaps to take. Its days are matched in order, and repeated after its end.

    Raises
    ------
    DataError
        If the other dataset has another grid, or if no observation is left.
    """
    if gaps.kind == "data":
        return field
    if gaps.kind == "dataset":
        if other is None or other.land.shape != field.land.shape:
            raise DataError(
                f"data.gaps.dataset '{gaps.dataset}' must be on the grid of the observations, {field.land.shape} cells;"
                " regrid both in the preprocessor."
            )
        hidden = ~other.observed[np.arange(len(field.dates)) % len(other.dates), 0]
    else:
        # Only clouds have a season.
        days = np.array([date.dayofyr for date in field.dates])
        season: dict[str, Any] = {"day_of_year": days} if gaps.kind == "clouds" else {}
        shape = (len(field.dates), *field.land.shape)
        hidden = simulate_gaps(gaps.kind, *shape, share=gaps.share, seed=gaps.seed, **season)
    gappy = field.hide(hidden)
    if not gappy.observed.any():
        raise DataError(f"The gaps of kind '{gaps.kind}' hide everything; lower data.gaps.share.")
    return gappy
