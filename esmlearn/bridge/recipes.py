"""Read a recipe, and sections of it that may be incomplete: a missing section counts as empty."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from esmlearn.errors import SettingsError


class _Loader(yaml.SafeLoader):
    """Names the line of what YAML takes for a date or a number that there is not, such as 2001-13-45."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, f"{node.value}: {error}", node.start_mark) from error


def read_recipe(path: Path) -> Any:
    """Read a recipe.

    Raises
    ------
    SettingsError
        If there is none, or the file is not valid YAML, with the line.
    """
    if not path.is_file():
        raise SettingsError(f"there is no recipe {path}.")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except yaml.MarkedYAMLError as error:
        place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{path}{place} is not valid YAML: {error.problem}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid YAML: {error}.") from error
    except RecursionError as error:
        raise SettingsError(f"{path} is not a recipe: it has too many levels.") from error
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}.") from error


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
