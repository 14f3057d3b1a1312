"""Model folders, written and read."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from esmlearn.errors import ModelFolderError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.files import atomic_write, sha256, write_text
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import DownscaleTrainSettings, EnsembleTrainSettings, TrainSettings
from esmlearn.tasks.downscale.conditions import StaticFields
from esmlearn.tasks.networks import (
    build_denoiser,
    build_fine_denoiser,
    build_fine_regression,
    build_regression,
    count_conditions,
)
from esmlearn.trained.trained import (
    CLIMATOLOGY,
    GRID,
    MOMENTS,
    Tensors,
    Trained,
    TrainedDownscaler,
    TrainedEnsemble,
    TrainedModel,
)

TASK, ENSEMBLE_TASK, DOWNSCALE_TASK = "spatiotemporal_reconstruction", "ensemble", "downscaling"
TASKS = {TASK: TrainedModel, ENSEMBLE_TASK: TrainedEnsemble, DOWNSCALE_TASK: TrainedDownscaler}
CARDS = {TASK: "model_card.md.j2", ENSEMBLE_TASK: "ensemble_card.md.j2", DOWNSCALE_TASK: "downscaling_card.md.j2"}
FORMAT = 2
WEIGHTS, SETTINGS, CARD, GUIDE = "model.safetensors", "settings.json", "README.md", "guide"


def save_model(folder: Path, trained: Trained) -> list[Path]:
    """Write a model folder; that of an ensemble holds the folder of its guide.

    The settings carry the hash of the weights, and the weights that of the settings: neither can be changed alone.

    Returns
    -------
    list of Path
        The files: weights, settings, card.
    """
    task = next(task for task, kind in TASKS.items() if isinstance(trained, kind))
    guide = trained.guide if isinstance(trained, TrainedEnsemble) else None
    guide_files = save_model(folder / GUIDE, guide) if guide else []
    content = {
        "format": FORMAT,
        "task": task,
        "settings": trained.settings.model_dump(mode="json"),
        "record": {**trained.record, "versions": versions()},
    }
    tensors = {
        f"{part}.{name}": tensor.contiguous()
        for part, network in trained.networks().items()
        for name, tensor in network.state_dict().items()
    }
    tensors |= trained.tensors()
    with atomic_write(folder / WEIGHTS) as aside:
        save_file(
            tensors,
            aside,
            metadata={"format": "pt", "task": task, "settings_sha256": _hash_settings(content)},
        )
    content["sha256"] = {WEIGHTS: sha256(folder / WEIGHTS)}
    write_text(folder / SETTINGS, json.dumps(content, indent=2) + "\n")
    write_text(folder / CARD, _card(trained, content))
    return [*(folder / name for name in (WEIGHTS, SETTINGS, CARD)), *guide_files]


def load_model(folder: str | Path) -> Trained:
    """Read a model folder.

    Raises
    ------
    ModelFolderError
        If a file is missing or altered, or if the folder is for an unknown task or a newer format.
    """
    folder = Path(folder)
    content, tensors = _read(folder)
    if content["task"] == DOWNSCALE_TASK:
        return _downscaler(folder, content, tensors)
    return (_ensemble if content["task"] == ENSEMBLE_TASK else _transformer)(folder, content, tensors)


def _transformer(folder: Path, content: Mapping[str, Any], tensors: Tensors) -> TrainedModel:
    """Read a transformer."""
    settings = _settings(TrainSettings, folder, content)
    network = _with_weights(SpatioTemporalModel(settings.model), folder, content, tensors)
    return TrainedModel(network, settings, *_climates(tensors)[0], tensors["land"].numpy(), content["record"])


def _ensemble(folder: Path, content: Mapping[str, Any], tensors: Tensors) -> TrainedEnsemble:
    """Read an ensemble that reconstructs."""
    settings = _settings(EnsembleTrainSettings, folder, content)
    climatologies, scalings = zip(*_climates(tensors), strict=True)
    n_levels = len(climatologies) - (settings.surface is not None)
    denoiser = _with_weights(build_denoiser(settings, n_levels), folder, content, tensors)
    regression = None
    if settings.first_guess == "regression":
        regression = _with_weights(build_regression(settings, n_levels), folder, content, tensors, part="regression")
    guide = load_model(folder / GUIDE) if settings.first_guess == "model" else None
    if guide is not None and not isinstance(guide, TrainedModel):
        raise ModelFolderError(f"{folder / GUIDE} is no transformer; copy the folder again.")
    others = tensors["land"].numpy(), tensors["amplitudes"].numpy(), content["record"]
    power = float(tensors["power"]) if "power" in tensors else 0.0
    return TrainedEnsemble(denoiser, settings, climatologies, scalings, *others, guide, regression, power)


def _downscaler(folder: Path, content: Mapping[str, Any], tensors: Tensors) -> TrainedDownscaler:
    """Read a downscaler."""
    settings = _settings(DownscaleTrainSettings, folder, content)
    conditions = settings.conditions
    n_scalings = sum(name.startswith("scaling.") for name in tensors) // len(MOMENTS)
    log_scales = [settings.data.log_scale] * 2 + [None] * (n_scalings - 2)  # the fine field's, and its coarse one's
    scalings = [
        MonthlyScaling(tensors[f"scaling.{number}.mean"].numpy(), tensors[f"scaling.{number}.std"].numpy(), log_scale)
        for number, log_scale in enumerate(log_scales)
    ]
    n_variables = scalings[0].mean.shape[1]
    static = StaticFields(conditions.static, tensors["static.values"].numpy(), tensors["static.known"].numpy())
    sizes = n_variables, count_conditions(settings, n_variables)
    regression = None
    if settings.learning == "residual":
        regression = _with_weights(build_fine_regression(settings, *sizes), folder, content, tensors, part="regression")
    return TrainedDownscaler(
        network=_with_weights(build_fine_denoiser(settings, *sizes), folder, content, tensors),
        settings=settings,
        scaling=scalings[0],
        coarse_scalings=tuple(scalings[1:]),
        static=static,
        grid=RectilinearGrid(*(tensors[f"grid.{name}"].numpy() for name in GRID)),
        land=tensors["land"].numpy(),
        amplitudes=tensors["amplitudes"].numpy(),
        record=content["record"],
        regression=regression,
    )


def _settings[Kind: BaseModel](kind: type[Kind], folder: Path, content: Mapping[str, Any]) -> Kind:
    """Read the settings of a training."""
    try:
        return kind.model_validate(content["settings"])
    except ValidationError as error:
        raise ModelFolderError(
            f"{folder / SETTINGS} has settings that this esmlearn does not know; update esmlearn, or train the "
            "model again."
        ) from error


def _climates(tensors: Tensors) -> list[tuple[Climatology, Scaling]]:
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
    tensors: Tensors,
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


def _read(folder: Path) -> tuple[dict[str, Any], Tensors]:
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
    if task not in TASKS:
        raise ModelFolderError(
            f"The model in {folder} is for the task '{task}', not {' or '.join(map(repr, TASKS))}; give a model that "
            "`train` made."
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


def _card(trained: Trained, content: Mapping[str, Any]) -> str:
    """Write the model card."""
    environment = Environment(
        loader=PackageLoader("esmlearn.trained", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    parameters = sum(parameter.numel() for parameter in trained.network.parameters())
    return environment.get_template(CARDS[content["task"]]).render(
        settings=trained.settings, parameters=parameters, **content["record"], sha256=content["sha256"]
    )
