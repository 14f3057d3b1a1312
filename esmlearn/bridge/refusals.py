"""End a script or a command with one sentence on an error that the user can mend."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from esmlearn.errors import EsmlearnError

ERROR_PREFIX = "ERROR esmlearn: "
"""Start of the line that gives the reason; `esmvaltool learn why` looks for it in log.txt."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the program with exit code 1 and one line, without a traceback, on an `EsmlearnError` or a full disk.

    Any other error is a fault of the program and keeps its traceback.
    """
    try:
        yield
    except EsmlearnError as error:
        _stop(str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _stop(
            f"no space is left for {error.filename or 'the output'}; what was written before is whole,"
            " so make room and run again."
        )


def _stop(sentence: str) -> None:
    print(ERROR_PREFIX + " ".join(sentence.split()), flush=True)  # noqa: T201
    raise SystemExit(1) from None
