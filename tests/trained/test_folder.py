"""A model folder must come back whole, or be refused in one sentence."""

import copy
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from esmlearn.errors import ModelFolderError
from esmlearn.files import sha256
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.tasks import load_model
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.train import fit
from esmlearn.trained.folder import CARD, SETTINGS, WEIGHTS, write_folder
from tests.small import small_ocean, small_settings


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return fit(*small_ocean(), small_settings(), tmp_path_factory.mktemp("run"))


@pytest.fixture
def folder(trained, tmp_path):
    write_folder(tmp_path / "model", trained)
    return tmp_path / "model"


def test_what_is_saved_comes_back(trained, folder):
    loaded = load_model(folder)
    for name, tensor in trained.network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], tensor)
    assert loaded.settings == trained.settings
    np.testing.assert_array_equal(loaded.climatology.coefficients, trained.climatology.coefficients)
    np.testing.assert_array_equal(loaded.scaling.log_std, trained.scaling.log_std)
    np.testing.assert_array_equal(loaded.land, trained.land)
    assert loaded.record["training"]["steps"] == 6


def test_the_card_says_what_a_user_must_know(folder):
    card = (folder / CARD).read_text()
    for words in ("Cloudy", "2001/2001", "2002-06-01/2002-12-31", "Seed 0", "sha256", "torch", "first guess"):
        assert words in card


@pytest.mark.parametrize("name", [WEIGHTS, SETTINGS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelFolderError, match=name):
        load_model(folder)


def test_altered_weights_are_refused(folder):
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-3] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(ModelFolderError, match="altered"):
        load_model(folder)


def test_cut_off_weights_are_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelFolderError, match="cut off or altered"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": "fill"}, "altered"),
        ({"format": 2}, "has format 2, this esmlearn reads 4; train it again with this one"),
        ({"format": 99}, "format 99"),
        ({"record": {}}, "altered"),
    ],
)
def test_other_settings_are_refused(folder, change, words):
    content = json.loads((folder / SETTINGS).read_text())
    (folder / SETTINGS).write_text(json.dumps({**content, **change}))
    with pytest.raises(ModelFolderError, match=words):
        load_model(folder)


def test_a_model_of_an_unknown_task_is_refused(trained, tmp_path):
    class Nowcaster(TrainedTransformer):
        task = "nowcasting"

    write_folder(tmp_path / "model", Nowcaster(**vars(trained)))
    with pytest.raises(ModelFolderError, match="for the task 'nowcasting', not 'reconstruct' or 'fill' or 'densify'"):
        load_model(tmp_path / "model")


def test_weights_of_another_network_are_refused(trained, tmp_path):
    other = SpatioTemporalModel(trained.settings.model.model_copy(update={"hidden": 16}))
    write_folder(tmp_path / "model", replace(trained, network=other))
    with pytest.raises(ModelFolderError, match="do not fit"):
        load_model(tmp_path / "model")


def test_settings_that_are_none_are_refused(folder):
    (folder / SETTINGS).write_text("{")
    with pytest.raises(ModelFolderError, match="not the settings of a model"):
        load_model(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": None},
        {"sha256": []},
        {"sha256": {WEIGHTS: None}},
        {"settings": None},
        {"record": []},
        {"task": None},
        {"task": ["fill"]},
        {"format": None},
        {"format": [4]},
        {"format": {}},
    ],
)
def test_parts_of_another_kind_are_refused(folder, change):
    content = json.loads((folder / SETTINGS).read_text())
    (folder / SETTINGS).write_text(json.dumps({**content, **change}))
    with pytest.raises(ModelFolderError):
        load_model(folder)


@pytest.mark.parametrize("key", ["sha256", "settings", "record", "task", "format"])
def test_a_missing_key_is_refused(folder, key):
    content = json.loads((folder / SETTINGS).read_text())
    del content[key]
    (folder / SETTINGS).write_text(json.dumps(content))
    with pytest.raises(ModelFolderError):
        load_model(folder)


@pytest.mark.parametrize(
    "weights", [b"", b"\xff" * 8, (2**62).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"[]"]
)
def test_foreign_weights_and_huge_sizes_are_refused(folder, weights):
    (folder / WEIGHTS).write_bytes(weights)
    with pytest.raises(ModelFolderError):
        load_model(folder)


def test_a_folder_with_right_hashes_that_lacks_arrays_is_refused(trained, tmp_path):
    """As one that was made by hand, or by a faulty version."""

    class Lacking(TrainedTransformer):
        def arrays(self):
            return {}

    write_folder(tmp_path / "model", Lacking(**vars(trained)))
    with pytest.raises(ModelFolderError, match="has no array"):
        load_model(tmp_path / "model")


LAND = (12, 16)


