"""What is land: by the data, by Natural Earth, or by a mask."""

import logging
from dataclasses import replace

import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.fields.static import read_static
from esmlearn.grids.land import land_mask
from esmlearn.settings import SplitSettings

logger = logging.getLogger(__name__)

Land = Bool[np.ndarray, "lat lon"]

OF_LAND = ("land_area_fraction", "land_binary_mask", "sftlf")
OF_SEA = ("sea_area_fraction", "sea_binary_mask", "sftof")
"""Names of what may say where land is; the last is a short name."""


def settle_land(field: Field, source: str | Cube | None = None, *, known: Land | None = None) -> Field:
    """Say what is land in a field whose land is where it never has a value.

    Ocean without any observation is ocean: it is filled. The log says how many such cells there are, and how many count
    as land.

    Parameters
    ----------
    field
        As `Field.from_cube` reads it.
    source
        `data`: land is where the field never has a value. `natural_earth`: the coast of Natural Earth; a cell with a
        value is no land. `training`: the known land, as it is. A cube: fraction or mask of land or sea, rows in any
        order; its land counts also where the field has values. None: the known land but for cells with a value, or
        `data` where no land is known.
    known
        Land of the training, if the field is on its grid.

    Raises
    ------
    DataError
        If a mask is on another grid or is not known to be one, there is no training to take land from, or no ocean with
        a value is left.
    """
    never = ~field.observed.any(axis=(0, 1))
    if known is not None and known.shape != never.shape:
        raise DataError(
            f"{field.like[0].name()} has {never.shape} cells (latitude, longitude), but the known land {known.shape}; "
            "bring all data to one grid in the preprocessor."
        )
    if isinstance(source, Cube):
        land = _of_mask(source, field)
    elif source == "natural_earth":
        land = land_mask(field.lat, field.lon) & never
    elif source == "training":
        if known is None:
            raise DataError("land is `training`, but the data are on the grid of no training; choose another source.")
        land = known
    else:
        land = never if source == "data" or known is None else known & never
    observed = field.observed & ~land
    if not observed.any():
        raise DataError(f"No value of {field.like[0].name()} is left outside of land; check the mask of land.")
    unseen = int((~land & ~observed.any(axis=(0, 1))).sum())
    name, size = field.like[0].name(), land.size
    logger.info("%s: %d of %d cells are land", name, land.sum(), size)
    if unseen:
        logger.info("%s: %d of %d cells are ocean that was never observed; it is filled", name, unseen, size)
    return replace(field, values=np.where(observed, field.values, np.float32(np.nan)), observed=observed, land=land)


def settle_training_land(field: Field, source: str | Cube | None, split: SplitSettings) -> Field:
    """Say what is land as `settle_land` does, from the training period alone.

    A cell that has values only later must not be known to be ocean in the training: it would change the weights. The
    reconstruction takes it for ocean, as there it has values.

    Raises
    ------
    DataError
        As `settle_land`, and if no day is left for the training.
    """
    return settle_land(field, "training", known=settle_land(select_role(field, split, "train"), source).land)


def _of_mask(cube: Cube, field: Field) -> Land:
    """Land of a cube on the grid of a field."""
    names = (cube.standard_name, cube.var_name)
    is_land, is_sea = (any(name in known for name in names) for known in (OF_LAND, OF_SEA))
    if is_land == is_sea:
        raise DataError(
            f"{cube.name()} can't be used as land: whether it is of land or of sea is told by the standard name "
            f"({', '.join((*OF_LAND[:2], *OF_SEA[:2]))}) or the short name (sftlf, sftof); give it one of these."
        )
    share = read_static(cube, field.grid, cube.name())
    half = 50.0 if str(cube.units) in ("%", "percent") else 0.5
    # What is missing in a fraction of sea is land, and the other way round.
    return np.nan_to_num(share) > half if is_land else ~(np.nan_to_num(share) > half)
