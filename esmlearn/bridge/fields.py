"""From ESMValCore's preprocessed files to fields."""

from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.checkpoint import sha256
from esmlearn.data.field import Field
from esmlearn.data.preparation import apply_gaps
from esmlearn.errors import DataError
from esmlearn.settings import DataSettings, GapSettings, SurfaceSettings


def find_dataset(cfg: dict[str, Any], name: str, *, short_name: str | None = None) -> dict[str, Any]:
    """Attributes of the one preprocessed file of a dataset, found by its facet `dataset` or its alias.

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
        if name in (entry.get("dataset"), entry.get("alias")) and short_name in (None, entry.get("short_name"))
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted({entry["dataset"] for entry in entries})) or "none"
    if not found:
        raise DataError(f"The script has no dataset '{name}' among its ancestors, which give {known}; change the name.")
    files = ", ".join(Path(entry["filename"]).name for entry in found)
    raise DataError(f"The name '{name}' fits several files ({files}); name the dataset by its alias.")


def load_dataset(cfg: dict[str, Any], name: str) -> Cube:
    """Load the preprocessed cube of a dataset."""
    return iris.load_cube(find_dataset(cfg, name)["filename"])


def load_field(cfg: dict[str, Any], name: str, *, units: str, land: Bool[np.ndarray, "lat lon"] | None = None) -> Field:
    """Load the preprocessed field of a dataset."""
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
