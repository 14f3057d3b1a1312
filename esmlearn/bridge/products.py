"""Products of the script `reconstruct`, saved with their attributes and provenance."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import save_data, save_figure
from esmlearn.fields.member_cubes import members_cube
from esmlearn.files import sha256
from esmlearn.methods import METHODS
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.settings import ReconstructSettings
from esmlearn.tasks.outputs import AblationOutput, Application, MethodOutput
from esmlearn.trained.folder import SETTINGS, WEIGHTS

ABLATIONS = "ablations"
"""Folder of the ablations, apart from the methods."""

ENSEMBLE = "ConditionalDiffusion"


@dataclass(frozen=True)
class Products:
    """Saves what an application of models gives.

    Attributes
    ----------
    cfg, settings
        Of the script.
    folders
        Of the models, in the order of the ancestors.
    application
        What is saved.
    """

    cfg: dict[str, Any]
    settings: ReconstructSettings
    folders: Sequence[Path]
    application: Application

    def save_all(self) -> None:
        """Save each output as soon as it is made: what is saved stays, whatever comes after it."""
        for output in self.application.outputs:
            self.save(output)

    @singledispatchmethod
    def save(self, output: Any) -> None:
        """Save one output."""
        raise TypeError(f"{type(output).__name__} is no output of a task")

    @save.register
    def _(self, output: MethodOutput) -> None:
        """Save days and months of a method; of an ensemble its members and, on request, their quantiles, too."""
        method, field, result, parameters = output
        depth, level = ("", "") if field.levels is None else (f" at {field.levels[0]:g} m", f"_{field.levels[0]:g}m")
        parts = (field.frequency, "mon")
        cubes = {part: (cube, "") for part, cube in zip(parts, result.to_cubes(field), strict=True)}
        if result.members is not None:
            more = {"members": result.member_cubes(field)}
            if self.settings.ensemble.quantiles:
                more["quantiles"] = result.quantile_cubes(field, self.settings.ensemble.quantiles)
            for what, pair in more.items():
                cubes |= {f"{part}_{what}": (cube, f", its {what}") for part, cube in zip(parts, pair, strict=True)}
        own = {
            "esmlearn_method": method,
            "esmlearn_role": METHODS[method].role,
            "esmlearn_frequency": field.frequency,
            "esmlearn_parameters": json.dumps(parameters),
        }
        for part, (cube, what) in cubes.items():
            cube.attributes.update(self.attributes | own)
            caption = f"{cube.name()} of {self.application.dataset}{depth}, by {method}{what}."
            save_data(f"{self._basename(method)}{level}_{part}", self._record(caption, method), self.cfg, cube)

    @save.register
    def _(self, output: AblationOutput) -> None:
        """Save the members of an ablation."""
        folder = Path(self.cfg["work_dir"], ABLATIONS)
        folder.mkdir(exist_ok=True)
        cube = members_cube(output.field, output.members)
        own = {
            "esmlearn_method": ENSEMBLE,
            "esmlearn_ablation": output.name,
            "esmlearn_varied": json.dumps(output.varied),
        }
        cube.attributes.update(self.attributes | own)
        slug = re.sub(r"\W+", "_", output.name).strip("_") or "as_usual"
        times = len(output.field.dates)
        caption = f"Members of {self.application.dataset} at {times} times, drawn {output.name or 'as usual'}."
        basename = f"{ABLATIONS}/{output.number:02d}_{self._basename(ENSEMBLE)}_{slug}"
        save_data(basename, self._record(caption, ENSEMBLE), self.cfg, cube)

    @save.register
    def _(self, output: CaptionedFigure) -> None:
        """Save a figure of the sampling."""
        tags = {"plot_types": list(output.plot_types), "statistics": list(output.statistics)}
        record = self._record(output.caption, ENSEMBLE, domains=["reg"], **tags)
        save_figure(output.name, record, self.cfg, figure=output.figure, dpi=220)

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of every file."""
        withheld = self.settings.withhold
        return {
            "esmlearn_dataset": self.application.dataset,
            "esmlearn_split": self.settings.period,
            **self.application.attributes,
            **({"esmlearn_withheld": withheld.model_dump_json()} if withheld else {}),
            "esmlearn_model_folder": str(self.folders[0]),
            "esmlearn_model_sha256": sha256(self.folders[0] / SETTINGS),
        }

    def _basename(self, method: str) -> str:
        """Beginning of the names of the files of a method."""
        return f"{self.application.short_name}_{self.application.dataset}_{method}"

    def _record(self, caption: str, method: str, **tags: list[str]) -> dict[str, Any]:
        """Provenance of a product."""
        # The folder that a setting names is no product of the run.
        parts = [] if self.settings.model else [WEIGHTS, SETTINGS]
        references = METHODS[method].references
        return {
            "caption": caption,
            "ancestors": [*self.cfg["input_data"], *(str(folder / part) for folder in self.folders for part in parts)],
            "authors": ["esmlearn_team"],
            **({"references": list(references)} if references else {}),
            **tags,
        }


def describe_inputs(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Facets and hashes of the preprocessed files that a script was given, for the record of a model."""
    facets = ("dataset", "project", "mip", "type", "version", "tier", "short_name", "timerange")
    return [
        {key: str(entry[key]) for key in facets if entry.get(key) is not None}
        | {"file": Path(entry["filename"]).name, "sha256": sha256(Path(entry["filename"]))}
        for entry in entries
    ]
