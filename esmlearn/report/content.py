"""Content of a report, before it becomes a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from esmlearn.report.words import Row


@dataclass(frozen=True)
class Figure:
    """A picture with its caption; its section on the page is found by its name."""

    name: str
    png: bytes
    caption: str


@dataclass(frozen=True)
class Dataset:
    """Input data: facets of ESMValCore, and attributes of the file about its origin."""

    facets: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name of the dataset, with that of the variable in the recipe if it is not its short name."""
        name = str(self.facets.get("alias") or self.facets.get("dataset", ""))
        group = self.facets.get("variable_group")
        return name if group in (None, self.facets.get("short_name")) else f"{name} ({group})"


@dataclass(frozen=True)
class Product:
    """One file of the run.

    `task` is the name of the script that made it, or `input` for preprocessed data. `sha256` is empty if the file could
    not be read. `records` are names of ESMValCore's records of it. Links are relative to the report's folder.
    """

    path: Path
    task: str
    caption: str
    ancestors: tuple[Path, ...]
    sha256: str
    link: str
    records: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Training:
    """Rows of `train.jsonl`, and content of `progress.json`."""

    rows: tuple[Row, ...]
    progress: Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """The model of a script that trains, or a trained model that was applied.

    `name` is that of the script or of the model folder. `card` is the README.md of the folder, None if the training did
    not end. `content` is its settings.json. `training` is None if the run did not train the model.
    """

    name: str
    card: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    training: Training | None = None


@dataclass(frozen=True)
class Method:
    """A method of a reconstruction, with its fitted or set parameters."""

    name: str
    role: str
    dataset: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Cost:
    """Resources of a script: elapsed time (s), time of all processors (s), and greatest memory (GB)."""

    script: str
    seconds: float
    cpu_seconds: float
    memory: float


@dataclass(frozen=True)
class Report:
    """Everything on the page; a section without content is left out.

    `title` and `description` come from the recipe or the settings, `words` is a summary by the author. `rows`,
    `breakdown`, `ablations` and `climate_models` are rows of `scores.json`, `breakdown.json`, `ablations.json` and
    `model_scores.json`. `facts` describes what was evaluated and hidden, for each dataset; see
    `esmlearn.evaluation.facts.facts`. `left_out` says what failed, of which dataset and why. `changes` says what was
    changed to put observations in order. `shortest` is the shortest wavelength (km) in the spectra of each dataset.
    `preprocessors` and `settings` are texts in YAML, the
    latter of each script with all defaults. `bibtex` has the entries that ESMValCore collected. `versions` are those of
    the software, `seeds` go by the path of keys in the settings. Links are relative to the report's folder.
    """

    title: str
    description: str = ""
    words: str | None = None
    rows: tuple[Row, ...] = ()
    breakdown: tuple[Row, ...] = ()
    ablations: tuple[Row, ...] = ()
    climate_models: tuple[Row, ...] = ()
    facts: tuple[Mapping[str, Any], ...] = ()
    left_out: tuple[Mapping[str, Any], ...] = ()
    shortest: Mapping[str, float] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    products: tuple[Product, ...] = ()
    methods: tuple[Method, ...] = ()
    changes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    preprocessors: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    models: tuple[Model, ...] = ()
    costs: tuple[Cost, ...] = ()
    bibtex: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    recipe: str = ""
    recipe_text: str = ""
    recipe_link: str | None = None
    logs: tuple[tuple[str, str], ...] = ()
    created: str = ""

    @property
    def quantities(self) -> str:
        """What the report is about, by the long or standard names of its variables; empty if they are not known."""
        names = [fact.get("quantity") for fact in self.facts]
        names += [data.facets.get("long_name") or data.facets.get("standard_name") for data in self.datasets]
        words = dict.fromkeys(str(name).replace("_", " ").capitalize() for name in names if name)
        return ", ".join(words)

    @property
    def synthetic(self) -> bool:
        """Whether attributes or facts of any dataset have the word synthetic."""
        texts = [str(value) for data in self.datasets for value in (data.facets.get("type"), *data.attributes.values())]
        return any(fact.get("synthetic") for fact in self.facts) or any("synthetic" in text.lower() for text in texts)
