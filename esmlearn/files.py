"""Write files so that a reader never finds an incomplete one, and hash them."""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to, and rename it to `path` at the end of the block.

    If the block fails (a full disk, Ctrl-C), or the process is killed in it, an older `path` stays as it was.

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
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile.mkstemp: only their author could read its files.
    aside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        yield aside
        if durable:
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


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
        path: match for path in folder.glob("*.nc") if (match := re.fullmatch(r"(.*)_[\d.]*(hr|day|mon)", path.stem))
    }
    finer = {match[1] for path, match in found.items() if not path.stem.endswith("_mon")}
    return sorted(path for path, match in found.items() if not (path.stem.endswith("_mon") and match[1] in finer))
