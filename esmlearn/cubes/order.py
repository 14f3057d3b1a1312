"""The door for observations: cubes as they come are put in order before anything looks at them."""

import json
import logging

from iris.cube import Cube

from esmlearn.cubes.times import order_times
from esmlearn.settings.input import InputSettings

logger = logging.getLogger(__name__)

CHANGES = "esmlearn_changes"
"""Attribute of a cube: sentences on what was changed in it, as a JSON list."""


def put_in_order(data: Cube, settings: InputSettings = InputSettings()) -> Cube:  # noqa: B008
    """Put the times of a cube in order.

    Parameters
    ----------
    data
        Observations as they come.
    settings
        What is changed and what is refused.

    Returns
    -------
    Cube
        The same object if nothing needs a change. Else sentences on what was changed are logged, and kept in the
        attribute `esmlearn_changes` as a JSON list.

    Raises
    ------
    DataError
        If the data can't be put in order with these settings.
    """
    cube, sentences = order_times(data, settings.times)
    if not sentences:
        return cube
    for sentence in sentences:
        logger.info(sentence)
    if cube is data:
        cube = data.copy()
    cube.attributes[CHANGES] = json.dumps([*changes_of(cube), *sentences])
    return cube


def changes_of(cube: Cube) -> list[str]:
    """Sentences on what was changed in a cube before it came to a method."""
    return list(json.loads(str(cube.attributes.get(CHANGES, "[]"))))