def nested(content, path, value):
    """Change one entry, or leave it out where the value is `...`."""
    *keys, last = path.split("/")
    for key in keys:
        content = content[key]
    if value is ...:
        del content[last]
    else:
        content[last] = value


ODD_ARRAYS = {
    "land": [None, np.zeros(LAND), np.zeros((16, 12), bool), np.zeros(12, bool), np.zeros((0, 16), bool)],
    "climatology.0.coefficients": [
        None, np.zeros((5, 16, 12), np.float32), np.zeros((5, *LAND), int), np.zeros((4, *LAND), np.float32),
        np.full((5, *LAND), np.nan, np.float32), np.zeros(LAND, np.float32), np.zeros((0, *LAND), np.float32),
    ],
    "climatology.0.lat": [None, np.zeros(16, np.float32), np.zeros((12, 1), np.float32), np.zeros(12, bool)],
    "climatology.0.lon": [None, np.zeros(12, np.float32), np.full(16, np.inf, np.float32)],
    "climatology.0.error": [np.zeros((11, *LAND), np.float32), np.zeros(12, np.float32)],
    "climatology.0.trend": [np.zeros(3, np.float32), np.zeros((), np.float32)],
    "scaling.0.log_std": [
        None, np.zeros(2), np.zeros(0), np.zeros((1, 1)), np.array([np.nan]), np.zeros(1, int),
    ],
}  # fmt: skip
ODD_SETTINGS = {
    "settings/model/hidden": [..., -1, None, 10**9, 16, 1e400],
    "settings/model/window": [[8], [], None, [0, 0]],
    "settings/model/unet": [..., [], [10**7, 10**7], "../../weights"],
    "settings/data": [..., None, [], {}],
    "settings/data/split": [..., "../..", {"train": "2001-13-45"}],
    "settings/unknown": [1],
    "task": ["../../elsewhere", "", "fill", "densify", "downscale"],
    "format": [True, -1, 4.5, "4"],
    "sha256": [None, {}, {"../model.safetensors": "0"}, {WEIGHTS: None}, {WEIGHTS: 7}],
}
ODD = [(name, array) for name, arrays in ODD_ARRAYS.items() for array in arrays]
ODD += [(path, value) for path, values in ODD_SETTINGS.items() for value in values]


@pytest.mark.parametrize(("where", "what"), ODD)
def test_odd_and_forged_folders_are_refused(trained, tmp_path, where, what):
    """Those who forge a folder make its hashes right: each part must fit all others."""
    arrays = trained.arrays()
    if where in ODD_ARRAYS:
        arrays = {name: array for name, array in (arrays | {where: what}).items() if array is not None}

    class Forged(TrainedTransformer):
        def arrays(self):
            return arrays

    made = tmp_path / "model"
    write_folder(made, Forged(**vars(trained)))
    if where not in ODD_ARRAYS:
        forge(made, where, what)
    with pytest.raises(ModelFolderError):
        load_model(made)


def forge(folder, path, value):
    """Change settings.json, and make all hashes right again."""
    content = json.loads((folder / SETTINGS).read_text())
    nested(content, path, value)
    weights = load_file(folder / WEIGHTS)
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        metadata = file.metadata()
    kept = {key: part for key, part in content.items() if key != "sha256"}
    metadata["settings_sha256"] = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    save_file(weights, folder / WEIGHTS, metadata=metadata)
    if path != "sha256":
        content["sha256"] = {WEIGHTS: sha256(folder / WEIGHTS)}
    (folder / SETTINGS).write_text(json.dumps(content))


@pytest.mark.parametrize("weights", [torch.zeros(3), torch.full((8,), torch.nan), None])
def test_weights_that_do_not_fit_or_are_not_finite_are_refused(trained, tmp_path, weights):
    other = copy.deepcopy(trained.network)
    state = other.state_dict()
    name = next(iter(state))
    state[name] = torch.full_like(state[name], torch.nan) if weights is not None and len(weights) == 8 else weights

    other.state_dict = lambda: {key: part for key, part in state.items() if part is not None}
    write_folder(tmp_path / "model", replace(trained, network=other))
    with pytest.raises(ModelFolderError, match="do not fit"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("name", [WEIGHTS, SETTINGS])
@pytest.mark.parametrize("target", ["outside", "above", "nowhere", "itself"])
def test_links_that_lead_out_of_the_folder_are_refused(folder, name, target):
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (folder / name).rename(elsewhere / name)
    to = {"outside": elsewhere / name, "above": f"../elsewhere/{name}", "nowhere": "gone", "itself": name}[target]
    (folder / name).symlink_to(to)
    with pytest.raises(ModelFolderError):
        load_model(folder)


def test_there_are_as_many_odd_folders_as_the_docs_say():
    assert len(ODD) == 65
