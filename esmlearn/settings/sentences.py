"""Say in a sentence what is wrong with a setting: its key in the recipe, and what to change."""

import difflib
import reprlib
from collections.abc import Sequence
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

WORDS = {
    "tuple_type": "should be a list, such as [1, 2]",
    "model_type": "should be a block of settings, or left out",
    "dict_type": "should be a block with a name for each entry",
}
"""What a value should be, by pydantic's type of the problem, where pydantic's own words are those of programmers."""

SHOWN = reprlib.Repr(maxstring=60, maxother=60, maxlevel=2)
"""Repeats a wrong value, cut where it is long."""


def sentences(block: type[BaseModel], error: ValidationError) -> list[str]:
    """Turn the problems of settings of a class into sentences, one for each key."""
    found: dict[tuple[str, str], tuple[type[BaseModel], list[Any]]] = {}
    for problem in error.errors():
        key, within = _locate(block, problem["loc"])
        # A value of several types, such as a number or a name, has a problem with each of them.
        found.setdefault((key, SHOWN.repr(problem["input"])), (within, []))[1].append(problem)
    return [_sentence(key, shown, within, problems) for (key, shown), (within, problems) in found.items()]


def _locate(block: type[BaseModel], location: Sequence[str | int]) -> tuple[str, type[BaseModel]]:
    """Return the key at a location as pydantic gives it, and the class of the block that it is in.

    Besides keys, a location has positions in lists, names of types where a value may have several, and `[key]` for a
    key that is no text.
    """
    kind: Any = block
    keys, within = [], block
    for part in location:
        kind = _without_none(kind)
        if part == "[key]":
            continue
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            within = kind
            keys.append(str(part))
            kind = kind.model_fields[str(part)].annotation if part in kind.model_fields else None
        elif get_origin(kind) is dict:  # a name of the user's own, such as that of an ablation
            keys.append(str(part))
            kind = get_args(kind)[1]
    return ".".join(keys), within


def _without_none(kind: Any) -> Any:
    """Return the type of an optional value."""
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return kinds[0] if len(kinds) == 1 and NoneType in get_args(kind) else kind


def _sentence(key: str, shown: str, within: type[BaseModel], problems: Sequence[Any]) -> str:
    """Say what is wrong with one value."""
    problem = problems[0]
    if problem["type"] in ("extra_forbidden", "invalid_key"):
        known = sorted(within.model_fields)
        near = difflib.get_close_matches(key.rpartition(".")[2], known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}."
        return f"Unknown setting '{key}': {hint}"
    if problem["type"] == "missing":
        return f"Setting '{key}' is missing; add it to the recipe."
    if problem["type"] == "value_error":
        message = problem["msg"].removeprefix("Value error, ")
        return f"{key}: {message}." if key else f"{message}."
    return f"Setting '{key}' is {shown}: it {', or '.join(map(_wanted, problems))}."


def _wanted(problem: Any) -> str:
    """Say what a value should be."""
    return WORDS.get(problem["type"], problem["msg"].removeprefix("Input "))
