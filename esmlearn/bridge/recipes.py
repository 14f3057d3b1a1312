"""Read sections of a recipe that may be incomplete: a missing section counts as empty."""

from collections.abc import Iterator
from typing import Any


def section(recipe: Any, *keys: Any) -> dict[str, Any]:
    """Return the section below these keys; empty where it is missing or blank, as YAML allows."""
    for key in keys:
        recipe = recipe.get(key) if isinstance(recipe, dict) else None
    return recipe if isinstance(recipe, dict) else {}


def scripts_of(recipe: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield diagnostic, name and settings of each script."""
    for diagnostic in section(recipe, "diagnostics"):
        for name in section(recipe, "diagnostics", diagnostic, "scripts"):
            yield diagnostic, name, section(recipe, "diagnostics", diagnostic, "scripts", name)
