"""Stop a script where it stands, and tell how to go on: on Ctrl-C, on a batch system's signal, or with `esmvaltool`."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

STARTED_BY = "ESMLEARN_STARTED_BY"
"""Environment variable that passes the process number of `esmvaltool` to the scripts."""

LOOK_EVERY_SECONDS = 1.0


@contextmanager
def stopped_by_a_signal() -> Iterator[None]:
    """Let the signal of `kill` and of batch systems (SIGTERM) end the block as Ctrl-C does, not at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change this
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def stop_with_esmvaltool(environ: Mapping[str, str] = os.environ) -> None:
    """Watch the `esmvaltool` that started this script, and stop the script when it is gone.

    A `kill` reaches `esmvaltool` only, and the script would go on for hours. One that was started by hand goes on.
    """
    started_by = environ.get(STARTED_BY, "")
    if started_by.isdecimal():
        threading.Thread(target=_watch, args=(int(started_by), os.getppid()), daemon=True).start()


def _watch(esmvaltool: int, parent: int) -> None:
    """Wait until `esmvaltool`, or the parent, which is one of its workers where tasks run in parallel, is gone."""
    while os.getppid() == parent and _is_there(esmvaltool):
        time.sleep(LOOK_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
