"""Cases from the files that the script `reconstruct` left, and from the datasets of a recipe."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError
from esmlearn.evaluation.assemble import make_case
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.inputs import Source, depth_of
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.reconstruction import Reconstruction, read_cube
from esmlearn.settings import EvaluateSettings

LAND = "sftlf"
"""Short name of the percentage of land."""

MethodFiles = tuple[Path, ...]
"""What one method left of one dataset: the file of the days, that of the months, and those of the members, if any."""


def read_cases(files: Sequence[MethodFiles], data: InputData, settings: EvaluateSettings) -> list[Case]:
    """Read every dataset that was reconstructed.

    Parameters
    ----------
    files
        Of all methods and datasets; what is no reconstruction is passed over.
    data
        The datasets of the recipe.
    settings
        Settings of the script. Without a `truth` it is the withheld values of the reconstructed dataset itself.

    Raises
    ------
    DataError
        If there is no reconstruction, files do not fit together, or a name means none of the datasets or several.
    SettingsError
        If a region or the buffers ask for what is not there.
    """
    split = settings.split
    found = [(paths, iris.load_cube(paths[0])) for paths in files]
    found = [(paths, cube) for paths, cube in found if "esmlearn_method" in cube.attributes]
    splits = {str(cube.attributes.get("esmlearn_split", split)) for _, cube in found}
    if split not in splits and len(splits) != 1:
        there = f"; those there are: {', '.join(sorted(splits))}" if splits else ""
        raise DataError(
            f"There is no reconstruction of the split '{split}' to evaluate{there}; let `ancestors` of this script name"
            " the script that reconstructs, and `split` one that it wrote."
        )
    # Where there is only one, as after the setting `period: all`, it counts, and the scores carry its own name.
    chosen = split if split in splits else splits.pop()
    groups: dict[tuple[str, str, float], list[tuple[MethodFiles, Cube]]] = {}
    for paths, cube in found:
        if cube.attributes.get("esmlearn_split", split) == chosen:
            key = (str(cube.attributes["esmlearn_dataset"]), str(cube.var_name), depth_of(cube))
            groups.setdefault(key, []).append((paths, cube))
    return [_read_case(key[0], groups[key], data, settings, chosen) for key in sorted(groups)]


def _read_case(
    dataset: str, found: list[tuple[MethodFiles, Cube]], data: InputData, settings: EvaluateSettings, split: str
) -> Case:
    """Read all methods of one dataset, and what they are held against."""
    (first_file, *_), first = found[0]
    field, observed = Field.from_cube(first, complete=True), read_cube(first)[2]
    results = [_read_result(paths, cube, field, observed, first_file.name) for paths, cube in found]
    _check_names(results, dataset)
    downscaled = first.attributes.get("esmlearn_task") == "downscale" or settings.coarse is not None
    short_name, grid = str(first.var_name), field.grid
    # What was reconstructed was observed, and is the truth if none is named; of super-resolution it is the latter only,
    # and there the coarse field may have its name.
    own = None
    if not (downscaled and settings.truth) and data.has(
        dataset, short_name=short_name, grid=grid if downscaled else None
    ):
        own = _find(data, settings, dataset, short_name=short_name, grid=grid)
    coarse = settings.coarse or str(first.attributes.get("esmlearn_coarse", ""))
    coarse_is_there = settings.coarse is not None or data.has(coarse, short_name=short_name)
    share_is_there = downscaled and data.has(None, short_name=LAND, grid=grid)
    return make_case(
        results,
        field,
        observed,
        settings,
        dataset=dataset,
        split=split,
        truth=_find(data, settings, settings.truth, short_name=short_name, grid=grid, key="truth")
        if settings.truth
        else own,
        observations=None if downscaled else own,
        downscaled=downscaled,
        coarse=_find(data, settings, coarse, short_name=short_name, key="coarse") if coarse_is_there else None,
        height=_find(data, settings, settings.height, grid=grid, key="height") if settings.height else None,
        land=_find(data, settings, None, short_name=LAND, grid=grid) if share_is_there else None,
    )


def _check_names(results: Sequence[Result], dataset: str) -> None:
    """Refuse two results of one name: the scores of one would pass for those of the other."""
    times = Counter(result.name for result in results)
    if twice := [name for name, count in times.items() if count > 1]:
        files = ", ".join(str(result.paths[0]) for result in results if result.name == twice[0])
        raise DataError(
            f"There are several reconstructions of {dataset} by {twice[0]} ({files}): let `ancestors` name only one of"
            " these scripts, or take the method out of the `baselines` of the others."
        )


def _read_result(
    paths: MethodFiles, cube: Cube, field: Field, observed: Bool[np.ndarray, "time lat lon"], first: str
) -> Result:
    """Read what one method left, and see that it was given what the first one was."""
    daily, monthly, *members = paths
    if not monthly.is_file():
        raise DataError(f"{daily.name} has no monthly counterpart {monthly.name}; run the reconstruction again.")
    reconstruction = Reconstruction.from_cubes(cube, *(iris.load_cube(file) for file in (monthly, *members)))
    if not np.array_equal(read_cube(cube)[2], observed):
        raise DataError(f"{daily.name} was made from other observations than {first}; reconstruct again.")
    if len(reconstruction.monthly) != len(field.months):
        raise DataError(f"{monthly.name} does not have the months of {daily.name}; run the reconstruction again.")
    name, role = (str(cube.attributes[f"esmlearn_{key}"]) for key in ("method", "role"))
    return Result(name, role, reconstruction, paths)


def _find(data: InputData, settings: EvaluateSettings, name: str | None, **options: Any) -> Source:
    """Find and read a dataset; options as of `InputData.find`."""
    file = str(data.find(name, **options)["filename"])
    return Source(name or LAND, put_in_order(iris.load_cube(file), settings.input), file)
