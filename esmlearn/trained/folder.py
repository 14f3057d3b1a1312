"""Model folders, written and read: weights and arrays, settings, hashes of both, and a card for readers."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool
from jinja2 import TemplateError
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from esmlearn.errors import ModelFolderError
from esmlearn.files import atomic_write, sha256, write_text
from esmlearn.trained.card import render_card

FORMAT = 4
READABLE = (3, 4)
"""Format 4 may have the error and the trend of a climatology, which format 3 lacks."""
WEIGHTS, SETTINGS, CARD = "model.safetensors", "settings.json", "README.md"

PACKAGES = (
    "esmlearn", "esmvalcore", "scitools-iris", "torch", "accelerate", "numpy", "scipy", "scores", "safetensors",
)  # fmt: skip
"""Packages whose versions are recorded, because results depend on them."""


@dataclass(frozen=True)
class Trained:
    """Base of trained models: a network with all that is needed to use it. Each task has its own subclass.

    Attributes
    ----------
    network
        The network, with its weights.
    settings
        Settings of the script `train` that it was trained with.
    land
        True on land on the training grid, shape (lat, lon).
    record
        Data with hashes, variable, scores, versions, seconds.
    """

    network: Any
    settings: Any
    land: Bool[np.ndarray, "lat lon"]
    record: Mapping[str, Any]

    task: ClassVar[str]  # name of the task
    card: ClassVar[Path]  # template of the card

    def networks(self) -> dict[str, nn.Module]:
        """Networks, by the prefix of the names of their weights."""
        return {"network": self.network}

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays that are no weights, by name."""
        return {"land": self.land}

    def parts(self) -> "dict[str, Trained]":
        """Other trained models that this one needs, by the name of their subfolder."""
        return {}


@dataclass(frozen=True)
class Content:
    """Content of a model folder: settings and record of `settings.json`, and all weights and other arrays by name."""

    folder: Path
    task: str
    settings: Mapping[str, Any]
    record: Mapping[str, Any]
    tensors: dict[str, Tensor]

    def read_settings[Kind: BaseModel](self, kind: type[Kind]) -> Kind:
        """Read the settings of the training.

        Raises
        ------
        ModelFolderError
            If this version of esmlearn does not have some of them.
        """
        try:
            return kind.model_validate(self.settings)
        except ValidationError as error:
            raise ModelFolderError(
                f"{self.folder / SETTINGS} has settings that this esmlearn does not know; update esmlearn, or train "
                "the model again."
            ) from error

    def array(self, name: str, *shape: int | None, truth: bool = False, gaps: bool = False) -> np.ndarray:
        """An array that is no weight.

        Parameters
        ----------
        name
            Its name.
        *shape
            Its shape; None for any length from 1 on.
        truth
            Whether it holds true and false; else numbers.
        gaps
            Whether some numbers may be NaN.

        Raises
        ------
        ModelFolderError
            If it is missing, of another shape or kind, or has numbers that are not finite.
        """
        found = self.tensors.get(name)
        if found is None:
            raise ModelFolderError(f"The model folder {self.folder} has no array {name}; copy the folder again.")
        array = found.numpy() if found.dtype is not torch.bfloat16 else found.float().numpy()
        fits = array.ndim == len(shape) and all(
            have == want or (want is None and have) for have, want in zip(array.shape, shape, strict=True)
        )
        right = array.dtype == bool if truth else array.dtype.kind == "f"
        finite = truth or (right and not (np.isinf(array) if gaps else ~np.isfinite(array)).any())
        if not (fits and right and finite):
            raise ModelFolderError(
                f"The array {name} of the model folder {self.folder} is {array.dtype} of shape {array.shape} and does "
                "not fit the model, or has numbers that are not finite; copy the folder again."
            )
        return array

    def of[Model](self, read: "Callable[[Content], Model]") -> Model:
        """Make a model of the content.

        Raises
        ------
        ModelFolderError
            If parts of it are missing or don't fit each other, as in a folder that was written by hand.
        """
        try:
            return read(self)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError,
                MemoryError) as error:  # fmt: skip
            raise ModelFolderError(
                f"The model folder {self.folder} lacks parts, or they don't fit each other ({error}); copy the folder "
                "again, or train the model again."
            ) from error

    def load_weights[Network: nn.Module](self, build: Callable[[], Network], part: str = "network") -> Network:
        """Build a network, load its weights and return it in evaluation mode.

        It is built without memory first: the settings of a forged folder may ask for more than the machine has.

        Raises
        ------
        ModelFolderError
            If the weights do not fit.
        """
        prefix = f"{part}."
        weights = {name.removeprefix(prefix): self.tensors[name] for name in self.tensors if name.startswith(prefix)}
        with torch.device("meta"):
            wanted = {name: tensor.shape for name, tensor in build().state_dict().items()}
        fits = wanted == {name: tensor.shape for name, tensor in weights.items()}
        if not fits or any(tensor.is_floating_point() and not tensor.isfinite().all() for tensor in weights.values()):
            versions_of_record = self.record.get("versions")
            by = versions_of_record.get("esmlearn") if isinstance(versions_of_record, dict) else None
            raise ModelFolderError(
                f"The weights in {self.folder} do not fit this esmlearn's network (they were made by "
                f"{by or 'an unknown version'}), or are not finite; train the model again."
            )
        network = build()
        network.load_state_dict(weights)
        return network.eval()


