"""From ESMValCore's preprocessed files to fields."""

from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool, Float

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import rows_northward
from esmlearn.files import sha256
from esmlearn.gaps.apply import apply_gaps
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings import DataSettings, GapSettings, SurfaceSettings
from esmlearn.settings.scripts import NAMES


def find_dataset(cfg: dict[str, Any], name: str, *, short_name: str | None = None) -> dict[str, Any]:
    """Attributes of the one preprocessed file of a dataset, found by its facet `dataset`, alias or variable group.

    Of a variable, if its `short_name` is given; else of any.

    Raises
    ------
    DataError
        If the recipe gives no such dataset to the script, or several files of it.
    """
    entries = list(cfg["input_data"].values())
    found = [
        entry
        for entry in entries
        if name in (entry.get(key) for key in NAMES) and short_name in (None, entry.get("short_name"))
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted({str(entry[key]) for entry in entries for key in NAMES if key in entry})) or "none"
    if not found:
        raise DataError(f"The script has no dataset '{name}' among its ancestors, which give {known}; change the name.")
    files = ", ".join(Path(entry["filename"]).name for entry in found)
    raise DataError(
        f"The name '{name}' fits several files ({files}); use an alias, or the variable group of the recipe."
    )


def load_dataset(cfg: dict[str, Any], name: str) -> Cube:
    """Load the preprocessed cube of a dataset."""
    return iris.load_cube(find_dataset(cfg, name)["filename"])


def load_field(
    cfg: dict[str, Any], name: str, *, units: str | None = None, land: Bool[np.ndarray, "lat lon"] | None = None
) -> Field:
    """Load the preprocessed field of a dataset, in its own units if none are given."""
    return Field.from_cube(load_dataset(cfg, name), units=units, land=land)


def load_observations(
    cfg: dict[str, Any],
    name: str,
    gaps: GapSettings,
    *,
    units: str,
    land: Bool[np.ndarray, "lat lon"] | None = None,
) -> Field:
    """Load observations with the gaps that the settings ask for, over the whole timerange of the recipe."""
    other = load_field(cfg, gaps.dataset, units=units) if gaps.dataset else None
    return apply_gaps(load_field(cfg, name, units=units, land=land), gaps, other)


def load_training(cfg: dict[str, Any], data: DataSettings) -> tuple[Field, Field | None]:
    """Load observations and, where there is one, the complete target; land is where the target never has a value."""
    target = load_field(cfg, data.target, units=data.units) if data.target else None
    land = None if target is None else target.land
    return load_observations(cfg, data.observations, data.gaps, units=data.units, land=land), target


def load_static(cfg: dict[str, Any], name: str, fine: Field) -> Float[np.ndarray, "lat lon"]:
    """Load a field that never changes, such as orography; NaN where it is masked.

    Raises
    ------
    DataError
        If it is no map on the fine grid.
    """
    cube = load_dataset(cfg, name)
    axes = [coord.name() for coord in cube.coords(dim_coords=True)]
    if axes != ["latitude", "longitude"]:
        raise DataError(f"{name} is a static field and must have latitude and longitude only, but has {axes}.")
    grid = RectilinearGrid.of(cube)
    same = grid.shape == fine.land.shape and np.allclose(grid.lat, fine.lat, atol=1e-3)
    if not same or not np.allclose((grid.lon - fine.lon + 180) % 360, 180, atol=1e-3):
        raise DataError(
            f"{name} is a static field, but is not on the fine grid; regrid it to the grid of the fine field."
        )
    return rows_northward(np.ma.filled(cube.data.astype(np.float32), np.nan), cube)


def load_surface(cfg: dict[str, Any], surface: SurfaceSettings | None, data: DataSettings) -> Field | None:
    """Load the surface above levels; None if the settings have none."""
    if surface is None:
        return None
    found = find_dataset(cfg, surface.dataset, short_name=surface.short_name)
    return Field.from_cube(iris.load_cube(found["filename"]), units=data.units)


def without_surface(cfg: dict[str, Any], surface: SurfaceSettings | None) -> dict[str, Any]:
    """Give what a script was given but the variable of the surface: a dataset's name then means its levels."""
    if surface is None:
        return cfg
    below = {file: entry for file, entry in cfg["input_data"].items() if entry["short_name"] != surface.short_name}
    return {**cfg, "input_data": below}


def describe_inputs(cfg: dict[str, Any]) -> list[dict[str, Any]]:
    """Facets and hashes of the preprocessed files that a script was given, for the record of a model."""
    facets = ("dataset", "project", "mip", "type", "version", "tier", "short_name", "timerange")
    return [
        {key: str(entry[key]) for key in facets if entry.get(key) is not None}
        | {"file": Path(entry["filename"]).name, "sha256": sha256(Path(entry["filename"]))}
        for entry in cfg["input_data"].values()
    ]
