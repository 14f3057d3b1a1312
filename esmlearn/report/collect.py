"""Gather what a run left behind: scores, figures, settings, records. Reads files only, and takes what it finds."""

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

from esmlearn.errors import SettingsError
from esmlearn.files import sha256
from esmlearn.metrics.comparison import STEPS_A_DAY
from esmlearn.report.content import Cost, Dataset, Figure, Method, Model, Product, Report, Training
from esmlearn.settings import ESMVALCORE_KEYS, SCRIPTS, from_script, settings_of

SOFTWARE = (
    "esmlearn", "esmvalcore", "esmvaltool", "torch", "accelerate", "numpy", "scipy", "scitools-iris", "xarray",
    "scores", "matplotlib", "cartopy",
)  # fmt: skip
RECORDS = (
    ("provenance", "_provenance.xml"),
    ("citation", "_citation.bibtex"),
    ("data", "_data_citation_info.txt"),
)
ATTRIBUTES = ("title", "source", "institution", "references", "reference", "comment", "license", "synthetic")


def collect(cfg: Mapping[str, Any], *, title: str | None = None, words: str | None = None) -> Report:
    """Gather all that the ancestors of the script `report` left.

    Parameters
    ----------
    cfg
        Settings of the script: `input_files` lists the ancestors' folders; they lie at work/DIAGNOSTIC/SCRIPT, and what
        they logged and recorded at run/DIAGNOSTIC/SCRIPT.
    title, words
        Title and summary of the author's own; the recipe's title if not given.
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
    methods = [found for work in works for file in _reconstructions(work) if (found := _method(file))]
    return Report(
        title=title or str(about.get("title") or "Reconstruction"),
        description=" ".join(str(about.get("description") or "").split()),
        words=words,
        rows=tuple(row for work in works for row in _json(work / "scores.json", [])),
        breakdown=tuple(row for work in works for row in _json(work / "breakdown.json", [])),
        ablations=tuple(row for work in works for row in _json(work / "ablations.json", [])),
        facts=tuple(fact for work in works for fact in _json(work / "evaluation.json", [])),
        shortest={
            record["dataset"]: min(record["wavelength_km"])
            for work in works
            for record in _json(work / "spectra.json", [])
        },
        figures=tuple(figure for work in works for figure in _figures(work)),
        datasets=tuple(Dataset(facets, _attributes(file)) for file, facets in inputs.items()),
        products=tuple(_products(works, inputs, here)),
        methods=tuple(method for method, _ in methods),
        preprocessors=yaml.safe_dump(recipe["preprocessors"], sort_keys=False) if recipe.get("preprocessors") else "",
        settings=texts,
        models=tuple(_models(works, [folder for _, folder in methods if folder])),
        costs=tuple(_costs(works)),
        bibtex=tuple(_text(file) for work in works for file in sorted(work.rglob("*_citation.bibtex"))),
        versions=_versions(),
        seeds=dict(_seeds({name: yaml.safe_load(text) for name, text in texts.items()})),
        recipe=str(cfg.get("recipe", "")),
        recipe_text=recipe_text,
        recipe_link=_link(recipe_file, here) if recipe_text else None,
        logs=tuple(_logs(works, here)),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def run_of(work: Path) -> Path:
    """Folder of the logs and records of the script that left its products in `work`."""
    diagnostic, script = work.parts[-2:]
    return work.parents[2] / "run" / diagnostic / script


def _lineage(works: Iterable[Path], seen: set[Path] | None = None) -> Iterator[Path]:
    """Give the scripts' folders and those of their own ancestors, the earliest first and each once."""
    seen = set() if seen is None else seen
    for work in works:
        if work not in seen:
            seen.add(work)
            earlier = _yaml(run_of(work) / "settings.yml").get("input_files", [])
            yield from _lineage((path for path in map(Path, earlier) if path.is_dir()), seen)
            yield work


def _inputs(settings: Iterable[Mapping[str, Any]], cfg: Mapping[str, Any]) -> dict[Path, dict[str, Any]]:
    """Facets of all preprocessed files that any of the scripts was given."""
    inputs: dict[Path, dict[str, Any]] = {}
    for block in (*settings, cfg):
        for path in map(Path, block.get("input_files", [])):
            if path.name == "metadata.yml" and path.is_file():
                inputs |= {Path(file): facets for file, facets in _yaml(path).items()}
    return inputs


def _figures(work: Path) -> Iterator[Figure]:
    """Pictures that a script recorded, with their captions."""
    for file, record in _yaml(run_of(work) / "diagnostic_provenance.yml").items():
        path = Path(file)
        if path.suffix == ".png" and path.is_file():
            yield Figure(path.stem, path.read_bytes(), str(record.get("caption", "")))


def _products(works: Iterable[Path], inputs: Mapping[Path, Mapping[str, Any]], here: Path) -> Iterator[Product]:
    """All recorded files of the run, in the order in which they were made."""
    for file, facets in inputs.items():
        yield _product(file, "input", f"{Dataset(facets).label}: {facets.get('short_name')} as preprocessed", (), here)
    for work in works:
        for name, record in _yaml(run_of(work) / "diagnostic_provenance.yml").items():
            ancestors = tuple(map(Path, record.get("ancestors", [])))
            yield _product(Path(name), work.name, str(record.get("caption", "")), ancestors, here)


