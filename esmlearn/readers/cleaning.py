"""What of a file's values is kept: quality levels, flags, bias and fills, each counted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from esmlearn.errors import DataError, SettingsError
from esmlearn.settings.sources import SourceSettings, VariableSettings

LARGEST = 1e30
"""Larger values are fills that a file does not declare."""


@dataclass(frozen=True)
class Rules:
    """What a user chose: quality levels to keep (None: as the source advises), and whether to subtract the bias."""

    quality: tuple[int, ...] | None = None
    bias: bool = True


@dataclass(frozen=True)
class Cleaned:
    """Values, their error (standard deviation) or None, and what was done, each with the number of values."""

    values: xr.DataArray
    error: xr.DataArray | None
    changes: dict[str, int]


def error_name(dataset: xr.Dataset, name: str, settings: SourceSettings) -> str | None:
    """Return the variable with the standard deviation of the error, if a file has one."""
    variable = settings.variables.get(name, VariableSettings())
    return next((other for raw in variable.error if (other := _name(raw, name)) in dataset), None)


def clean(path: Path, dataset: xr.Dataset, name: str, settings: SourceSettings, rules: Rules) -> Cleaned:
    """Leave out what the rules do not keep, and subtract the bias.

    Parameters
    ----------
    path
        The file, for messages.
    dataset
        Its content or a part of it, read and unpacked, missing values NaN.
    name
        Variable of the quantity.
    settings
        The source.
    rules
        Choices of the user.

    Raises
    ------
    SettingsError
        If quality levels are asked for and the file has none.
    """
    variable = settings.variables.get(name, VariableSettings())
    values = dataset[name]
    values = values.where(np.abs(values) < LARGEST)
    for fill in settings.fill:
        values = values.where(~np.isclose(values, fill))
    changes: dict[str, int] = {}

    def keep(good: xr.DataArray, sentence: str) -> None:
        nonlocal values
        changes[sentence] = int((values.notnull() & ~good).sum())
        values = values.where(good)

    for limit in _packed_limits(dataset[name].encoding):
        step = abs(float(dataset[name].encoding["scale_factor"])) / 2
        keep(abs(values - limit) > step, f"values of {limit:g}, the limit of what the file can hold, were left out")
    levels = settings.keep if rules.quality is None else rules.quality
    quality = _name(variable.quality, name)
    if quality in dataset:
        if levels:
            words = ", ".join(map(str, levels))
            keep(dataset[quality].isin(list(levels)), f"values whose `{quality}` is not {words} were left out")
    elif rules.quality is not None:
        raise SettingsError(f"{path} has no quality levels for `{name}`; leave `quality` out.")
    elif quality is not None:
        changes[f"`{quality}` is not in the files, so values of all quality levels were taken"] = int(
            values.notnull().sum()
        )
    for flags, pattern in settings.reject.items():
        if flags in dataset:
            rejected, meanings = _flagged(path, dataset[flags], pattern)
            if meanings:
                keep(~rejected, f"values that `{flags}` marks as {', '.join(meanings)} were left out")
    if variable.bias in dataset:
        bias = dataset[variable.bias]
        seen = int((values.notnull() & bias.notnull()).sum())
        if rules.bias:
            values = values - bias.fillna(0.0)
            changes[f"`{variable.bias}` was subtracted from values"] = seen
        else:
            changes[f"`{variable.bias}` was not subtracted from values that have it, as asked for"] = seen
    of_error = error_name(dataset, name, settings)
    error = None
    if of_error is not None:
        error = dataset[of_error]
        error = error.where((error > 0) & (error < LARGEST) & values.notnull())
    return Cleaned(values, error, changes)


def _packed_limits(encoding: Mapping[Any, Any]) -> list[float]:
    """Values at the limits of packed integers: fills that a file does not declare, or values that were too large.

    The least unsigned integer, 0, is none of them, as it may be a value.
    """
    kind = np.dtype(encoding.get("dtype", "f4"))
    if kind.kind not in "iu" or "scale_factor" not in encoding or "_Unsigned" in encoding:
        return []
    ends = (np.iinfo(kind).max, *([np.iinfo(kind).min] if kind.kind == "i" else []))
    declared = {encoding.get("_FillValue"), encoding.get("missing_value")}
    factor, offset = float(encoding["scale_factor"]), float(encoding.get("add_offset", 0.0))
    return [end * factor + offset for end in ends if end not in declared]


def _name(pattern: str | None, variable: str) -> str | None:
    return pattern and pattern.replace("{variable}", variable)


def _flagged(path: Path, flags: xr.DataArray, pattern: str) -> tuple[xr.DataArray, list[str]]:
    """Return where a flag is set whose meaning has the pattern, and these meanings (CF conventions, 3.5)."""
    text = str(flags.attrs.get("flag_meanings", "")).strip()
    meanings = re.split(r"\s*,\s*", text) if "," in text else text.split()  # blanks by CF, commas with blanks in MUR
    named = [(index, meaning) for index, meaning in enumerate(meanings) if re.search(f"(?i){pattern}", meaning)]
    bits = flags.fillna(0).astype(np.int64)
    masks, numbers = (np.atleast_1d(flags.attrs.get(key, [])) for key in ("flag_masks", "flag_values"))
    rejected = xr.zeros_like(bits, dtype=bool)
    for index, _ in named:
        if len(numbers) == len(meanings):
            rejected = rejected | (bits == int(numbers[index]))
        elif index < len(masks):  # some archives have a meaning more than masks
            rejected = rejected | ((bits & int(masks[index])) != 0)
        else:
            raise DataError(
                f"{path}: the flag {meanings[index]} of `{flags.name}` has neither a mask nor a value; get the file "
                "anew, or give a mapping without `reject`."
            )
    return rejected, [meaning for _, meaning in named]
