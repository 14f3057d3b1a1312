"""Which source a file is of: by its attributes and variables, never by its name."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import xarray as xr
import yaml
from pydantic import ValidationError

from esmlearn.errors import DataError, SettingsError
from esmlearn.settings.sources import SourceSettings

PLAIN = "cf"
"""Name of the source that takes any netCDF or zarr with CF attributes."""


@cache
def known_sources() -> dict[str, SourceSettings]:
    """Return all sources by name, in the order in which they are tried; plain CF is the last."""
    text = files("esmlearn.readers").joinpath("sources.yml").read_text(encoding="utf-8")
    sources = {name: SourceSettings(**given) for name, given in yaml.safe_load(text).items()}
    return sources | {PLAIN: SourceSettings(title="netCDF and zarr with CF attributes")}


def find_source(source: str | Path | SourceSettings | None, dataset: xr.Dataset) -> SourceSettings:
    """Return the source that was asked for, by name or as a mapping in YAML; without one, recognise it by a file.

    Raises
    ------
    SettingsError
        If there is no such source, or the mapping is wrong.
    """
    if isinstance(source, SourceSettings):
        return source
    if source is None:
        return next(settings for settings in known_sources().values() if fits(settings, dataset))
    if Path(source).suffix in (".yml", ".yaml"):
        return read_mapping(Path(source))
    if str(source) not in known_sources():
        known = ", ".join(known_sources())
        raise SettingsError(
            f"There is no source '{source}'; take one of {known}, or name a mapping in YAML (NAME.yml)."
        )
    return known_sources()[str(source)]


def fits(settings: SourceSettings, dataset: xr.Dataset) -> bool:
    """Return whether a file has the attributes of a source and one of its variables."""
    attributes = {name.lower(): str(value) for name, value in dataset.attrs.items()}
    named = all(re.search(f"(?i){pattern}", attributes.get(name, "")) for name, pattern in settings.attributes.items())
    return named and (not settings.variables or any(name in dataset for name in settings.variables))


def read_mapping(path: Path) -> SourceSettings:
    """Read a mapping of a user.

    Raises
    ------
    SettingsError
        If it is missing, is not YAML, or has unknown keys.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        return SourceSettings(**(given or {}))
    except OSError:
        raise SettingsError(f"There is no mapping {path}; check the name.") from None
    except (yaml.YAMLError, TypeError) as error:
        raise SettingsError(f"{path} is not a mapping of keys in YAML ({str(error).splitlines()[0]}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        known = ", ".join(SourceSettings.model_fields)
        key = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{path}: `{key}`: {first['msg']}; the keys of a mapping are {known}.") from None


def choose_variable(path: Path, dataset: xr.Dataset, settings: SourceSettings, variable: str | None) -> str:
    """Return the variable that was asked for, or the source's first one that the file has, or the only one on a map.

    Raises
    ------
    DataError
        If the file does not have it, if several variables would do, or if it holds profiles.
    """
    if {"N_PROF", "n_prof"} & set(map(str, dataset.dims)):
        raise DataError(
            f"{path} holds profiles: give `levels` (m), `region` and `step` (degrees) to put them on a grid."
        )
    maps = [name for name, values in dataset.data_vars.items() if values.ndim >= 2 and "bnds" not in str(name)]
    there = ", ".join(map(str, maps)) or "no variable on a map"
    if variable is not None:
        if variable not in dataset.data_vars:
            raise DataError(f"{path} has no variable `{variable}`, but {there}; set `variable` to one of them.")
        return variable
    expected = [name for name in settings.variables if name in dataset]
    if expected:
        return expected[0]
    if settings.variables:
        names = " or ".join(settings.variables)
        raise DataError(f"{path} has no variable {names}, but {there}; set `variable` to one of them.")
    quantities = [name for name in maps if dataset[name].attrs.get("standard_name") not in ("latitude", "longitude")]
    quantities = [
        name for name in quantities if not re.search(r"(?i)mask|bound|flag|vertices|^(nav_)?(lat|lon)", str(name))
    ]
    if len(quantities) != 1:
        raise DataError(f"{path} has {there}; set `variable` to the one that you mean.")
    return str(quantities[0])
