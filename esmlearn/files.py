"""Write files so that a reader never finds an incomplete one, or say why it can't be done; find and hash them."""

import errno
import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from esmlearn.errors import WriteError

_WHY = {
    errno.ENOSPC: "no space is left on its disk; make room",
    errno.EDQUOT: "your quota on its disk is used up; make room",
    errno.EFBIG: "files have a limit of size here (`ulimit -f`, or that of the disk); raise it",
    errno.EROFS: "its disk is read-only; choose another folder",
    errno.EACCES: "you may not write there; change the rights of its folder, or choose another one",
    errno.EPERM: "you may not write there; change the rights of its folder, or choose another one",
    errno.EEXIST: "a part of its path is a file, not a folder; choose another folder",
    errno.ENOTDIR: "a part of its path is a file, not a folder; choose another folder",
    errno.EISDIR: "a folder has that name; remove it, or choose another name",
    errno.ENAMETOOLONG: "its name is too long; choose a shorter one",
    errno.EIO: "its disk reports an error; choose another one",
}
"""Why a file can't be written and what to do, by the number of the system's error."""

_UNNUMBERED = re.compile(r"NetCDF: |HDF error|PytorchStreamWriter|inline_container|I/O error|unexpected pos \d+")
"""What netCDF4, torch and safetensors say when they can't write, without the number of the system's error."""

_ASIDE = re.compile(r"\..+\.[0-9a-f]{8}(\.\w+)?")
"""Names of the temporary files of `atomic_write`."""


@contextmanager
def atomic_write(path: str | Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to, and rename it to `path` at the end of the block.

    If the block fails (a full disk, Ctrl-C), or the process is killed in it, an older `path` stays as it was. Only a
    kill leaves the temporary file, for `remove_leftovers`.

    Parameters
    ----------
    path
        The file to make or to replace; its folder is made if it does not exist.
    durable
        Whether to wait until the file is on the disk, which takes milliseconds. Only then do network file systems
        report some errors.

    Yields
    ------
    Path
        In the same folder, with the same suffix, by which iris and matplotlib choose the format.

    Raises
    ------
    WriteError
        If the disk is full or read-only, or the like.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder, "scores.json")) as aside:
    ...         _ = aside.write_text("[]")
    ...     [file.name for file in Path(folder).iterdir()]
    ['scores.json']
    """
    path = Path(path)
    # Not tempfile.mkstemp: only their author could read its files.
    aside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield aside
            if durable:
                with aside.open("rb+") as file:
                    os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the errors of a full or read-only disk, in a block that writes a file, into one that names the file.

    Raises
    ------
    WriteError
        In place of any such error, whichever library reports it.
    """
    try:
        yield
    except WriteError:
        raise
    except Exception as error:
        # What the block reads may fail too, and is no matter of this file.
        named = getattr(error, "filename", None)
        elsewhere = isinstance(named, str | os.PathLike) and Path(named).parent not in (path, *path.parents)
        number: Any = getattr(error, "errno", None)
        if elsewhere or not (number in _WHY or _UNNUMBERED.search(str(error))):
            raise
        why = _WHY.get(number, f"{error}; its disk may be full, or files have a limit of size or a quota: make room")
        raise WriteError(f"{path} can't be written: {why}, and run again; what was written before is whole.") from error


def check_writable(folder: Path) -> None:
    """Make a folder, and try to write in it: what can't be written at the end of a script is told at its start.

    Raises
    ------
    WriteError
        If it can't be made or written in.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b" ")


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writes left in or below a folder; nobody else may be writing there."""
    for file in folder.rglob(".*"):
        if _ASIDE.fullmatch(file.name) and file.is_file():
            with writing(file):
                file.unlink(missing_ok=True)


def visible(folder: Path, pattern: str) -> list[Path]:
    """Files that a pattern fits (``**/`` for those below), sorted; hidden ones, as of a write that goes on, are not."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def write_text(path: str | Path, text: str, *, durable: bool = True) -> None:
    """Write a text file in UTF-8, as `atomic_write` does."""
    with atomic_write(path, durable=durable) as aside:
        aside.write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the SHA-256 hash of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reconstruction_files(folder: Path) -> list[Path]:
    """Files ``NAME_FREQUENCY.nc`` in a folder, sorted; monthly means of what is there at a higher frequency are not."""
    found = {
        path: match
        for path in visible(folder, "*.nc")
        if (match := re.fullmatch(r"(.*)_[\d.]*(hr|day|mon)", path.stem))
    }
    finer = {match[1] for path, match in found.items() if not path.stem.endswith("_mon")}
    return sorted(path for path, match in found.items() if not (path.stem.endswith("_mon") and match[1] in finer))
