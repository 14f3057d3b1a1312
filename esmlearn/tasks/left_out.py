"""A method that fails is left out with its reason, so that the results of all others are kept."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from esmlearn.errors import DataError, EsmlearnError

logger = logging.getLogger(__name__)

MORE = "ablations and figures of the sampling"


class LeftOut(NamedTuple):
    """What failed, and why.

    Attributes
    ----------
    what
        Name of a method, or what else is missing, such as figures.
    error
        What it failed by. Any other than a `DataError` is a fault of the program.
    """

    what: str
    error: Exception

    @property
    def fault(self) -> bool:
        """Whether the program is at fault, and not the data."""
        return not isinstance(self.error, EsmlearnError)

    @property
    def why(self) -> str:
        """The reason in sentences."""
        if not self.fault:
            return str(self.error)
        first = next(iter(str(self.error).splitlines()), "").strip().rstrip(".")
        return f"It failed by a fault of the program ({type(self.error).__name__}{f': {first}' if first else ''})."

    def log(self) -> None:
        """Say what is left out and why; a fault with its traceback."""
        level = logging.ERROR if self.fault else logging.WARNING
        logger.log(level, "%s: left out. %s", self.what, self.why, exc_info=self.error if self.fault else None)


@contextmanager
def leaving_out(what: str) -> Iterator[list[LeftOut]]:
    """Keep an error within: the list has it after the block, and is empty if there was none.

    Settings that can't be followed, and files that can't be read or written, concern all methods: they are raised.

    Parameters
    ----------
    what
        What is missing if the block fails, such as the name of a method.
    """
    failed: list[LeftOut] = []
    try:
        yield failed
    except DataError as error:
        failed.append(LeftOut(what, error))
    except (EsmlearnError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 (what others have made shall not be lost)
        failed.append(LeftOut(what, error))
    for one in failed:
        one.log()
