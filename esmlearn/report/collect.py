"""Collect the results of a run for its report: scores, figures, settings, records. Missing files are skipped."""

import contextlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import iris
import yaml

from esmlearn.cubes.order import changes_of
from esmlearn.errors import SettingsError
from esmlearn.files import reconstruction_files, sha256, visible
from esmlearn.report.content import Cost, Dataset, Figure, Method, Model, Product, Report, Training
from esmlearn.settings import ESMVALCORE_KEYS, SCRIPTS, from_script, settings_of

SOFTWARE = (
    "esmlearn", "esmvalcore", "esmvaltool", "torch", "accelerate", "numpy", "scipy", "scitools-iris", "xarray",
    "scores", "matplotlib", "cartopy",
)  # fmt: skip
RECORDS = {"provenance": "_provenance.xml", "citation": "_citation.bibtex", "data": "_data_citation_info.txt"}
ATTRIBUTES = ("title", "source", "institution", "references", "reference", "comment", "license", "synthetic")


def collect(cfg: Mapping[str, Any], *, title: str | None = None, words: str | None = None) -> Report:
    """Collect the products of all ancestors of the script `report`.

    Parameters
    ----------
    cfg
        Settings of the script: `input_files` lists the ancestors' folders work/DIAGNOSTIC/SCRIPT; their logs and
        records are in run/DIAGNOSTIC/SCRIPT.
    title, words
        Title and summary by the author; by default, the title of the recipe and no summary.
    """
    here = Path(cfg["work_dir"])
    works = list(_lineage(path for path in map(Path, cfg.get("input_files", [])) if path.is_dir()))
    recipe_file = Path(cfg["run_dir"]).parents[1] / str(cfg.get("recipe", ""))
    recipe_text = _text(recipe_file) if recipe_file.is_file() else ""
    recipe = yaml.safe_load(recipe_text) or {}
    about = recipe.get("documentation") or {}
    settings = {run_of(work).name: _yaml(run_of(work) / "settings.yml") for work in works}
    files = {run_of(work).name: _script_of(work, recipe) for work in works}
    texts = {name: text for name, block in settings.items() if (text := _settings_text(files[name], block))}
    inputs = _inputs(settings.values(), cfg)
    reconstructions = [reconstruction_files(work) for work in works]
    methods = [found for files_of_work in reconstructions for file in files_of_work if (found := _method(file))]

    def records(name: str) -> Iterator[Any]:
        return (record for work in works for record in _json(work / name, []))

    return Report(
        title=title or str(about.get("title") or "Reconstruction"),
        description=" ".join(str(about.get("description") or "").split()),
        words=words,
        rows=tuple(records("scores.json")),
        breakdown=tuple(records("breakdown.json")),
        ablations=tuple(records("ablations.json")),
        climate_models=tuple(records("model_scores.json")),
        facts=tuple(records("evaluation.json")),
        left_out=tuple(records("left_out.json")),
        shortest={record["dataset"]: min(record["wavelength_km"]) for record in records("spectra.json")},
        figures=tuple(figure for work in works for figure in _figures(work)),
        datasets=tuple(Dataset(facets, _attributes(file)) for file, facets in inputs.items()),
        products=tuple(_products(works, inputs, here)),
        methods=tuple(method for method, _ in methods),
        changes=dict(_changes(file for files_of_work in reconstructions for file in files_of_work)),
        preprocessors=yaml.safe_dump(recipe["preprocessors"], sort_keys=False) if recipe.get("preprocessors") else "",
        settings=texts,
        models=tuple(_models(works, [folder for _, folder in methods if folder])),
        costs=tuple(_costs(works)),
        bibtex=tuple(_text(file) for work in works for file in visible(work, "**/*_citation.bibtex")),
        versions=software_versions(),
        seeds=dict(_seeds({name: yaml.safe_load(text) for name, text in texts.items()})),
        recipe=str(cfg.get("recipe", "")),
        recipe_text=recipe_text,
        recipe_link=_link(recipe_file, here) if recipe_text else None,
        logs=tuple(_logs(works, here)),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def run_of(work: Path) -> Path:
    """Give the folder of the logs and records of the script with the products in `work`."""
    diagnostic, script = work.parts[-2:]
    return work.parents[2] / "run" / diagnostic / script


def _lineage(works: Iterable[Path], seen: set[Path] | None = None) -> Iterator[Path]:
    """Give the folders of scripts and of all their ancestors, the earliest first and each once."""
    seen = set() if seen is None else seen
    for work in works:
        if work not in seen:
            seen.add(work)
            earlier = _yaml(run_of(work) / "settings.yml").get("input_files", [])
            yield from _lineage((path for path in map(Path, earlier) if path.is_dir()), seen)
            yield work


def _inputs(settings: Iterable[Mapping[str, Any]], cfg: Mapping[str, Any]) -> dict[Path, dict[str, Any]]:
    """Give the facets of all preprocessed files that are inputs of any of the scripts."""
    inputs: dict[Path, dict[str, Any]] = {}
    for block in (*settings, cfg):
        for path in map(Path, block.get("input_files", [])):
            if path.name == "metadata.yml" and path.is_file():
                inputs |= {Path(file): facets for file, facets in _yaml(path).items()}
    return inputs


def _figures(work: Path) -> Iterator[Figure]:
    """Give the pictures that a script recorded, with their captions."""
    for file, record in _yaml(run_of(work) / "diagnostic_provenance.yml").items():
        path = Path(file)
        if path.suffix == ".png" and path.is_file():
            yield Figure(path.stem, path.read_bytes(), str(record.get("caption", "")))


def _products(works: Iterable[Path], inputs: Mapping[Path, Mapping[str, Any]], here: Path) -> Iterator[Product]:
    """Give all recorded files of the run in their order, with their hashes and ESMValCore's records of them."""
    files: list[tuple[Path, str, str, tuple[Path, ...]]] = []
    for file, facets in inputs.items():
        files.append((file, "input", f"{Dataset(facets).label}: {facets.get('short_name')} as preprocessed", ()))
    for work in works:
        for name, record in _yaml(run_of(work) / "diagnostic_provenance.yml").items():
            ancestors = tuple(map(Path, record.get("ancestors", [])))
            files.append((Path(name), work.name, str(record.get("caption", "")), ancestors))
    for path, task, caption, ancestors in files:
        digest = sha256(path) if path.is_file() else ""
        beside = [(name, path.with_name(path.stem + ending)) for name, ending in RECORDS.items()]
        records = tuple((name, _link(record, here)) for name, record in beside if record.is_file())
        yield Product(path, task, caption, ancestors, digest, _link(path, here), records)


def _logs(works: Iterable[Path], here: Path) -> Iterator[tuple[str, str]]:
    """Give names and links of the logs of the run and of its scripts."""
    logs = [("main log", here.parents[2] / "run" / "main_log.txt")]
    logs += [(f"log of {work.name}", run_of(work) / "log.txt") for work in works]
    return ((name, _link(log, here)) for name, log in logs if log.is_file())


def _method(file: Path) -> tuple[Method, Path | None] | None:
    """Read the method of a reconstruction, and the folder of its model; None if the file has no such attributes."""
    attributes = iris.load_raw(file)[0].attributes
    if "esmlearn_method" not in attributes:
        return None
    name, role, dataset = (str(attributes.get(f"esmlearn_{key}", "")) for key in ("method", "role", "dataset"))
    folder = attributes.get("esmlearn_model_folder")
    parameters = json.loads(attributes.get("esmlearn_parameters", "{}"))
    return Method(name, role, dataset, parameters), Path(str(folder)) if folder else None


def _changes(files: Iterable[Path]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the datasets that were put in order before their reconstruction, and the sentences on it."""
    for file in files:
        cube = iris.load_raw(file)[0]
        if "esmlearn_dataset" in cube.attributes and (sentences := changes_of(cube)):
            yield str(cube.attributes["esmlearn_dataset"]), tuple(sentences)


def _costs(works: Iterable[Path]) -> Iterator[Cost]:
    """Give time and memory of each script, as ESMValCore measured them every second."""
    for work in works:
        file = run_of(work) / "resource_usage.txt"
        if file.is_file():
            rows = [line.split("\t") for line in _text(file).splitlines()]
            table = {name: [float(row[place]) for row in rows[1:]] for place, name in enumerate(rows[0]) if place}
            if len(rows) > 1:
                yield Cost(work.name, table["Real time (s)"][-1], table["CPU time (s)"][-1], max(table["Memory (GB)"]))


def _models(works: Iterable[Path], applied: Iterable[Path]) -> Iterator[Model]:
    """Give the models that the scripts trained, or those that they applied if none was trained."""
    trained = [_model(work.name, work / "model", _training(run_of(work))) for work in works]
    came = [_model(folder.name, folder, None) for folder in dict.fromkeys(applied)]
    for models in (trained, came):
        found = [model for model in models if model.card is not None or model.training]
        if found:
            yield from found
            return


def _model(name: str, folder: Path, training: Training | None) -> Model:
    """Read the card and the settings of a model folder, if they are there."""
    card = folder / "README.md"
    return Model(name, _text(card) if card.is_file() else None, _json(folder / "settings.json", {}), training)


def _training(run: Path) -> Training | None:
    """Read the log of a training; a line that is no JSON, such as the last one of a killed run, is left out."""
    file = run / "train.jsonl"
    if not file.is_file():
        return None
    rows = []
    for line in _text(file).splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            rows.append(json.loads(line))
    return Training(tuple(rows), _json(run / "progress.json", {})) if rows else None


def _script_of(work: Path, recipe: Mapping[str, Any]) -> str:
    """Give the file name, without suffix, of a script of the recipe; without a recipe, the name of the script."""
    # settings.yml has the name of the script in the recipe, and not its file.
    diagnostic, name = work.parts[-2:]
    scripts = (recipe.get("diagnostics") or {}).get(diagnostic, {}).get("scripts") or {}
    return Path(scripts.get(name, {}).get("script", name)).stem


def _settings_text(script: str, block: Mapping[str, Any]) -> str:
    """Write the settings of a script, with all defaults if it is one of ours."""
    own = {key: value for key, value in block.items() if key not in ESMVALCORE_KEYS}
    if script in SCRIPTS:
        with contextlib.suppress(SettingsError):
            own = from_script(settings_of(script, block), block).model_dump(mode="json")
    return yaml.safe_dump(own, sort_keys=False, allow_unicode=True) if own else ""


def _seeds(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, int]]:
    """Give all settings with the name `seed`, and the path of keys to each of them."""
    for key, value in block.items():
        where = f"{path}.{key}" if path else str(key)
        if key == "seed" and isinstance(value, int):
            yield where, value
        elif isinstance(value, Mapping):
            yield from _seeds(value, where)


def _attributes(file: Path) -> dict[str, str]:
    """Read the attributes of a netCDF file about its origin."""
    if not file.is_file():
        return {}
    attributes = iris.load_raw(file)[0].attributes
    return {name: str(attributes[name]) for name in ATTRIBUTES if name in attributes}


def software_versions() -> dict[str, str]:
    """Give the versions of Python, of esmlearn, and of the packages that change numbers."""
    versions = {"python": platform.python_version()}
    for name in SOFTWARE:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions | {"system": f"{platform.system()} {platform.machine()}"}


def _link(path: Path, here: Path) -> str:
    """Give the link from the report's folder to a file."""
    return quote(Path(os.path.relpath(path, here)).as_posix())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file; an empty dict if it is not there."""
    return (yaml.safe_load(_text(path)) or {}) if path.is_file() else {}


def _json(path: Path, default: Any) -> Any:
    """Read a JSON file; the default if it is not there."""
    return json.loads(_text(path)) if path.is_file() else default
