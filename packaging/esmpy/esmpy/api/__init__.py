"""The part of ESMPy's interface that is looked up by its full name."""

from esmpy.api import constants

__all__ = ["constants"]
