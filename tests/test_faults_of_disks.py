"""Wherever something is written, a full or read-only disk and a limit of size end in one sentence with the file."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from esmlearn.errors import WriteError
from esmlearn.files import atomic_write, remove_leftovers, visible, write_text

LIMITED = """
import resource, sys, numpy as np, torch, iris
from iris.cube import Cube
from safetensors.torch import save_file
from esmlearn.errors import WriteError
from esmlearn.files import atomic_write
from matplotlib.figure import Figure
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
numbers = np.random.default_rng(0).normal(size=90_000)
writers = {
    "checkpoint.pt": lambda path: torch.save(torch.from_numpy(numbers), path),
    "model.safetensors": lambda path: save_file({"a": torch.from_numpy(numbers)}, path),
    "filled.nc": lambda path: iris.save(Cube(numbers), path),
    "report.html": lambda path: path.write_text("x" * 90_000),
    "map.png": lambda path: Figure().savefig(path),
}
for name, write in writers.items():
    try:
        with atomic_write(f"{sys.argv[1]}/{name}") as aside:
            write(aside)
    except WriteError as error:
        print(error)
"""


def test_a_limit_of_size_is_told_with_the_file_by_every_library(tmp_path):
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if "can't be written" in line]
    names = ["checkpoint.pt", "model.safetensors", "filled.nc", "report.html", "map.png"]
    assert [Path(line.split(" can't")[0]).name for line in lines] == names, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "limit of size"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
    ],
)
def test_the_reason_and_the_file_are_told(tmp_path, monkeypatch, number, words):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(WriteError, match=rf"scores\.json can't be written: .*{words}"):
        write_text(tmp_path / "scores.json", "[]")
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "model").touch()
    with pytest.raises(WriteError, match="a file, not a folder"):
        write_text(tmp_path / "model" / "settings.json", "{}")


def test_what_the_block_can_not_read_is_no_matter_of_the_file(tmp_path):
    with pytest.raises(PermissionError), atomic_write(tmp_path / "new" / "a.nc"):
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/else/input.nc")


def test_files_of_killed_writes_are_removed_and_never_read(tmp_path):
    own = tmp_path / ".tos_day.0123abcd.nc"
    for file in (own, tmp_path / "tos_day.nc", tmp_path / ".keep", tmp_path / ".settings.json"):
        file.touch()
    assert visible(tmp_path, "*.nc") == [tmp_path / "tos_day.nc"]
    remove_leftovers(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".keep", ".settings.json", "tos_day.nc"]
