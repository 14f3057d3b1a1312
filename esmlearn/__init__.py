"""Gap-free and finer ocean fields from observations with holes, by recipe or in a notebook."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from esmlearn.evaluation.evaluate import evaluate as evaluate
    from esmlearn.filling.fill_gaps import fill as fill
    from esmlearn.readers.read import read as read
    from esmlearn.tasks import load as load

__all__ = ["evaluate", "fill", "load", "read"]

try:
    __version__ = version("esmlearn")
except PackageNotFoundError:  # a source tree that was not installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    """Import what is slow only when it is asked for: the command line must start quickly."""
    if name == "load":
        from esmlearn.tasks import load

        return load
    if name == "evaluate":
        from esmlearn.evaluation.evaluate import evaluate

        return evaluate
    if name == "fill":
        from esmlearn.filling.fill_gaps import fill

        return fill
    if name == "read":
        from esmlearn.readers.read import read

        return read
    raise AttributeError(f"module 'esmlearn' has no attribute '{name}'")
