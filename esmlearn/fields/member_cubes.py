"""Members of all variables or levels at some times, as one CF cube and back."""

import numpy as np
from iris.cube import Cube
from jaxtyping import Bool, Float

from esmlearn.fields.field import Field, rows_northward
from esmlearn.fields.reconstruction import add_ancillaries, merge_members, observed_flag, read_cube


def members_cube(field: Field, members: Float[np.ndarray, "member time var lat lon"]) -> Cube:
    """Make a cube of the members of a field, with the flag for observed values as an ancillary variable.

    The dimensions are realization, time, depth where there are several levels, latitude, longitude.
    """
    several = field.values.shape[1] > 1
    cube = merge_members([field.as_cube(member if several else member[:, 0]) for member in members])
    observed = field.observed if several else field.observed[:, 0]
    land = np.broadcast_to(rows_northward(field.land, cube), observed.shape)
    cube.add_ancillary_variable(observed_flag(cube, observed, land), range(1, cube.ndim))
    return cube


def levels_cube(
    field: Field, mean: Float[np.ndarray, "time var lat lon"], std: Float[np.ndarray, "time var lat lon"]
) -> Cube:
    """Make a cube of complete levels, with standard deviation and flag for observed values as ancillary variables.

    The dimensions are time, depth where there are several levels, latitude, longitude.
    """
    several = field.values.shape[1] > 1
    mean, std, observed = (part if several else part[:, 0] for part in (mean, std, field.observed))
    cube = field.as_cube(mean)
    add_ancillaries(cube, field, std, observed)
    return cube


def read_members_cube(
    cube: Cube,
) -> tuple[Float[np.ndarray, "member time var lat lon"], Bool[np.ndarray, "time var lat lon"]]:
    """Read members and observed flag from the cube of `members_cube`; rows run from south to north as in a `Field`."""
    members, _, observed = read_cube(cube)
    return (members, observed) if observed.ndim == 4 else (members[:, :, None], observed[:, None])
