"""What the script `reconstruct` leaves: files of each method, and for an ensemble what it is worth and how it works."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from esmlearn.bridge.diagnostic import save_data, save_figure
from esmlearn.bridge.fields import find_dataset
from esmlearn.fields.field import Field
from esmlearn.fields.member_cubes import members_cube
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.files import sha256
from esmlearn.settings import AblationSettings, GapSettings, ReconstructSettings
from esmlearn.tasks.ensembles.ablation import Variation, spread_times
from esmlearn.tasks.ensembles.figures import draw_diffusion
from esmlearn.tasks.ensembles.sampling import Aim
from esmlearn.trained.folder import SETTINGS, WEIGHTS
from esmlearn.trained.trained import TrainedDiffusion

ABLATIONS = "ablations"
"""Folder of the ablations, apart from the methods."""

ENSEMBLE = "ConditionalDiffusion"
SAMPLING = ("karras2022", "lu2022")

Vary = Callable[[AblationSettings, Int[np.ndarray, " chosen"]], Variation]


@dataclass(frozen=True)
class Said:
    """What a method says, who it is, and whose papers it follows."""

    method: str
    role: str
    result: Reconstruction
    parameters: dict[str, Any]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """What is reconstructed, by which models, and how.

    Attributes
    ----------
    cfg, settings
        Of the script.
    folders
        Of the models.
    name
        Of the dataset.
    gaps
        What is hidden of it; None for super-resolution.
    """

    cfg: dict[str, Any]
    folders: Sequence[Path]
    settings: ReconstructSettings
    name: str
    gaps: GapSettings | None

    @property
    def source(self) -> dict[str, Any]:
        """Facets of the dataset."""
        return find_dataset(self.cfg, self.name)

    @property
    def dataset(self) -> str:
        """Name of the dataset in files and reports: coarse and fine variables of one dataset have their own names."""
        return str(self.source["dataset"]) if self.gaps is None else self.name

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of every file."""
        withheld = self.settings.withhold
        how = (
            {"esmlearn_task": "downscale", "esmlearn_coarse": self.name}
            if self.gaps is None
            else {"esmlearn_gaps": self.gaps.model_dump_json(exclude_none=True)}
        )
        return {
            "esmlearn_dataset": self.dataset,
            "esmlearn_split": self.settings.period,
            **how,
            **({"esmlearn_withheld": withheld.model_dump_json()} if withheld else {}),
            "esmlearn_model_folder": str(self.folders[0]),
            "esmlearn_model_sha256": sha256(self.folders[0] / SETTINGS),
        }

    def record(self, caption: str, references: Sequence[str], **tags: list[str]) -> dict[str, Any]:
        """Provenance of a product."""
        # The folder that a setting names is no product of the run.
        parts = [] if self.settings.model else [WEIGHTS, SETTINGS]
        return {
            "caption": caption,
            "ancestors": [*self.cfg["input_data"], *(str(folder / part) for folder in self.folders for part in parts)],
            "authors": ["esmlearn_team"],
            **({"references": list(references)} if references else {}),
            **tags,
        }

    def basename(self, method: str) -> str:
        """Beginning of the names of the files of a method."""
        return f"{self.source['short_name']}_{self.dataset}_{method}"


def save_said(job: Job, field: Field, said: Said) -> None:
    """Write days and months of one method, and of an ensemble the members and, on request, their quantiles."""
    depth = "" if field.levels is None else f" at {field.levels[0]:g} m"
    basename = job.basename(said.method) + ("" if field.levels is None else f"_{field.levels[0]:g}m")
    parts = (field.frequency, "mon")
    cubes = {part: (cube, "") for part, cube in zip(parts, said.result.to_cubes(field), strict=True)}
    if said.result.members is not None:
        more = {"members": said.result.member_cubes(field)}
        if job.settings.ensemble.quantiles:
            more["quantiles"] = said.result.quantile_cubes(field, job.settings.ensemble.quantiles)
        for what, pair in more.items():
            cubes |= {f"{part}_{what}": (cube, f", its {what}") for part, cube in zip(parts, pair, strict=True)}
    for part, (cube, what) in cubes.items():
        cube.attributes.update(job.attributes)
        cube.attributes.update(
            {
                "esmlearn_method": said.method,
                "esmlearn_role": said.role,
                "esmlearn_frequency": field.frequency,
                "esmlearn_parameters": json.dumps(said.parameters),
            }
        )
        caption = f"{cube.name()} of {job.dataset}{depth}, by {said.method}{what}."
        save_data(f"{basename}_{part}", job.record(caption, said.references), job.cfg, cube)


def save_ablations(job: Job, field: Field, members: Float[np.ndarray, "member time var lat lon"], vary: Vary) -> None:
    """Draw the ensemble otherwise at some times, and write each of its members beside those drawn as usual."""
    if not job.settings.ablations:
        return
    times = spread_times(len(field.dates), job.settings.ablation_times)
    Path(job.cfg["work_dir"], ABLATIONS).mkdir(exist_ok=True)
    for number, (name, varied, variation) in enumerate(_variations(job, field, members, times, vary)):
        cube = members_cube(*variation)
        cube.attributes.update(job.attributes)
        cube.attributes.update(
            {"esmlearn_method": ENSEMBLE, "esmlearn_ablation": name, "esmlearn_varied": json.dumps(varied)}
        )
        slug = re.sub(r"\W+", "_", name).strip("_") or "as_usual"
        caption = f"Members of {job.dataset} at {len(times)} times, drawn {name or 'as usual'}."
        basename = f"{ABLATIONS}/{number:02d}_{job.basename(ENSEMBLE)}_{slug}"
        save_data(basename, job.record(caption, SAMPLING), job.cfg, cube)


def save_diffusion(job: Job, trained: TrainedDiffusion, aim: Aim, truth: Field | None) -> None:
    """Draw how the members of an ensemble come about."""
    for drawing in draw_diffusion(trained, aim, job.settings.ensemble, truth, dataset=job.dataset):
        tags = {"plot_types": list(drawing.plot_types), "statistics": list(drawing.statistics)}
        record = job.record(drawing.caption, SAMPLING, domains=["reg"], **tags)
        save_figure(drawing.name, record, job.cfg, figure=drawing.figure, dpi=220)


def _variations(
    job: Job,
    field: Field,
    members: Float[np.ndarray, "member time var lat lon"],
    times: Int[np.ndarray, " chosen"],
    vary: Vary,
) -> Iterator[tuple[str, dict[str, Any], Variation]]:
    """Name, what differs, and members: first those drawn as usual, without a name."""
    yield "", {}, Variation(field[times], members[:, times])
    for name, ablation in job.settings.ablations.items():
        yield name, ablation.model_dump(mode="json", exclude_unset=True), vary(ablation, times)
