"""Stand-in for ESMPy, where there is no conda: importable, and honest about what it can't do."""

from typing import Any, NoReturn

from esmpy import api
from esmpy.api.constants import (
    CoordSys,
    ExtrapMethod,
    GridItem,
    LineType,
    MeshLoc,
    NormType,
    PoleMethod,
    RegridMethod,
    StaggerLoc,
    UnmappedAction,
)

__version__ = "0.0.1"

__all__ = [
    "CoordSys",
    "ExtrapMethod",
    "Field",
    "Grid",
    "GridItem",
    "LineType",
    "Manager",
    "Mesh",
    "MeshLoc",
    "NormType",
    "PoleMethod",
    "Regrid",
    "RegridMethod",
    "StaggerLoc",
    "StandInError",
    "UnmappedAction",
    "api",
]


class StandInError(RuntimeError):
    """Something needs the real ESMPy."""


class Manager:
    """Holds no ESMF session; accepts what the real one accepts."""

    def __init__(self, debug: bool = False) -> None:
        self.debug = debug


class _NeedsEsmf:
    def __init__(self, *_: Any, **__: Any) -> None:
        _refuse()


class Grid(_NeedsEsmf):
    """A logically rectangular grid, for ESMF only."""


class Mesh(_NeedsEsmf):
    """An unstructured grid, for ESMF only."""


class Field(_NeedsEsmf):
    """Values on a grid or mesh, for ESMF only."""


class Regrid(_NeedsEsmf):
    """Regridding weights, from ESMF only."""


def _refuse() -> NoReturn:
    msg = (
        "This regridding scheme needs ESMPy, and only a stand-in for it is installed here. Either use a"
        " scheme that does without it - `area_weighted`, `linear` or `nearest` from a regular grid, `scheme:"
        " {reference: iris.analysis:UnstructuredNearest}` from a curvilinear or unstructured one - or work in"
        " a conda environment with ESMPy: conda install -c conda-forge esmpy."
    )
    raise StandInError(msg)
