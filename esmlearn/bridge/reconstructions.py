"""Find the files that the script `reconstruct` has left."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import iris
from iris.cube import Cube

from esmlearn.bridge.products import ABLATIONS
from esmlearn.errors import DataError
from esmlearn.files import reconstruction_files, visible


def ancestor_folders(cfg: dict[str, Any]) -> list[Path]:
    """Return the work folders of ancestor scripts."""
    return [Path(path) for path in cfg.get("input_files", []) if Path(path).is_dir()]


def find_reconstructions(folders: Iterable[Path]) -> list[tuple[Path, ...]]:
    """Return the files of each method and dataset: days (or other steps), months, and members of both if there are any.

    Daily files of other scripts are listed too; the file of the months may be missing.
    """
    daily = sorted(path for folder in folders for path in reconstruction_files(folder))
    found = []
    for path in daily:
        monthly = path.with_stem(f"{path.stem.rpartition('_')[0]}_mon")
        members = (file.with_stem(f"{file.stem}_members") for file in (path, monthly))
        found.append((path, monthly, *(file for file in members if file.is_file())))
    return found


def find_ablations(folders: Iterable[Path]) -> list[Path]:
    """Return the files of the ablations, in the order of the recipe."""
    return [path for folder in folders for path in visible(folder / ABLATIONS, "*.nc")]


def find_reference(folders: Iterable[Path], method: str | None) -> tuple[Path, Cube]:
    """Return the monthly reconstruction of a method, by default of the model, and its file.

    Raises
    ------
    DataError
        If there is none, or several fit.
    """
    files = sorted(path for folder in folders for path in visible(folder, "*_mon.nc"))
    cubes = {path: iris.load_cube(path) for path in files}
    named = {path: cube for path, cube in cubes.items() if method in (None, cube.attributes["esmlearn_method"])}
    models = {path: cube for path, cube in named.items() if cube.attributes["esmlearn_role"] == "model"}
    found = models if models and method is None else named
    if len(found) != 1:
        known = ", ".join(sorted({str(cube.attributes["esmlearn_method"]) for cube in cubes.values()})) or "none"
        raise DataError(
            f"reference: {len(found)} monthly reconstructions fit '{method or 'the model'}', but one is needed; the "
            f"ancestors have {known}. Name one method, and one script that reconstructs one dataset."
        )
    return next(iter(found.items()))
