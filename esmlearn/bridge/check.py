"""Find what is wrong with a recipe before ESMValCore starts."""

from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from esmlearn.bridge.recipes import scripts_of, section
from esmlearn.errors import EsmlearnError, SettingsError
from esmlearn.settings import SCRIPTS, check_script


def check_recipe(path: Path) -> list[str]:
    """List the problems of a recipe, each in one sentence.

    Parameters
    ----------
    path
        The recipe.

    Returns
    -------
    list of str
        Empty if the recipe is fine as far as one sees without data.
    """
    if not path.is_file():
        return [f"there is no recipe {path}."]
    try:
        recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return [f"{path}{place} is not valid YAML: {error.problem}."]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return [f"{path} is not valid YAML: {error}."]
    if not section(recipe, "diagnostics"):
        return [f"{path} is not a recipe: it has no section `diagnostics` with at least one diagnostic."]

    problems = [
        f"{path}: `documentation` needs `{key}`."
        for key in ("title", "description", "authors")
        if not section(recipe, "documentation").get(key)
    ]
    tasks = {
        f"{name}/{task}"
        for name in recipe["diagnostics"]
        for kind in ("variables", "scripts")
        for task in section(recipe["diagnostics"], name, kind)
    }
    for diagnostic, name, settings in scripts_of(recipe):
        found = _check_script(recipe, diagnostic, name, dict(settings), tasks)
        problems += [f"{diagnostic}/{name}: {problem}" for problem in found]
    return problems


def _check_script(
    recipe: dict[str, Any], diagnostic: str, name: str, settings: dict[str, Any], tasks: set[str]
) -> Iterator[str]:
    """Check one script's file, ancestors and settings."""
    script = settings.pop("script", None)
    if not isinstance(script, str):
        yield "`script` must name a file."
        return
    if not _script_exists(Path(script).expanduser()):
        yield f"there is no script {script} (seen from {Path.cwd()}, where recipes are run)."

    variables = list(section(recipe["diagnostics"], diagnostic, "variables"))
    patterns = settings.pop("ancestors", variables)
    if not isinstance(patterns, list):
        yield f"`ancestors` must be a list, such as [{patterns}]."
        patterns = []
    ancestors: list[str] = []
    for pattern in map(str, patterns):
        full = pattern if "/" in pattern else f"{diagnostic}/{pattern}"
        matches = sorted(task for task in tasks if fnmatch(task, full))
        ancestors += matches
        if not matches:
            others = ", ".join(sorted(tasks - {f"{diagnostic}/{name}"}))
            yield f"no task matches the ancestor {pattern}; the recipe has {others or 'none'}."

    if Path(script).parent.name == "diagnostics" and Path(script).stem in SCRIPTS:
        datasets = [dataset for task in ancestors for dataset in _datasets(recipe, *task.split("/", 1))]
        yield from check_script(Path(script).stem, settings, datasets)
        if Path(script).stem == "reconstruct" and settings.get("ablations"):
            yield from _check_ablations(recipe, settings, ancestors)
        if Path(script).stem == "reconstruct" and isinstance(settings.get("model"), str):
            yield from _check_model(settings["model"])


def _check_ablations(recipe: dict[str, Any], settings: dict[str, Any], ancestors: list[str]) -> Iterator[str]:
    """Check that the ensembles that the ancestors train can be sampled as the ablations ask."""
    from esmlearn.settings import ReconstructSettings, ablation_problems, from_script
    from esmlearn.settings.scripts import ensemble_settings

    for task in ancestors:
        diagnostic, name = task.split("/", 1)
        trained = section(recipe["diagnostics"], diagnostic, "scripts", name)
        # Settings that are wrong in themselves are reported elsewhere.
        with suppress(SettingsError):
            if "task" in trained:
                ablations = from_script(ReconstructSettings, settings).ablations
                yield from ablation_problems(ablations, from_script(ensemble_settings(trained), trained))


def _check_model(folder: str) -> Iterator[str]:
    """Check that a model folder is there, whole and for our task."""
    from esmlearn.bridge.paths import find_model_folder
    from esmlearn.trained.folder import load_model

    try:
        load_model(find_model_folder(folder))
    except EsmlearnError as error:
        yield str(error)


def _datasets(recipe: dict[str, Any], diagnostic: str, variable: str) -> list[dict[str, Any]]:
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


def _script_exists(script: Path) -> bool:
    """Find out whether ESMValCore would find a script: from here, or in an installed ESMValTool."""
    folders = [Path.cwd()]
    esmvaltool = find_spec("esmvaltool")
    if esmvaltool and esmvaltool.origin:
        folders.append(Path(esmvaltool.origin).parent / "diag_scripts")
    return any((folder / script).is_file() for folder in folders)