def write_folder(folder: Path, trained: Trained) -> list[Path]:
    """Write a model folder, and those of the parts of the model in subfolders.

    The settings have the hash of the weights, and the weights that of the settings, so that a change of either one is
    noticed. Returns the files: weights, settings, card.
    """
    files_of_parts = [file for name, part in trained.parts().items() for file in write_folder(folder / name, part)]
    content, tensors = _content(trained), _tensors(trained)
    metadata = {"format": "pt", "task": trained.task, "settings_sha256": _hash_settings(content)}
    with atomic_write(folder / WEIGHTS) as aside:
        save_file(tensors, aside, metadata=metadata)
    hashes = {WEIGHTS: sha256(folder / WEIGHTS)}
    write_text(folder / SETTINGS, json.dumps({**content, "sha256": hashes}, indent=2) + "\n")
    write_text(folder / CARD, _card(trained, content, hashes))
    return [*(folder / name for name in (WEIGHTS, SETTINGS, CARD)), *files_of_parts]


def try_content(trained: Trained) -> None:
    """Make all that `write_folder` writes, and write nothing: what would fail after a training shall fail before it.

    Parameters
    ----------
    trained
        The model as it will be, its weights and scores in place of those to come.

    Raises
    ------
    ModelFolderError
        If its arrays, its record or its card can't be made.
    """
    try:
        content = _content(trained)
        _ = _tensors(trained), _hash_settings(content), _card(trained, content, {WEIGHTS: ""})
    except (TemplateError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise ModelFolderError(
            f"The model folder of this training could not be written at its end ({error}); complete the facets of its "
            "datasets in the recipe, such as short_name."
        ) from error
    for part in trained.parts().values():
        try_content(part)


def _content(trained: Trained) -> dict[str, Any]:
    """Content of settings.json, but for the hashes."""
    return {
        "format": FORMAT,
        "task": trained.task,
        "settings": trained.settings.model_dump(mode="json"),
        "record": {**trained.record, "versions": versions()},
    }


def _tensors(trained: Trained) -> dict[str, Tensor]:
    """Weights and other arrays, by name."""
    weights = {
        f"{part}.{name}": tensor.contiguous()
        for part, network in trained.networks().items()
        for name, tensor in network.state_dict().items()
    }
    return weights | {name: torch.from_numpy(np.array(array, order="C")) for name, array in trained.arrays().items()}


def read_folder(folder: Path) -> Content:
    """Read a model folder, which must be complete and unaltered.

    Raises
    ------
    ModelFolderError
        If a file is missing or altered, or the folder has another format.
    """
    missing = [name for name in (WEIGHTS, SETTINGS) if not (folder / name).is_file()]
    if missing:
        raise ModelFolderError(
            f"The model folder {folder} has no {' and no '.join(missing)}; give the folder that training left."
        )
    root = folder.resolve()
    outside = [name for name in (WEIGHTS, SETTINGS) if (folder / name).resolve().parent != root]
    if outside:
        raise ModelFolderError(
            f"{folder / outside[0]} is a link that leads out of the model folder; copy the file itself to its place."
        )
    try:
        content = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        task, version, hashes = content["task"], content["format"], content["sha256"]
        typed = isinstance(content["settings"], dict) and isinstance(content["record"], dict)
        if not (isinstance(task, str) and isinstance(hashes, dict) and set(hashes) == {WEIGHTS} and typed):
            raise TypeError("parts of another kind")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFolderError(
            f"{folder / SETTINGS} is not the settings of a model of ours; train the model again."
        ) from error
    if not isinstance(version, int) or isinstance(version, bool) or version not in READABLE:
        raise ModelFolderError(
            f"The model in {folder} has format {version}, this esmlearn reads {FORMAT}; train it again with this one."
        )
    try:
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, ValueError, MemoryError, RuntimeError) as error:
        raise ModelFolderError(
            f"{folder / WEIGHTS} can't be read; it was cut off or altered: copy the folder again."
        ) from error
    if sha256(folder / WEIGHTS) != hashes.get(WEIGHTS):
        raise ModelFolderError(
            f"{folder / WEIGHTS} was altered since the training: its hash differs from settings.json."
        )
    if metadata.get("settings_sha256") != _hash_settings(content):
        raise ModelFolderError(
            f"{folder / SETTINGS} was altered since the training: its hash differs from the weights' record."
        )
    return Content(folder, task, content["settings"], content["record"], tensors)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # in a notebook esmlearn may run without ESMValCore
    return found


def _hash_settings(content: Mapping[str, Any]) -> str:
    """Hash of the content of settings.json without the hashes in it."""
    kept = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _card(trained: Trained, content: Mapping[str, Any], hashes: Mapping[str, str]) -> str:
    """Write the card."""
    parameters = sum(weights.numel() for weights in trained.network.parameters())
    return render_card(trained.card, trained.settings, content["record"], parameters=parameters, sha256=hashes)
