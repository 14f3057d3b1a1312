"""End a script or a command with one sentence on an error that the user can mend."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from esmlearn.errors import EsmlearnError

ERROR_PREFIX = "ERROR esmlearn: "
"""Start of the line that gives the reason; `esmvaltool learn why` looks for it in log.txt."""

_NO_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)
"""What PyTorch says without memory, of a processor and of a GPU."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the program with one line, without a traceback, on an error that the user can mend.

    That is an `EsmlearnError`, a full disk, too little memory (exit code 1), and Ctrl-C (130). Any other error is a
    fault of the program and keeps its traceback.
    """
    try:
        yield
    except EsmlearnError as error:
        _stop(str(error))
    except KeyboardInterrupt:
        _stop(
            "stopped; what was written before is whole. Run again to go on: the same script goes on from its own"
            " checkpoint, a new run of the recipe from the one in the folder that `training.resume` names.",
            code=130,
        )
    except (MemoryError, RuntimeError) as error:
        if not (isinstance(error, MemoryError) or _NO_MEMORY.search(str(error))):
            raise
        _stop(
            "there is too little memory; lower `training.batch_size` or `model.window` of a training,"
            " `ensemble.members` of a reconstruction, or the region or period of the data, and run again."
        )
    except OSError as error:
        if error.errno == errno.ENOMEM:
            _stop("there is too little memory; end other programs, or lower the region or period of the data.")
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _stop(
            f"no space is left for {error.filename or 'the output'}; what was written before is whole,"
            " so make room and run again."
        )


def _stop(sentence: str, *, code: int = 1) -> None:
    with suppress(BrokenPipeError):  # `esmvaltool`, which reads this, may be gone
        print(ERROR_PREFIX + " ".join(sentence.split()), flush=True)  # noqa: T201
    raise SystemExit(code) from None
