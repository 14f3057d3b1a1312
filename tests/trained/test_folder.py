"""A model folder must come back whole, or be refused in one sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from esmlearn.errors import ModelFolderError
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
    with pytest.raises(ModelFolderError, match="lacks parts"):
        load_model(tmp_path / "model")
