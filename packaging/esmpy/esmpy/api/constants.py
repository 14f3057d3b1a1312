"""ESMPy's enumerations, with ESMF's names and numbers."""

from enum import IntEnum


class RegridMethod(IntEnum):
    """How values are carried over."""

    BILINEAR = 0
    PATCH = 1
    CONSERVE = 2
    NEAREST_STOD = 3
    NEAREST_DTOS = 4
    CONSERVE_2ND = 5


class NormType(IntEnum):
    """What conservative weights are divided by."""

    DSTAREA = 0
    FRACAREA = 1


class UnmappedAction(IntEnum):
    """What happens to target points without a source."""

    ERROR = 0
    IGNORE = 1


class ExtrapMethod(IntEnum):
    """How target points without a source are filled."""

    NONE = 0
    NEAREST_STOD = 1
    NEAREST_IDAVG = 2
    CREEP_FILL = 3


class LineType(IntEnum):
    """What counts as a straight line between two points."""

    CART = 0
    GREAT_CIRCLE = 1


class PoleMethod(IntEnum):
    """How a pole is made up from the points around it."""

    NONE = 0
    ALLAVG = 1
    NPNTAVG = 2
    TEETH = 3


class CoordSys(IntEnum):
    """What coordinates mean."""

    CART = 0
    SPH_DEG = 1
    SPH_RAD = 2


class StaggerLoc(IntEnum):
    """Where in a two-dimensional cell a value stands."""

    CENTER = 0
    EDGE1 = 1
    EDGE2 = 2
    CORNER = 3


class MeshLoc(IntEnum):
    """Where on a mesh a value stands."""

    NODE = 0
    ELEMENT = 1


class GridItem(IntEnum):
    """What a grid carries besides coordinates."""

    MASK = 0
    AREA = 1
