"""Check a recipe before ESMValCore starts."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from esmlearn.bridge.ancestors import Ancestors, Task
from esmlearn.bridge.check_script import check_files, check_models
from esmlearn.bridge.paths import from_start
from esmlearn.bridge.recipes import read_recipe, scripts_of, section
from esmlearn.errors import SettingsError
from esmlearn.settings import SCRIPTS, check_script, names_of


def check_recipe(path: Path) -> list[str]:
    """List the problems of a recipe that can be found without data, each in one sentence."""
    try:
        return check_content(read_recipe(path), path)
    except SettingsError as error:
        return list(error.args)


def check_content(recipe: Any, path: Path) -> list[str]:
    """List the problems of what a recipe holds; `path` is where it came from, for the sentences."""
    if not section(recipe, "diagnostics"):
        return [f"{path} is not a recipe: it has no section `diagnostics` with at least one diagnostic."]

    problems = [
        f"{path}: `documentation` needs `{key}`."
        for key in ("title", "description", "authors")
        if not section(recipe, "documentation").get(key)
    ]
    problems += _unknown_preprocessors(recipe)
    ancestors = Ancestors(recipe)
    if circle := ancestors.circle():
        problems.append(
            f"{circle[0]}: the `ancestors` of {' and '.join(dict.fromkeys(circle))} name each other in a ring."
        )
    for diagnostic, name, settings in scripts_of(recipe):
        found = _check_script(recipe, dict(settings), ancestors.of[diagnostic, name])
        problems += [f"{diagnostic}/{name}: {problem}" for problem in (*ancestors.problems[diagnostic, name], *found)]
    return [" ".join(problem.split()) for problem in problems]


def _unknown_preprocessors(recipe: dict[str, Any]) -> Iterator[str]:
    """Check that the preprocessors of all variables are defined."""
    known = list(section(recipe, "preprocessors"))  # a list, since what a recipe names may be no key
    for diagnostic in recipe["diagnostics"]:
        for name in section(recipe["diagnostics"], diagnostic, "variables"):
            wanted = section(recipe["diagnostics"], diagnostic, "variables", name).get("preprocessor", "default")
            if wanted not in known and wanted != "default":
                there = ", ".join(map(str, known)) or "none"
                yield f"{diagnostic}/{name}: there is no preprocessor '{wanted}'; the recipe has {there}."


def _check_script(recipe: dict[str, Any], settings: dict[str, Any], ancestors: Sequence[Task]) -> Iterator[str]:
    """Check file and settings of one script."""
    script = settings.pop("script", None)
    settings.pop("ancestors", None)
    if not isinstance(script, str):
        yield "`script` must name a file."
        return
    try:
        if not _script_exists(script):
            yield f"there is no script {script} (seen from {Path.cwd()}, where recipes are run)."
    except SettingsError as error:
        yield str(error)

    ours = Path(script).stem
    if Path(script).parent.name != "diagnostics" or ours not in SCRIPTS:
        return
    datasets = [dataset for task in ancestors for dataset in datasets_of(recipe, *task)]
    problems = check_script(ours, settings, datasets)
    yield from problems
    if not problems:
        yield from check_files(ours, settings, names_of(datasets))
        scripts = [section(recipe["diagnostics"], of, "scripts", ancestor) for of, ancestor in ancestors]
        yield from check_models(ours, settings, [script for script in scripts if script])


def datasets_of(recipe: dict[str, Any], diagnostic: Any, variable: Any) -> list[dict[str, Any]]:
    """Return the facets of each dataset that a variable is read from; none for a task that is a script."""
    variables = section(recipe["diagnostics"], diagnostic, "variables")
    if variable not in variables:
        return []
    facets = dict(section(variables, variable))
    lists = (
        recipe.get("datasets"),
        recipe["diagnostics"][diagnostic].get("additional_datasets"),
        facets.pop("additional_datasets", None),
    )
    datasets = [dataset for part in lists if isinstance(part, list) for dataset in part if isinstance(dataset, dict)]
    own = {"diagnostic": diagnostic, "variable_group": variable, "short_name": variable}
    return [{**own, **facets, **dataset} for dataset in datasets]


def _script_exists(script: str) -> bool:
    """Whether ESMValCore finds a script: from the current folder, or in an installed ESMValTool."""
    esmvaltool = find_spec("esmvaltool")
    folders = [Path(esmvaltool.origin).parent / "diag_scripts"] if esmvaltool and esmvaltool.origin else []
    from_start(script, "script")  # refuses a name that no file can have
    return Path(script).expanduser().is_file() or any((folder / script).is_file() for folder in folders)
