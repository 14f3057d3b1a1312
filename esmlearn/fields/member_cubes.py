"""Members of all variables or levels at some times, as one CF cube and back."""

import numpy as np
from einops import rearrange
from iris.cube import Cube
from jaxtyping import Bool, Float

from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import merge_members, observed_flag, rows_northward


def members_cube(field: Field, members: Float[np.ndarray, "member time var lat lon"]) -> Cube:
    """Dress the members that were drawn of a field; the flag for what was observed is an ancillary variable.

    The dimensions are realization, time, depth where there are several levels, latitude, longitude.
    """
    several = field.values.shape[1] > 1
    cube = merge_members([field.as_cube(member if several else member[:, 0]) for member in members])
    observed = field.observed if several else field.observed[:, 0]
    land = np.broadcast_to(rows_northward(field.land, cube), observed.shape)
    cube.add_ancillary_variable(observed_flag(cube, observed, land), range(1, cube.ndim))
    return cube


def read_members_cube(
    cube: Cube,
) -> tuple[Float[np.ndarray, "member time var lat lon"], Bool[np.ndarray, "time var lat lon"]]:
    """Read back the members and what was observed; rows run from south to north as in a `Field`."""
    members = rows_northward(np.ma.filled(cube.data.astype(np.float32), np.nan), cube)
    (flag,) = (variable for variable in cube.ancillary_variables() if variable.var_name == "observed")
    observed = rows_northward(np.ma.filled(flag.data, 0) == 1, cube)
    if observed.ndim == 4:
        return members, observed
    return rearrange(members, "member time lat lon -> member time 1 lat lon"), rearrange(
        observed, "time lat lon -> time 1 lat lon"
    )