def _product(path: Path, task: str, caption: str, ancestors: tuple[Path, ...], here: Path) -> Product:
    """One file, with its hash and the records that ESMValCore made of it."""
    digest = sha256(path) if path.is_file() else ""
    beside = [(name, path.with_name(path.stem + ending)) for name, ending in RECORDS]
    records = tuple((name, _link(record, here)) for name, record in beside if record.is_file())
    return Product(path, task, caption, ancestors, digest, _link(path, here), records)


def _logs(works: Iterable[Path], here: Path) -> Iterator[tuple[str, str]]:
    """Logs of the run and of its scripts."""
    main = here.parents[2] / "run" / "main_log.txt"
    if main.is_file():
        yield "main log", _link(main, here)
    for work in works:
        log = run_of(work) / "log.txt"
        if log.is_file():
            yield f"log of {work.name}", _link(log, here)


def _method(file: Path) -> tuple[Method, Path | None] | None:
    """Read which method made a reconstruction, and the folder of its model; None if the file is none of ours."""
    attributes = iris.load_raw(file)[0].attributes
    if "esmlearn_method" not in attributes:
        return None
    name, role, dataset = (str(attributes.get(f"esmlearn_{key}", "")) for key in ("method", "role", "dataset"))
    folder = attributes.get("esmlearn_model_folder")
    parameters = json.loads(attributes.get("esmlearn_parameters", "{}"))
    return Method(name, role, dataset, parameters), Path(str(folder)) if folder else None


def _reconstructions(work: Path) -> list[Path]:
    """Files of all times that a script has reconstructed, whatever their frequency."""
    return sorted(file for part in STEPS_A_DAY for file in work.glob(f"*_{part}.nc"))


def _costs(works: Iterable[Path]) -> Iterator[Cost]:
    """What each script took, as ESMValCore measured it every second."""
    for work in works:
        file = run_of(work) / "resource_usage.txt"
        if file.is_file():
            rows = [line.split("\t") for line in _text(file).splitlines()]
            table = {name: [float(row[place]) for row in rows[1:]] for place, name in enumerate(rows[0]) if place}
            if len(rows) > 1:
                yield Cost(work.name, table["Real time (s)"][-1], table["CPU time (s)"][-1], max(table["Memory (GB)"]))


def _models(works: Iterable[Path], applied: Iterable[Path]) -> Iterator[Model]:
    """What the scripts trained; what was applied if none of them did."""
    trained = [_model(work.name, work / "model", _training(run_of(work))) for work in works]
    came = [_model(folder.name, folder, None) for folder in dict.fromkeys(applied)]
    for models in (trained, came):
        found = [model for model in models if model.card is not None or model.training]
        if found:
            yield from found
            return


def _model(name: str, folder: Path, training: Training | None) -> Model:
    """Read what a model folder says of itself; nothing if it is not there."""
    card = folder / "README.md"
    return Model(name, _text(card) if card.is_file() else None, _json(folder / "settings.json", {}), training)


def _training(run: Path) -> Training | None:
    """What a training wrote down while it ran; a last line that was cut off by a kill is left out."""
    file = run / "train.jsonl"
    if not file.is_file():
        return None
    rows = []
    for line in _text(file).splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return Training(tuple(rows), _json(run / "progress.json", {})) if rows else None


def _script_of(work: Path, recipe: Mapping[str, Any]) -> str:
    """Name of the file that a script of the recipe runs, without suffix; without a recipe, that of the script."""
    # Its settings.yml holds the name that the recipe gives it, and not the file.
    diagnostic, name = work.parts[-2:]
    scripts = (recipe.get("diagnostics") or {}).get(diagnostic, {}).get("scripts") or {}
    return Path(scripts.get(name, {}).get("script", name)).stem


def _settings_text(script: str, block: Mapping[str, Any]) -> str:
    """Settings of a script with all defaults; as they stand if the script is none of ours."""
    own = {key: value for key, value in block.items() if key not in ESMVALCORE_KEYS}
    if script in SCRIPTS:
        with contextlib.suppress(SettingsError):
            own = from_script(settings_of(script, block), block).model_dump(mode="json")
    return yaml.safe_dump(own, sort_keys=False, allow_unicode=True) if own else ""


def _seeds(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, int]]:
    """All settings called `seed`, by the path of keys that leads to them."""
    for key, value in block.items():
        where = f"{path}.{key}" if path else str(key)
        if key == "seed" and isinstance(value, int):
            yield where, value
        elif isinstance(value, Mapping):
            yield from _seeds(value, where)


def _attributes(file: Path) -> dict[str, str]:
    """What a netCDF file says of its origin."""
    if not file.is_file():
        return {}
    attributes = iris.load_raw(file)[0].attributes
    return {name: str(attributes[name]) for name in ATTRIBUTES if name in attributes}


def _versions() -> dict[str, str]:
    """Versions of Python, of us, and of what the numbers depend on."""
    versions = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions | {"system": f"{platform.system()} {platform.machine()}"}


def _link(path: Path, here: Path) -> str:
    """Path from the report's folder, as a link."""
    return quote(Path(os.path.relpath(path, here)).as_posix())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _yaml(path: Path) -> dict[str, Any]:
    """Content of a YAML file; empty if it is not there."""
    return (yaml.safe_load(_text(path)) or {}) if path.is_file() else {}


def _json(path: Path, default: Any) -> Any:
    """Content of a JSON file; the default if it is not there."""
    return json.loads(_text(path)) if path.is_file() else default
