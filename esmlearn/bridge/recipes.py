"""Look into a recipe, a half-written one too: whatever it lacks is empty."""

from collections.abc import Iterator
from typing import Any


def section(recipe: Any, *keys: Any) -> dict[str, Any]:
    """Return a section of a recipe; empty if it is left out or blank, as YAML allows."""
    for key in keys:
        recipe = recipe.get(key) if isinstance(recipe, dict) else None
    return recipe if isinstance(recipe, dict) else {}


def scripts_of(recipe: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each script's diagnostic, name and settings."""
    for diagnostic in section(recipe, "diagnostics"):
        for name in section(recipe, "diagnostics", diagnostic, "scripts"):
            yield diagnostic, name, section(recipe, "diagnostics", diagnostic, "scripts", name)
