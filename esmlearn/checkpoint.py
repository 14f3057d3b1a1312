"""A trained model as a folder: weights, settings, scaling, hashes, and a card for people."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from esmlearn.data.scaling import Climatology, Scaling
from esmlearn.errors import ModelFolderError
from esmlearn.files import atomic_write
from esmlearn.models.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import TrainSettings

TASK = "spatiotemporal_reconstruction"
FORMAT = 1
WEIGHTS, SETTINGS, CARD = "model.safetensors", "settings.json", "README.md"


@dataclass(frozen=True)
class TrainedModel:
    """A network with all that it needs to be used.

    Attributes
    ----------
    network
        The weights.
    settings
        What it was trained with.
    climatology, scaling
        Of the training period.
    land
        Land of the training grid, shape (lat, lon).
    record
        What else is known: data with hashes, variable, scores, versions, seconds.
    """

    network: SpatioTemporalModel
    settings: TrainSettings
    climatology: Climatology
    scaling: Scaling
    land: Bool[np.ndarray, "lat lon"]
    record: Mapping[str, Any]


def save_model(folder: Path, trained: TrainedModel) -> list[Path]:
    """Write a model folder.

    The settings carry the hash of the weights, and the weights that of the settings: neither can be changed alone.

    Returns
    -------
    list of Path
        The files: weights, settings, card.
    """
    content = {
        "format": FORMAT,
        "task": TASK,
        "settings": trained.settings.model_dump(mode="json"),
        "record": {**trained.record, "versions": versions()},
    }
    tensors = {f"network.{name}": tensor.contiguous() for name, tensor in trained.network.state_dict().items()}
    tensors |= {
        "climatology.coefficients": torch.from_numpy(trained.climatology.coefficients.copy()),
        "climatology.lat": torch.from_numpy(trained.climatology.lat.copy()),
        "climatology.lon": torch.from_numpy(trained.climatology.lon.copy()),
        "scaling.log_std": torch.from_numpy(trained.scaling.log_std.copy()),
        "land": torch.from_numpy(trained.land.copy()),
    }
    with atomic_write(folder / WEIGHTS) as aside:
        save_file(
            tensors,
            aside,
            metadata={"format": "pt", "task": TASK, "settings_sha256": _hash_settings(content)},
        )
    content["sha256"] = {WEIGHTS: sha256(folder / WEIGHTS)}
    with atomic_write(folder / SETTINGS) as aside:
        aside.write_text(json.dumps(content, indent=2) + "\n")
    with atomic_write(folder / CARD) as aside:
        aside.write_text(_card(trained, content))
    return [folder / name for name in (WEIGHTS, SETTINGS, CARD)]


def load_model(folder: str | Path) -> TrainedModel:
    """Read a model folder.

    Raises
    ------
    ModelFolderError
        If a file is missing or altered, or if the folder is for another task or a newer format.
    """
    folder = Path(folder)
    missing = [name for name in (WEIGHTS, SETTINGS) if not (folder / name).is_file()]
    if missing:
        raise ModelFolderError(
            f"The model folder {folder} has no {' and no '.join(missing)}; give the folder that training left."
        )
    try:
        content = json.loads((folder / SETTINGS).read_text())
        task, version = content["task"], content["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFolderError(
            f"{folder / SETTINGS} is not the settings of a model of ours; train the model again."
        ) from error
    if task != TASK:
        raise ModelFolderError(
            f"The model in {folder} is for the task '{task}', not '{TASK}'; give a model made by `train`."
        )
    if version != FORMAT:
        raise ModelFolderError(
            f"The model in {folder} has format {version}, this esmlearn reads {FORMAT}; update esmlearn."
        )
    try:
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise ModelFolderError(
            f"{folder / WEIGHTS} can't be read; it was cut off or altered: copy the folder again."
        ) from error
    if sha256(folder / WEIGHTS) != content.get("sha256", {}).get(WEIGHTS):
        raise ModelFolderError(
            f"{folder / WEIGHTS} was altered since the training: its hash differs from settings.json."
        )
    if metadata.get("settings_sha256") != _hash_settings(content):
        raise ModelFolderError(
            f"{folder / SETTINGS} was altered since the training: its hash differs from the weights' record."
        )
    try:
        settings = TrainSettings.model_validate(content["settings"])
    except ValidationError as error:
        raise ModelFolderError(
            f"{folder / SETTINGS} has settings that this esmlearn does not know; update esmlearn."
        ) from error
    network = SpatioTemporalModel(settings.model)
    prefix = "network."
    weights = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        made_by = content["record"].get("versions", {}).get("esmlearn", "an unknown version")
        raise ModelFolderError(
            f"The weights in {folder} do not fit this esmlearn's network (they were made by {made_by}); "
            "train the model again."
        ) from error
    return TrainedModel(
        network=network.eval(),
        settings=settings,
        climatology=Climatology(*(tensors[f"climatology.{name}"].numpy() for name in ("coefficients", "lat", "lon"))),
        scaling=Scaling(tensors["scaling.log_std"].numpy()),
        land=tensors["land"].numpy(),
        record=content["record"],
    )


def sha256(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    names = (
        "esmlearn",
        "esmvalcore",
        "scitools-iris",
        "torch",
        "accelerate",
        "numpy",
        "scipy",
        "scores",
        "safetensors",
    )
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            # In a notebook esmlearn may run without ESMValCore.
            continue
    return found


def _hash_settings(content: Mapping[str, Any]) -> str:
    """Hash of all of settings.json but the hashes in it."""
    kept = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _card(trained: TrainedModel, content: Mapping[str, Any]) -> str:
    """Write the model card."""
    environment = Environment(
        loader=PackageLoader("esmlearn", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    parameters = sum(parameter.numel() for parameter in trained.network.parameters())
    return environment.get_template("model_card.md.j2").render(
        settings=trained.settings, parameters=parameters, **content["record"], sha256=content["sha256"]
    )
