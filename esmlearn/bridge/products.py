"""Files and figures of the script `reconstruct`, with their attributes and provenance."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import save_data, save_figure
from esmlearn.bridge.left_out import write_left_out
from esmlearn.fields.member_cubes import members_cube
from esmlearn.files import sha256
from esmlearn.methods import method_info
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.settings import ReconstructSettings
from esmlearn.tasks.left_out import LeftOut, leaving_out
from esmlearn.tasks.outputs import AblationOutput, Application, MethodOutput
from esmlearn.trained.folder import SETTINGS, WEIGHTS

ABLATIONS = "ablations"
"""Folder of the ablations, apart from the methods."""

ENSEMBLE = "ConditionalDiffusion"


@dataclass(frozen=True)
class Products:
    """Saves what models, applied to a dataset, give.

    Attributes
    ----------
    cfg, settings
        Of the script.
    folders
        Of the models, in the order of the ancestors; none for baselines alone.
    application
        The dataset, and the outputs that are saved.
    """

    cfg: dict[str, Any]
    settings: ReconstructSettings
    folders: Sequence[Path]
    application: Application

    def save_all(self) -> None:
        """Save each output as soon as it is made, and at last what was left out and why.

        Raises
        ------
        Exception
            If no method is left: the error of the first one.
        """
        left_out: list[LeftOut] = []
        saved = 0
        for output in self.application.outputs:
            match output:
                case LeftOut():
                    left_out.append(output)
                case MethodOutput():
                    with leaving_out(output.method) as failed:
                        self._save_method(output)
                        saved += 1
                    left_out += failed
                case AblationOutput():
                    self._save_ablation(output)
                case CaptionedFigure():
                    tags = {"plot_types": list(output.plot_types), "statistics": list(output.statistics)}
                    record = self._record(output.caption, ENSEMBLE, domains=["reg"], **tags)
                    save_figure(output.name, record, self.cfg, figure=output.figure, dpi=220)
        if left_out and not saved:
            raise left_out[0].error
        write_left_out(self.cfg, self.application.dataset, left_out, self.cfg["input_data"])

    def _save_method(self, output: MethodOutput) -> None:
        """Save days and months of a method; of an ensemble also its members and, on request, their quantiles."""
        method, field, result, parameters = output
        depth, level = ("", "") if field.levels is None else (f" at {field.levels[0]:g} m", f"_{field.levels[0]:g}m")
        pairs = {"": result.to_cubes(field)}
        if result.members is not None:
            pairs["members"] = result.member_cubes(field)
            if self.settings.ensemble.quantiles:
                pairs["quantiles"] = result.quantile_cubes(field, self.settings.ensemble.quantiles)
        own = {
            "esmlearn_method": method,
            "esmlearn_role": method_info(method).role,
            "esmlearn_frequency": field.frequency,
            "esmlearn_parameters": json.dumps(parameters),
        }
        for what, pair in pairs.items():
            suffix, words = (f"_{what}", f", its {what}") if what else ("", "")
            by_frequency = {field.frequency: pair[0]}
            by_frequency.setdefault("mon", pair[1])  # monthly data are their own monthly means
            for frequency, cube in by_frequency.items():
                cube.attributes.update(self._attributes | own)
                caption = f"{cube.name()} of {self.application.dataset}{depth}, by {method}{words}."
                basename = f"{self._basename(method)}{level}_{frequency}{suffix}"
                save_data(basename, self._record(caption, method), self.cfg, cube)

    def _save_ablation(self, output: AblationOutput) -> None:
        """Save the members of an ablation."""
        cube = members_cube(output.field, output.members)
        own = {
            "esmlearn_method": ENSEMBLE,
            "esmlearn_ablation": output.name,
            "esmlearn_varied": json.dumps(output.varied),
        }
        cube.attributes.update(self._attributes | own)
        slug = re.sub(r"\W+", "_", output.name).strip("_") or "as_usual"
        times = len(output.field.dates)
        caption = f"Members of {self.application.dataset} at {times} times, sampled {output.name or 'as usual'}."
        basename = f"{ABLATIONS}/{output.number:02d}_{self._basename(ENSEMBLE)}_{slug}"
        save_data(basename, self._record(caption, ENSEMBLE), self.cfg, cube)

    @property
    def _attributes(self) -> dict[str, str]:
        """Attributes of every file."""
        withheld = self.settings.withhold
        return {
            "esmlearn_dataset": self.application.dataset,
            "esmlearn_split": self.settings.period,
            **self.application.attributes,
            **({"esmlearn_withheld": withheld.model_dump_json()} if withheld else {}),
            **self._model,
        }

    @property
    def _model(self) -> dict[str, str]:
        """Where the model is, and its hash; empty for baselines alone."""
        if not self.folders:
            return {}
        first = self.folders[0]
        return {"esmlearn_model_folder": str(first), "esmlearn_model_sha256": sha256(first / SETTINGS)}

    def _basename(self, method: str) -> str:
        """Beginning of the names of the files of a method."""
        return f"{self.application.short_name}_{self.application.dataset}_{method}"

    def _record(self, caption: str, method: str, **tags: list[str]) -> dict[str, Any]:
        """Provenance of a product."""
        # A folder that is named in the settings is no product of the run.
        parts = [] if self.settings.model else [WEIGHTS, SETTINGS]
        references = method_info(method).references
        return {
            "caption": caption,
            "ancestors": [*self.cfg["input_data"], *(str(folder / part) for folder in self.folders for part in parts)],
            "authors": ["esmlearn_team"],
            **({"references": list(references)} if references else {}),
            **tags,
        }


def describe_inputs(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return facets and hashes of the preprocessed files of a script, for the record of a model."""
    facets = ("dataset", "project", "mip", "type", "version", "tier", "short_name", "timerange")
    return [
        {key: str(entry[key]) for key in facets if entry.get(key) is not None}
        | {"file": Path(entry["filename"]).name, "sha256": sha256(Path(entry["filename"]))}
        for entry in entries
    ]
