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
from jaxtyping import Bool, Float
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from esmlearn.data.scaling import Climatology, Scaling
from esmlearn.errors import ModelFolderError
from esmlearn.files import atomic_write
from esmlearn.models.convnext_unet import ConvNextUNet
from esmlearn.models.denoisers import build_denoiser, build_regression
from esmlearn.models.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import EnsembleTrainSettings, TrainSettings

TASK = "spatiotemporal_reconstruction"
ENSEMBLE_TASK = "ensemble"
FORMAT = 2
WEIGHTS, SETTINGS, CARD, GUIDE = "model.safetensors", "settings.json", "README.md", "guide"
CLIMATOLOGY = ("coefficients", "lat", "lon")


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


@dataclass(frozen=True)
class TrainedEnsemble:
    """A denoiser with all that it needs to draw members.

    Attributes
    ----------
    network
        The weights.
    settings
        What it was trained with.
    climatologies, scalings
        Of the training period, one for each level, and of the surface last if there is one.
    land
        Land of the training grid, shape (lat, lon).
    amplitudes
        Factors on the states of each level, so that the spread is that of the errors.
    record
        What else is known, as of a `TrainedModel`.
    guide, regression
        The model whose reconstruction the members depart from, or the network whose mean; with neither, they depart
        from the climatology.
    """

    network: ConvNextUNet
    settings: EnsembleTrainSettings
    climatologies: tuple[Climatology, ...]
    scalings: tuple[Scaling, ...]
    land: Bool[np.ndarray, "lat lon"]
    amplitudes: Float[np.ndarray, " var"]
    record: Mapping[str, Any]
    guide: TrainedModel | None = None
    regression: ConvNextUNet | None = None


def save_model(folder: Path, trained: TrainedModel | TrainedEnsemble) -> list[Path]:
    """Write a model folder; that of an ensemble holds the folder of its guide.

    The settings carry the hash of the weights, and the weights that of the settings: neither can be changed alone.

    Returns
    -------
    list of Path
        The files: weights, settings, card.
    """
    if isinstance(trained, TrainedEnsemble):
        task, climates = ENSEMBLE_TASK, list(zip(trained.climatologies, trained.scalings, strict=True))
        guide = save_model(folder / GUIDE, trained.guide) if trained.guide else []
    else:
        task, climates, guide = TASK, [(trained.climatology, trained.scaling)], []
    content = {
        "format": FORMAT,
        "task": task,
        "settings": trained.settings.model_dump(mode="json"),
        "record": {**trained.record, "versions": versions()},
    }
    networks: dict[str, nn.Module] = {"network": trained.network}
    if isinstance(trained, TrainedEnsemble) and trained.regression:
        networks["regression"] = trained.regression
    tensors = {
        f"{part}.{name}": tensor.contiguous()
        for part, network in networks.items()
        for name, tensor in network.state_dict().items()
    }
    for level, (climatology, scaling) in enumerate(climates):
        for name in CLIMATOLOGY:
            tensors[f"climatology.{level}.{name}"] = torch.from_numpy(getattr(climatology, name).copy())
        tensors[f"scaling.{level}.log_std"] = torch.from_numpy(scaling.log_std.copy())
    tensors["land"] = torch.from_numpy(trained.land.copy())
    if isinstance(trained, TrainedEnsemble):
        tensors["amplitudes"] = torch.from_numpy(trained.amplitudes.copy())
    with atomic_write(folder / WEIGHTS) as aside:
        save_file(
            tensors,
            aside,
            metadata={"format": "pt", "task": task, "settings_sha256": _hash_settings(content)},
        )
    content["sha256"] = {WEIGHTS: sha256(folder / WEIGHTS)}
    with atomic_write(folder / SETTINGS) as aside:
        aside.write_text(json.dumps(content, indent=2) + "\n")
    with atomic_write(folder / CARD) as aside:
        aside.write_text(_card(trained, content))
    return [*(folder / name for name in (WEIGHTS, SETTINGS, CARD)), *guide]


