"""The door for observations: cubes as they come are put in order before anything looks at them."""

import json
import logging

from iris.cube import Cube

from esmlearn.cubes.convert import Gridded, as_cube
from esmlearn.cubes.times import order_times
from esmlearn.cubes.values import check_values
from esmlearn.settings.input import InputSettings

logger = logging.getLogger(__name__)

CHANGES = "esmlearn_changes"
"""Attribute of a cube: sentences on what was changed in it, as a JSON list."""


def put_in_order(data: Gridded, settings: InputSettings = InputSettings()) -> Cube:  # noqa: B008
    """Put axes, units and times of a cube or an array of xarray in order, and look for values that can't be right.

    Parameters
    ----------
    data
        Observations as they come.
    settings
        What is changed and what is refused.

    Returns
    -------
    Cube
        The same object if nothing needs a change. Sentences on what was changed in times and values are logged, and
        kept in the attribute `esmlearn_changes` as a JSON list.

    Raises
    ------
    DataError
        If the data can't be put in order with these settings.
    """
    cube, sentences = order_times(as_cube(data), settings.times)
    cube, found = check_values(cube, settings.values)
    sentences += found
    if not sentences:
        return cube
    for sentence in sentences:
        logger.info(sentence)
    if cube is data:
        cube = cube.copy()
    cube.attributes[CHANGES] = json.dumps([*changes_of(cube), *sentences])
    return cube


def changes_of(cube: Cube) -> list[str]:
    """Sentences on what was changed in a cube before it came to a method."""
    return list(json.loads(str(cube.attributes.get(CHANGES, "[]"))))
