"""Fill gaps with a trained model and with the baselines, and leave CF netCDF.

Ancestors: the datasets, and the script that trained the model (or `model:`, the folder of one). Leaves, for each
method, a file with the complete days and one with the months; each holds the field, its standard deviation and what was
observed.
"""

from pathlib import Path
from typing import Any

import esmlearn
from esmlearn.baselines import BASELINES
from esmlearn.bridge.diagnostic import run_diagnostic, save_data
from esmlearn.bridge.fields import find_dataset, load_dataset, load_observations
from esmlearn.bridge.paths import find_model_folder
from esmlearn.checkpoint import SETTINGS, WEIGHTS, sha256
from esmlearn.data.field import Field
from esmlearn.data.preparation import select_period, select_role
from esmlearn.data.reconstruction import Reconstruction
from esmlearn.errors import ModelFolderError
from esmlearn.reconstruct import reconstruct
from esmlearn.settings import GapSettings, ReconstructSettings, SplitSettings, from_script


def main(cfg: dict[str, Any]) -> None:
    """Reconstruct one dataset with all methods."""
    settings = from_script(ReconstructSettings, cfg)
    folder = find_model(cfg, settings.model)
    model = esmlearn.load(folder)
    data = model.trained.settings.data
    name = settings.observations or data.observations
    land = model.land_of(load_dataset(cfg, name))
    # A model from elsewhere meets data as they are, unless the recipe says what to hide.
    gaps = settings.gaps or (GapSettings() if settings.model else data.gaps)
    field = load_observations(cfg, name, gaps, units=data.units, land=land)
    field = cut(field, settings.period, data.split)
    climatology, scaling = model.climate(field)
    result = reconstruct(model.trained, field, climatology, scaling, overlap=settings.overlap)
    results = {"SpatioTemporalModel": ("model", result)}
    ancestors = [*cfg["input_data"], *(str(folder / name) for name in (WEIGHTS, SETTINGS) if not settings.model)]
    results |= {baseline: ("baseline", BASELINES[baseline](field, climatology)) for baseline in settings.baselines}
    for method, (role, result) in results.items():
        attributes = {
            "esmlearn_method": method,
            "esmlearn_role": role,
            "esmlearn_dataset": name,
            "esmlearn_split": settings.period,
            "esmlearn_gaps": gaps.model_dump_json(exclude_none=True),
            "esmlearn_model_folder": str(folder),
            "esmlearn_model_sha256": sha256(folder / SETTINGS),
        }
        save(cfg, ancestors, f"{find_dataset(cfg, name)['short_name']}_{name}_{method}", field, result, attributes)


def find_model(cfg: dict[str, Any], folder: str | None) -> Path:
    """Folder of the model: the one named, else the one that an ancestor left."""
    if folder:
        return find_model_folder(folder)
    for ancestor in map(Path, cfg["input_files"]):
        if (ancestor / "model" / SETTINGS).is_file():
            return ancestor / "model"
    raise ModelFolderError("No ancestor left a model; add `train` to the ancestors, or set `model` to a model folder.")


def cut(field: Field, period: str, split: SplitSettings) -> Field:
    """Days of a role of the split, of a period, or all."""
    if period == "all":
        return field
    return select_period(field, period) if "/" in period else select_role(field, split, period)


def save(
    cfg: dict[str, Any],
    ancestors: list[str],
    basename: str,
    field: Field,
    result: Reconstruction,
    attributes: dict[str, Any],
) -> None:
    """Write days and months of one method."""
    method = attributes["esmlearn_method"]
    for cube, frequency in zip(result.to_cubes(field), ("day", "mon"), strict=True):
        cube.attributes.update(attributes)
        record = {
            "caption": f"{cube.name()} of {attributes['esmlearn_dataset']}, completed by {method}.",
            "ancestors": ancestors,
            "authors": ["esmlearn_team"],
            "references": ["goh2024"],
        }
        save_data(f"{basename}_{frequency}", record, cfg, cube)


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
