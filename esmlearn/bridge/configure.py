"""Put the demo's configuration where ESMValCore looks, and leave the user's own alone."""

import os
from pathlib import Path
from typing import Any

import yaml

from esmlearn.errors import SettingsError
from esmlearn.files import write_text

DATA_SOURCE = "esmlearn-demo"


def user_config_folder() -> Path:
    """Return the folder in which ESMValCore looks for the user's configuration."""
    return Path(os.environ.get("ESMVALTOOL_CONFIG_DIR", "~/.config/esmvaltool")).expanduser().absolute()


def configure(repository: Path) -> str:
    """Make ESMValCore find the demo ocean in the folder that a recipe is run from.

    Parameters
    ----------
    repository
        Holds our `config-user.yml`.

    Returns
    -------
    str
        One line that says what was done.

    Notes
    -----
    ESMValCore merges all YAML files of its folder. Where it holds none, it gets a copy of our `config-user.yml`. A user
    who has a configuration keeps it as it is, and only gets a file beside it that adds our data sources: the demo ocean
    and `~/climate_data`. The path of the demo ocean is relative: one configuration serves every copy of the repository,
    and recipes run from its root anyway.
    """
    ours = repository / "config-user.yml"
    if not ours.is_file():
        raise SettingsError(f"there is no config-user.yml in {repository}: run this from esmlearn's repository.")
    text = ours.read_text(encoding="utf-8")
    source = _data_source(text)

    folder = user_config_folder()
    files = sorted(file for suffix in ("yml", "yaml", "json") for file in folder.glob(f"*.{suffix}"))
    for file in files:
        if _data_source(file.read_text(encoding="utf-8")) == source:
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
    words = (
        "Lets ESMValCore find esmlearn's synthetic demo ocean, and your own OBS6 data. Change or remove it as you like."
    )
    write_text(beside, f"# {words}\n{section}")
    return f"Your ESMValCore configuration is untouched; {beside} beside it adds the demo ocean."


def _data_source(text: str) -> Any:
    """Return the part of a configuration that describes the demo ocean, or None."""
    try:
        section = yaml.safe_load(text)
    except yaml.YAMLError:
        return None  # ESMValCore refuses it with a message
    for key in ("projects", "OBS6", "data", DATA_SOURCE):
        section = section.get(key) if isinstance(section, dict) else None
    return section
