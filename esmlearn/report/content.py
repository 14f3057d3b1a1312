"""What a report holds, before it becomes a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A picture with its caption; `name` says which one it is, and so where on the page it belongs."""

    name: str
    png: bytes
    caption: str


@dataclass(frozen=True)
class Dataset:
    """What went in: ESMValCore's facets, and what the file says of itself."""

    facets: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name, with that of the variable in the recipe where this is another than the variable itself."""
        name = str(self.facets.get("alias") or self.facets.get("dataset", ""))
        group = self.facets.get("variable_group")
        return name if group in (None, self.facets.get("short_name")) else f"{name} ({group})"


@dataclass(frozen=True)
class Product:
    """One file of the run.

    Attributes
    ----------
    path
        Where it lies.
    task
        What made it: `input` for what the preprocessor left, else the name of the script.
    caption
        What it is.
    ancestors
        Paths of what it was made from.
    sha256
        Hash of its content; empty where it could not be read.
    link
        Path to it from the report's folder.
    records
        What ESMValCore recorded of it: names of the records and their paths from the report's folder.
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
    """How the training went: the rows of `train.jsonl`, and where it stood last."""

    rows: tuple[Row, ...]
    progress: Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """What a script that trains left, or the folder of a model that came trained.

    Attributes
    ----------
    name
        Of the script, or of the folder.
    card
        README.md of the model folder; None if a training has not come so far.
    content
        Its settings.json: `settings` and `record`, of the training.
    training
        How the training went; None if the model came trained.
    """

    name: str
    card: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    training: Training | None = None


@dataclass(frozen=True)
class Method:
    """A method that reconstructed, and the parameters that it was fitted with or given."""

    name: str
    role: str
    dataset: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Cost:
    """What a script took: seconds by the clock, seconds of all processors, and the most memory (GB)."""

    script: str
    seconds: float
    cpu_seconds: float
    memory: float


@dataclass(frozen=True)
class Report:
    """All that is on the page; what is missing leaves its section out.

    Attributes
    ----------
    title, description
        From the recipe or the settings.
    words
        A summary of the author's own, shown before the program's.
    rows, breakdown
        Rows of `scores.json` and `breakdown.json`.
    ablations
        Rows of `ablations.json`.
    facts
        What was evaluated and what was hidden, one mapping for each dataset; see `esmlearn.evaluation.facts.facts`.
    shortest
        Shortest wavelength (km) in the spectra of each dataset.
    figures, datasets, products, methods
        Pictures, inputs, files, and what reconstructed.
    preprocessors
        The recipe's own text of its preprocessors.
    settings
        Settings of each script as text, defaults and all.
    models
        What was trained, or came trained.
    costs
        What each script took.
    bibtex
        Entries of the papers to cite, as ESMValCore collected them.
    versions
        Of the software, by its name.
    seeds
        By the setting that holds them.
    recipe, recipe_text, recipe_link
        File name of the recipe, its text, and path to the run's copy of it from the report's folder.
    logs
        Names of logs and their paths from the report's folder.
    created
        When the report was made.
    """

    title: str
    description: str = ""
    words: str | None = None
    rows: tuple[Row, ...] = ()
    breakdown: tuple[Row, ...] = ()
    ablations: tuple[Row, ...] = ()
    facts: tuple[Mapping[str, Any], ...] = ()
    shortest: Mapping[str, float] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    products: tuple[Product, ...] = ()
    methods: tuple[Method, ...] = ()
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
    def synthetic(self) -> bool:
        """Whether any of the data call themselves synthetic."""
        texts = [str(value) for data in self.datasets for value in (data.facets.get("type"), *data.attributes.values())]
        return any(fact.get("synthetic") for fact in self.facts) or any("synthetic" in text.lower() for text in texts)
