"""Add our tags and papers to those of ESMValTool.

Without ESMValTool, ESMValCore reads `config-references.yml` and `references/` from the folder that it runs in. With
ESMValTool it reads both from inside that package only, so that the authors in our recipes would be unknown.
"""

from importlib.util import find_spec
from pathlib import Path

import yaml


def register_tags(folder: Path) -> None:
    """Add `config-references.yml` and `references/` of a folder to ESMValTool's, if both exist.

    Definitions of ESMValTool take precedence.
    """
    tags_file = folder / "config-references.yml"
    if not tags_file.is_file() or not _esmvaltool_is_installed():
        return
    # Loads ESMValCore's configuration: too slow for commands that don't need it.
    from esmvalcore.config._diagnostics import DIAGNOSTICS, TAGS, Diagnostics

    tags = yaml.safe_load(tags_file.read_text(encoding="utf-8"))
    TAGS.set_tag_values(
        {
            section: {name: value for name, value in values.items() if name not in TAGS.get(section, {})}
            for section, values in tags.items()
        }
    )

    class DiagnosticsWithOurReferences(Diagnostics):
        @property
        def references(self) -> _Shelf:
            return _Shelf(super().references, folder / "references")

    # Citation files and index.html use one shared object, which has no public way to add a folder.
    DIAGNOSTICS.__class__ = DiagnosticsWithOurReferences


class _Shelf:
    """Several folders in place of one path: `shelf / name` is the file in the first folder that has it."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders

    def __truediv__(self, name: str) -> Path:
        files = [folder / name for folder in self.folders]
        return next((file for file in files if file.is_file()), files[0])


def _esmvaltool_is_installed() -> bool:
    spec = find_spec("esmvaltool")
    # A folder that only happens to be called esmvaltool has no origin; ESMValCore ignores it as well.
    return spec is not None and spec.origin is not None
