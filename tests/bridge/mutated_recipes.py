"""Recipes with a slip in the settings of a script: a value, a key or a name that should not be there."""

import copy
import datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from hypothesis import strategies as st
from pydantic import BaseModel

from esmlearn.bridge.recipes import scripts_of, section
from esmlearn.settings import SCRIPTS

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yml"))

VALUES = (
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.5, 10**30, 2**63, float("inf"), float("-inf"), float("nan"), 1e300),
    *("", " ", "no", "none", "1", "1e-3", "degX", "kg m-2 s-1", "days since 2000-01-01", "\0", "a" * 5000),
    *("2001", "2001/2003", "2003/2001", "2001-05-01/2001", "2001/2001-05-01", "2001-13-45", "2001-13-45/2002", "2001/"),
    *("2001-02-30/2002", "２００１/2002", "~no/x", "**x", "[", "*", "/", "..", "data", "all", "{a}", "%s", "train\n"),
    *([], [[]], [1], [True], [2, 1], ["a"], [0.9, 0.1], [None], [1, 2, 3, 4, 5], ["x", "x"]),
    *({}, {"a": 1}, {"steps": {"step": 10}}, {"share": 0.5}, {1: 2}, {None: None}, {True: {}}, {"size": "published"}),
    *(datetime.date(2001, 1, 1), datetime.datetime(2001, 1, 1, 12), b"bytes", {"set"}),
)  # fmt: skip
"""Values that one may give for another, of all types that YAML can make."""


def _keys(block: type[BaseModel]) -> set[str]:
    """Names of all settings of a block and the blocks in it."""
    schema = block.model_json_schema()
    return {key for part in (schema, *schema.get("$defs", {}).values()) for key in part.get("properties", {})}


KEYS = sorted({key for kinds in SCRIPTS.values() for block in kinds.values() for key in _keys(block)})
"""Names of all settings of all scripts."""


def complete(recipe: dict[str, Any]) -> dict[str, Any]:
    """Give each script of a recipe all settings that it may have, by their defaults."""
    recipe = copy.deepcopy(recipe)
    for _, _, settings in scripts_of(recipe):
        kinds = SCRIPTS.get(Path(str(settings.get("script"))).stem)
        if kinds:
            block = kinds.get(settings.get("task", ""), next(iter(kinds.values())))
            own = {key: value for key, value in settings.items() if key not in ("script", "ancestors")}
            whole = block.model_validate(own).model_dump(mode="json")
            settings.update({key: value for key, value in whole.items() if key != "task" or key in settings})
    return recipe


class Slip(NamedTuple):
    """A recipe, and the keys, one below the other, of the setting that was changed in it."""

    recipe: dict[str, Any]
    keys: tuple[str, ...]


def _paths(settings: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all keys and places in lists."""
    inner = (
        settings.items() if isinstance(settings, dict) else enumerate(settings) if isinstance(settings, list) else ()
    )
    return [found for key, value in inner for found in ((*path, key), *_paths(value, (*path, key)))]


SEEDS = [
    recipe
    for file in RECIPES
    for plain in [yaml.safe_load(file.read_text(encoding="utf-8"))]
    for recipe in (plain, complete(plain))
]
"""All recipes as they are, and with all settings."""


@st.composite
def slips(draw: st.DrawFn) -> Slip:
    """Change one setting of one script of a recipe."""
    recipe = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    scripts = [(diagnostic, name) for diagnostic, name, _ in scripts_of(recipe)]
    diagnostic, name = draw(st.sampled_from(scripts))
    settings = section(recipe, "diagnostics", diagnostic, "scripts", name)
    path = draw(st.sampled_from(_paths(settings)))
    *above, key = path
    place: Any = settings
    for part in above:
        place = place[part]
    kind = draw(st.sampled_from(["value", "value", "value", "remove", "rename", "add", "name"]))
    if kind == "value" or isinstance(place, list):
        place[key] = draw(st.sampled_from(VALUES))
    elif kind == "remove":
        del place[key]
    elif kind == "rename":
        path = (*above, draw(st.sampled_from([*KEYS, 1, None, True, "", "é", datetime.date(2001, 1, 1)])))
        place[path[-1]] = place.pop(key)
    else:
        path = (*above, draw(st.sampled_from(KEYS)))
        place[path[-1]] = draw(st.sampled_from(VALUES)) if kind == "add" else {draw(st.sampled_from(KEYS)): place[key]}
    return Slip(recipe, tuple(str(part) for part in dict.fromkeys((*path, key)) if part not in range(9)))
