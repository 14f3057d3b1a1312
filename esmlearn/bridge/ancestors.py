"""Ancestors of the scripts of a recipe, as ESMValCore finds them."""

from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from typing import Any

from esmlearn.bridge.recipes import scripts_of, section

type Task = tuple[Any, Any]
"""Diagnostic and name of a variable or a script."""


class Ancestors:
    """Ancestors of each script, and what is wrong with them."""

    def __init__(self, recipe: dict[str, Any]) -> None:
        self.tasks: dict[str, Task] = {
            f"{diagnostic}/{name}": (diagnostic, name)
            for diagnostic in recipe["diagnostics"]
            for kind in ("variables", "scripts")
            for name in section(recipe["diagnostics"], diagnostic, kind)
        }
        self.of: dict[Task, list[Task]] = {}
        self.problems: dict[Task, list[str]] = {}
        for diagnostic, name, settings in scripts_of(recipe):
            variables = list(section(recipe["diagnostics"], diagnostic, "variables"))
            task = diagnostic, name
            self.problems[task] = list(self._resolve(task, settings.get("ancestors", variables)))

    def _resolve(self, task: Task, patterns: Any) -> Iterator[str]:
        """Note the ancestors that patterns match, and yield what is wrong with them."""
        own = f"{task[0]}/{task[1]}"
        found = self.of[task] = []
        if not isinstance(patterns, list):
            yield f"`ancestors` must be a list, such as [{patterns}]."
            return
        for pattern in map(str, patterns):
            full = pattern if "/" in pattern else f"{task[0]}/{pattern}"
            matches = sorted(name for name in self.tasks if fnmatch(name, full))
            found += [self.tasks[name] for name in matches if self.tasks[name] not in found]
            if not matches:
                others = ", ".join(sorted(self.tasks.keys() - {own}))
                yield f"ancestors: no task matches {pattern}; the recipe has {others or 'none'}."

    def circle(self) -> list[str]:
        """Return the names of scripts that wait for each other, the first one again at the end; empty if none do."""
        try:
            TopologicalSorter(self.of).prepare()
        except CycleError as error:
            return [f"{diagnostic}/{name}" for diagnostic, name in error.args[1]]
        return []
