"""How the script `evaluate` reads what others left: reconstructions, the truth, and what the methods were given."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.errors import DataError, SettingsError
from esmlearn.evaluation.case import Case, Result, cells_within
from esmlearn.evaluation.inputs import (
    Coarse,
    Inputs,
    at_level,
    depth_of,
    find_file,
    need_file,
    on_grid,
    read_coarse,
    read_fixed,
    read_on,
    says_synthetic,
)
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, read_cube
from esmlearn.fields.times import match_times
from esmlearn.grids.land import land_mask
from esmlearn.metrics.comparison import STEPS_A_DAY
from esmlearn.settings import EvaluateSettings

logger = logging.getLogger(__name__)

# A quantity with values on at least this share of the land, and of the sea, is known on both.
KNOWN_ON = 0.5

# Percentage of land above which a cell counts as land.
MOSTLY_LAND = 50


def read_cases(cfg: dict[str, Any], settings: EvaluateSettings) -> list[Case]:
    """Read every dataset that an ancestor script reconstructed.

    Parameters
    ----------
    cfg
        What `run_diagnostic` gave.
    settings
        Settings of the script. Without a `truth` it is the withheld values of the reconstructed dataset itself.

    Raises
    ------
    DataError
        If there is no reconstruction, or files do not fit together.
    SettingsError
        If the truth, a region or the buffers ask for what is not there.
    """
    split = settings.split
    folders = [Path(path) for path in cfg.get("input_files", []) if Path(path).is_dir()]
    found = []
    for path in sorted(path for folder in folders for part in STEPS_A_DAY for path in folder.glob(f"*_{part}.nc")):
        cube = iris.load_cube(path)
        if "esmlearn_method" in cube.attributes:
            found.append((path, cube))
    splits = {str(cube.attributes.get("esmlearn_split", split)) for _, cube in found}
    if split not in splits and len(splits) != 1:
        there = f"; those there are: {', '.join(sorted(splits))}" if splits else ""
        raise DataError(
            f"There is no reconstruction of the split '{split}' to evaluate{there}; let `ancestors` of this script name"
            " the script that reconstructs, and `split` one that it wrote."
        )
    # Where there is only one, as after the setting `period: all`, it counts, and the scores carry its own name.
    chosen = split if split in splits else splits.pop()
    files: dict[tuple[str, str, float], list[tuple[Path, Cube]]] = {}
    for path, cube in found:
        if cube.attributes.get("esmlearn_split", split) == chosen:
            key = (str(cube.attributes["esmlearn_dataset"]), str(cube.var_name), depth_of(cube))
            files.setdefault(key, []).append((path, cube))
    return [_read_case(key[0], files[key], cfg["input_data"], settings, chosen) for key in sorted(files)]


def read_baseline(case: Case) -> Field | None:
    """Read the truth on the days that were not reconstructed; None where there are none."""
    cube = iris.load_cube(case.truth_file)
    if cube.shape[0] <= case.grid.dates.size:
        return None
    field = at_level(Field.from_cube(cube, units=case.grid.units), case.grid, Path(str(case.truth_file)).name)
    others = np.ones(field.dates.size, bool)
    others[match_times(field, case.grid, names=("truth", "reconstruction"))] = False
    return field[others]


def _read_case(
    dataset: str, found: list[tuple[Path, Cube]], inputs: Inputs, settings: EvaluateSettings, split: str
) -> Case:
    """Read all methods of one dataset, and the truth on their dates."""
    first = found[0][1]
    grid = Field.from_cube(first)
    observed = read_cube(first)[2]
    results = sorted(
        (_read_result(path, cube, found[0], grid) for path, cube in found),
        key=lambda result: (result.role == "model", result.name),
    )
    attributes, short_name = first.attributes, str(first.var_name)
    downscaled = attributes.get("esmlearn_task") == "downscale" or settings.coarse is not None
    given = None if downscaled else find_file(dataset, inputs, short_name=short_name)
    known, truth_name = _find_truth(dataset, short_name, inputs, settings, grid, downscaled=downscaled)
    fields = {file: read_on(file, grid, dataset) for file in {given, known} if file}
    right = fields[known].values[:, 0] if known else None
    values = fields[given].values[:, 0] if given else results[-1].reconstruction.daily if right is None else right
    case = Case(
        settings=settings,
        dataset=dataset if grid.levels is None else f"{dataset} at {grid.levels[0]:g} m",
        split=split,
        quantity=str(first.long_name or first.name()).replace("_", " "),
        results=tuple(results),
        observed=observed,
        grid=grid,
        seen=np.where(observed, values, np.float32(np.nan)),
        truth=right,
        truth_name=truth_name,
        truth_file=known,
        observations_file=given,
        synthetic=any(says_synthetic(cube) for cube in (first, *(field.like[0] for field in fields.values()))),
        frequency=str(attributes.get("esmlearn_frequency", "day")),
        downscaled=downscaled,
        coarse=_find_coarse(attributes, short_name, inputs, settings, grid) if downscaled else None,
        height=read_fixed(need_file("height", settings.height, inputs), grid) if settings.height else None,
        on_land=_land_where_both_are_known(grid, inputs) if downscaled else None,
    )
    if settings.truth is None and right is not None and not np.isfinite(right[case.hidden]).any():
        logger.warning("%s: nothing that is known was hidden, so there is nothing to score; name a `truth`.", dataset)
        case = replace(case, truth=None, truth_name=None, truth_file=None)
    _check(case)
    return case


def _read_result(path: Path, cube: Cube, first: tuple[Path, Cube], grid: Field) -> Result:
    """Read what one method left, and see that it was given what the first one was."""
    frequency = path.stem.rsplit("_", 1)[1]
    monthly = path.with_name(path.name.removesuffix(f"_{frequency}.nc") + "_mon.nc")
    if not monthly.is_file():
        raise DataError(f"{path.name} has no monthly counterpart {monthly.name}; run the reconstruction again.")
    beside = (file.with_name(f"{file.stem}_members.nc") for file in (path, monthly))
    members = tuple(file for file in beside if file.is_file())
    drawn = [iris.load_cube(file) for file in members]
    reconstruction = Reconstruction.from_cubes(cube, iris.load_cube(monthly), *drawn)
    if cube.shape != first[1].shape or not np.array_equal(read_cube(cube)[2], read_cube(first[1])[2]):
        raise DataError(f"{path.name} was made from other observations than {first[0].name}; reconstruct again.")
    if len(reconstruction.monthly) != len(grid.months):
        raise DataError(f"{monthly.name} does not have the months of {path.name}; run the reconstruction again.")
    name, role = (str(cube.attributes[f"esmlearn_{key}"]) for key in ("method", "role"))
    return Result(path, monthly, name, role, reconstruction, members)


def _find_truth(
    dataset: str, short_name: str, inputs: Inputs, settings: EvaluateSettings, grid: Field, *, downscaled: bool
) -> tuple[str | None, str | None]:
    """Find the file of the truth, and what it is called; without a setting it is the reconstructed dataset itself."""
    if settings.truth:
        return need_file("truth", settings.truth, inputs, short_name=short_name, grid=grid), settings.truth
    file = find_file(dataset, inputs, short_name=short_name, grid=grid)
    if file is None or (downscaled and not on_grid(file, grid)):
        return None, None
    return file, dataset


def _find_coarse(
    attributes: Mapping[str, Any], short_name: str, inputs: Inputs, settings: EvaluateSettings, grid: Field
) -> Coarse | None:
    """Read the coarse field that the recipe names, or the files of the methods; None if it is not at hand."""
    if settings.coarse:
        return read_coarse(settings.coarse, need_file("coarse", settings.coarse, inputs, short_name=short_name), grid)
    name = str(attributes.get("esmlearn_coarse", ""))
    file = find_file(name, inputs, short_name=short_name)
    return read_coarse(name, file, grid) if file else None


def _land_where_both_are_known(grid: Field, inputs: Inputs) -> Bool[np.ndarray, "lat lon"] | None:
    """Tell land from sea, by the field sftlf or by Natural Earth; None if the quantity is not known on both."""
    shares = (file for file, facets in inputs.items() if facets.get("short_name") == "sftlf")
    file = next((file for file in shares if on_grid(file, grid)), None)
    land = land_mask(grid.lat, grid.lon) if file is None else read_fixed(file, grid) > MOSTLY_LAND
    known = ~grid.land
    both = all(part.any() and known[part].mean() > KNOWN_ON for part in (land, ~land))
    return land if both else None


def _check(case: Case) -> None:
    """Refuse regions without ocean, and buffers that leave nothing to score on."""
    grid = case.grid
    for name, region in case.settings.regions.items():
        if not (case.ocean & cells_within(region, grid)).any():
            raise SettingsError(
                f"regions.{name} holds no ocean of {case.dataset}, which covers {grid.lat[0]:g} to {grid.lat[-1]:g}"
                f" degrees north and {grid.lon[0]:g} to {grid.lon[-1]:g} degrees east; move the region or leave it out."
            )
    if case.truth is None:
        return
    known = np.isfinite(case.truth)
    if known[case.hidden].any() and not known[case.counted].any():
        buffers = f"buffer_km {case.settings.buffer_km:g} and buffer_days {case.settings.buffer_days}"
        raise SettingsError(f"{buffers} leave no hidden point of {case.dataset} to score on; lower them.")
