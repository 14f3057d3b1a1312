"""Check a recipe before ESMValCore starts."""

from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from esmlearn.bridge.paths import find_model_folder
from esmlearn.bridge.recipes import scripts_of, section
from esmlearn.errors import EsmlearnError, SettingsError
from esmlearn.settings import (
    SCRIPTS,
    DiffusionTrainSettings,
    ReconstructSettings,
    ablation_problems,
    check_script,
    from_script,
    settings_of,
)
from esmlearn.settings.reconstruct import NO_MODEL
from esmlearn.tasks import load_model


def check_recipe(path: Path) -> list[str]:
    """List the problems of a recipe that can be found without data, each in one sentence."""
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
    problems += _unknown_preprocessors(recipe)
    for diagnostic, name, settings in scripts_of(recipe):
        found = _check_script(recipe, diagnostic, name, dict(settings), tasks)
        problems += [f"{diagnostic}/{name}: {problem}" for problem in found]
    return problems


def _unknown_preprocessors(recipe: dict[str, Any]) -> Iterator[str]:
    """Check that the preprocessors of all variables are defined."""
    known = section(recipe, "preprocessors")
    for diagnostic in recipe["diagnostics"]:
        for name in section(recipe["diagnostics"], diagnostic, "variables"):
            wanted = section(recipe["diagnostics"], diagnostic, "variables", name).get("preprocessor", "default")
            if wanted not in known and wanted != "default":
                there = ", ".join(known) or "none"
                yield f"{diagnostic}/{name}: there is no preprocessor '{wanted}'; the recipe has {there}."


def _check_script(
    recipe: dict[str, Any], diagnostic: str, name: str, settings: dict[str, Any], tasks: set[str]
) -> Iterator[str]:
    """Check file, ancestors and settings of one script; `tasks` are the names of all variables and scripts."""
    script = settings.pop("script", None)
    if not isinstance(script, str):
        yield "`script` must name a file."
        return
    if not _script_exists(Path(script).expanduser()):
        yield f"there is no script {script} (seen from {Path.cwd()}, where recipes are run)."

    patterns = settings.pop("ancestors", list(section(recipe["diagnostics"], diagnostic, "variables")))
    if not isinstance(patterns, list):
        yield f"`ancestors` must be a list, such as [{patterns}]."
        patterns = []
    ancestors: list[list[str]] = []
    for pattern in map(str, patterns):
        full = pattern if "/" in pattern else f"{diagnostic}/{pattern}"
        matches = sorted(task for task in tasks if fnmatch(task, full))
        ancestors += [task.split("/", 1) for task in matches]
        if not matches:
            others = ", ".join(sorted(tasks - {f"{diagnostic}/{name}"}))
            yield f"no task matches the ancestor {pattern}; the recipe has {others or 'none'}."

    ours = Path(script).stem
    if Path(script).parent.name != "diagnostics" or ours not in SCRIPTS:
        return
    yield from check_script(ours, settings, [dataset for task in ancestors for dataset in _datasets(recipe, *task)])
    if ours == "reconstruct" and settings.get("ablations"):
        trainings = [section(recipe["diagnostics"], of, "scripts", ancestor) for of, ancestor in ancestors]
        yield from _check_ablations(settings, trainings)
    if ours == "reconstruct" and isinstance(settings.get("model"), str) and settings["model"] != NO_MODEL:
        yield from _check_model(settings["model"])


def _check_ablations(settings: dict[str, Any], trainings: list[dict[str, Any]]) -> Iterator[str]:
    """Check that the ensembles that the ancestors train allow the ablations of the script `reconstruct`."""
    for training in trainings:
        # Settings that are wrong in themselves are listed by `check_script`.
        with suppress(SettingsError):
            trained = from_script(settings_of("train", training), training)
            if isinstance(trained, DiffusionTrainSettings):
                yield from ablation_problems(from_script(ReconstructSettings, settings).ablations, trained)


def _check_model(folder: str) -> Iterator[str]:
    """Check that a model folder exists, is complete, and is of a known task."""
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
    """Whether ESMValCore finds a script: from the current folder, or in an installed ESMValTool."""
    folders = [Path.cwd()]
    esmvaltool = find_spec("esmvaltool")
    if esmvaltool and esmvaltool.origin:
        folders.append(Path(esmvaltool.origin).parent / "diag_scripts")
    return any((folder / script).is_file() for folder in folders)
