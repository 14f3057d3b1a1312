"""Prepare a run of a recipe with scripts of ours, before ESMValCore starts it; all other runs stay as they are."""

import os
import re
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path

from esmlearn.bridge.paths import STARTED_FROM
from esmlearn.bridge.stopping import STARTED_BY

_OUR_SCRIPT = re.compile(rb"^\s*(from|import) esmlearn\b", re.MULTILINE)


def prepare_run(argv: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Set environment variables and tags for our scripts if this process runs a recipe of ours; else do nothing.

    Parameters
    ----------
    argv
        The command line of this process: ``esmvaltool run RECIPE``, with options before or after the recipe.
    environ
        The environment that the scripts inherit.
    """
    if list(argv[1:2]) != ["run"] or not any(map(is_ours, _yaml_files(argv[2:]))):
        return
    from esmlearn.bridge.tags import register_tags

    environ[STARTED_FROM] = str(Path.cwd())
    environ[STARTED_BY] = str(os.getpid())
    # Waiting threads then leave the cores to other processes: beside a busy one, a training is four times as fast.
    # OpenMP reads this when it is loaded, which is before a script could set it.
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    register_tags(Path.cwd())


def is_ours(path: Path) -> bool:
    """Whether a file is a recipe with a script that imports esmlearn; False if it can't be read."""
    import yaml

    from esmlearn.bridge.recipes import scripts_of

    # The C loader is ten times as fast, and recipes of other people may be long.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        recipe = yaml.load(path.expanduser().read_bytes(), Loader=loader)
        files = [Path(str(settings.get("script"))).expanduser() for _, _, settings in scripts_of(recipe)]
        return any(_OUR_SCRIPT.search(file.read_bytes()) for file in files if file.is_file())
    except (OSError, ValueError, RuntimeError, yaml.YAMLError):
        return False


def _yaml_files(arguments: Sequence[str]) -> Iterator[Path]:
    """Yield the arguments, and values of options (`--recipe=FILE`), that may be a recipe."""
    for argument in arguments:
        for text in (argument, argument.partition("=")[2]):
            if text.endswith((".yml", ".yaml")):
                yield Path(os.path.expandvars(text))
