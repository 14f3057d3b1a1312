"""Let ESMValCore find the demo ocean, without changing the user's own configuration."""

import os
from pathlib import Path
from typing import Any

import yaml

from esmlearn.bridge.recipes import section
from esmlearn.errors import SettingsError
from esmlearn.files import write_text

DATA_SOURCE = "esmlearn-demo"


def user_config_folder() -> Path:
    """Return the folder in which ESMValCore looks for the user's configuration."""
    return Path(os.environ.get("ESMVALTOOL_CONFIG_DIR", "~/.config/esmvaltool")).expanduser().absolute()


def configure(repository: Path) -> str:
    """Make ESMValCore find the demo ocean, and return a line on what was done.

    ESMValCore merges all YAML files of its folder. Where there is none, it gets a copy of `config-user.yml` of the
    repository. A user's own configuration stays as it is; a file beside it adds our data sources: the demo ocean and
    `~/climate_data`. The path of the demo ocean is relative, so that one configuration serves every copy of the
    repository: recipes are run from its root.
    """
    ours = repository / "config-user.yml"
    if not ours.is_file():
        raise SettingsError(f"there is no config-user.yml in {repository}: run this from esmlearn's repository.")
    text = ours.read_text(encoding="utf-8")
    source = _data_sources(text)

    folder = user_config_folder()
    files = sorted(file for suffix in ("yml", "yaml", "json") for file in folder.glob(f"*.{suffix}"))
    for file in files:
        if _data_sources(file.read_text(encoding="utf-8")) == source:
            return f"ESMValCore finds the demo ocean through {file}."
    if not files:
        write_text(folder / "config-user.yml", text)
        return f"ESMValCore's configuration is now {folder / 'config-user.yml'}."

    beside = folder / f"{DATA_SOURCE}.yml"
    if beside.exists():
        raise SettingsError(
            f"{beside} describes another demo ocean than {ours}: remove it, or copy the section `projects`"
            " of ours into it."
        )
    section = yaml.safe_dump({"projects": yaml.safe_load(text)["projects"]}, sort_keys=False)
    comment = (
        "Lets ESMValCore find esmlearn's synthetic demo ocean, and your own OBS6 data. Change or remove it freely."
    )
    write_text(beside, f"# {comment}\n{section}")
    return f"Your ESMValCore configuration is untouched; {beside} beside it adds the demo ocean."


def _data_sources(text: str) -> dict[str, Any]:
    """Return the parts of a configuration that describe the demo ocean, by project."""
    try:
        projects = section(yaml.safe_load(text), "projects")
    except yaml.YAMLError:
        return {}  # ESMValCore reports it to the user
    found = {name: section(projects, name, "data").get(DATA_SOURCE) for name in projects}
    return {name: source for name, source in found.items() if source is not None}