def load_model(folder: str | Path) -> TrainedModel | TrainedEnsemble:
    """Read a model folder.

    Raises
    ------
    ModelFolderError
        If a file is missing or altered, or if the folder is for an unknown task or a newer format.
    """
    folder = Path(folder)
    content, tensors = _read(folder)
    climates = _climates(tensors)
    land, record = tensors["land"].numpy(), content["record"]
    if content["task"] == TASK:
        settings = _settings(TrainSettings, folder, content)
        network = _with_weights(SpatioTemporalModel(settings.model), folder, content, tensors)
        return TrainedModel(network, settings, *climates[0], land, record)
    aim = _settings(EnsembleTrainSettings, folder, content)
    n_levels = len(climates) - (aim.surface is not None)
    denoiser = _with_weights(build_denoiser(aim, n_levels), folder, content, tensors)
    regression = None
    if aim.first_guess == "regression":
        regression = _with_weights(build_regression(aim, n_levels), folder, content, tensors, part="regression")
    guide = load_model(folder / GUIDE) if aim.first_guess == "model" else None
    if isinstance(guide, TrainedEnsemble):
        raise ModelFolderError(f"{folder / GUIDE} is an ensemble itself; copy the folder again.")
    climatologies, scalings = zip(*climates, strict=True)
    amplitudes = tensors["amplitudes"].numpy()
    return TrainedEnsemble(denoiser, aim, climatologies, scalings, land, amplitudes, record, guide, regression)


def _settings[Kind: BaseModel](kind: type[Kind], folder: Path, content: Mapping[str, Any]) -> Kind:
    """Read the settings of a training."""
    try:
        return kind.model_validate(content["settings"])
    except ValidationError as error:
        raise ModelFolderError(
            f"{folder / SETTINGS} has settings that this esmlearn does not know; update esmlearn."
        ) from error


def _climates(tensors: Mapping[str, torch.Tensor]) -> list[tuple[Climatology, Scaling]]:
    """Climatology and scaling of each level."""
    n_levels = sum(name.startswith("scaling.") for name in tensors)
    return [
        (
            Climatology(*(tensors[f"climatology.{level}.{name}"].numpy() for name in CLIMATOLOGY)),
            Scaling(tensors[f"scaling.{level}.log_std"].numpy()),
        )
        for level in range(n_levels)
    ]


def _with_weights[Network: nn.Module](
    network: Network,
    folder: Path,
    content: Mapping[str, Any],
    tensors: Mapping[str, torch.Tensor],
    part: str = "network",
) -> Network:
    """Give a network its weights, ready for use."""
    prefix = f"{part}."
    weights = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        made_by = content["record"].get("versions", {}).get("esmlearn", "an unknown version")
        raise ModelFolderError(
            f"The weights in {folder} do not fit this esmlearn's network (they were made by {made_by}); "
            "train the model again."
        ) from error
    return network.eval()


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Read settings and tensors of a folder that is whole and unaltered."""
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
    if task not in (TASK, ENSEMBLE_TASK):
        raise ModelFolderError(
            f"The model in {folder} is for the task '{task}', not '{TASK}' or '{ENSEMBLE_TASK}'; give a model made by "
            "`train`."
        )
    if version != FORMAT:
        raise ModelFolderError(
            f"The model in {folder} has format {version}, this esmlearn reads {FORMAT}; train it again with this one."
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
    return content, tensors


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


def _card(trained: TrainedModel | TrainedEnsemble, content: Mapping[str, Any]) -> str:
    """Write the model card."""
    environment = Environment(
        loader=PackageLoader("esmlearn", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    parameters = sum(parameter.numel() for parameter in trained.network.parameters())
    name = "ensemble_card.md.j2" if isinstance(trained, TrainedEnsemble) else "model_card.md.j2"
    return environment.get_template(name).render(
        settings=trained.settings, parameters=parameters, **content["record"], sha256=content["sha256"]
    )
