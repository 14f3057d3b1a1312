"""The card of a model folder, for readers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_card(
    template: Path, settings: Any, record: Mapping[str, Any], *, parameters: int, sha256: Mapping[str, str]
) -> str:
    """Fill in the template of the card; those of tasks extend the one beside this module.

    Parameters
    ----------
    template
        That of the task.
    settings
        Settings of the training.
    record
        As in `settings.json`: `training`, `grid`, `versions`, the scores of the validation, and if there are any the
        `variable` and the facets of the `data`, which may lack any of theirs, as fixed fields have no `timerange`.
    parameters
        Number of all weights.
    sha256
        Hashes of the files, by their names.
    """
    environment = Environment(
        loader=PackageLoader("esmlearn.trained", ""), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        settings=settings,
        parameters=parameters,
        quantity=_quantity(record.get("variable", {})),
        sources=[_source(facets) for facets in record.get("data", ())],
        sha256=sha256,
        **record,
    )


def _quantity(variable: Mapping[str, Any]) -> str:
    """Name a variable by the first name that it has."""
    names = (variable.get(kind) for kind in ("standard_name", "long_name", "short_name"))
    return next((str(name) for name in names if name), "an unnamed variable")


def _source(facets: Mapping[str, Any]) -> str:
    """Describe a dataset by the facets that it has."""
    version = f"version {facets['version']}" if facets.get("version") else None
    parts = (facets.get("dataset"), version, facets.get("short_name"), facets.get("timerange"))
    named = ", ".join(str(part) for part in parts if part) or str(facets.get("file", "a dataset without a name"))
    digest = facets.get("sha256")
    return f"{named} (sha256 of the preprocessed file `{digest[:16]}…`)" if digest else named
