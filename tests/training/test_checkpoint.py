"""A checkpoint that is not whole, or not ours, is refused in a sentence; a kill between two stages is resumed."""

import hashlib
import json
import pickle

import pytest
import torch

from esmlearn.errors import ModelFolderError, SettingsError
from esmlearn.training.checkpoint import CHECKPOINT, REGRESSION, State, find_checkpoint
from esmlearn.training.checkpoint import restore_checkpoint as restore
from esmlearn.training.checkpoint import save_checkpoint as save
from esmlearn.training.log import RunLog
from esmlearn.training.loop import refuse_several_processes
from tests.small import small_settings


class Malicious:
    """Its pickle runs a function when it is read."""

    def __reduce__(self):
        return exec, ("raise SystemExit",)


def hashed(content: bytes) -> bytes:
    """Content with a right hash behind it, as who forges a checkpoint can make it."""
    return content + hashlib.sha256(content).digest()


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / CHECKPOINT
    network = torch.nn.Linear(8, 8)
    save(path, small_settings(), State(step=3), {"network": network}, dict(network.state_dict()))
    return path


def test_a_whole_checkpoint_comes_back(checkpoint):
    network = torch.nn.Linear(8, 8)
    state, best = restore(checkpoint, small_settings(), {"network": network})
    assert state == State(step=3)
    assert torch.equal(best["weight"], network.weight)


def test_every_flipped_bit_is_refused(checkpoint):
    whole = checkpoint.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        altered = bytearray(whole)
        altered[place] ^= 4
        checkpoint.write_bytes(altered)
        with pytest.raises(ModelFolderError, match="cut off or altered"):
            restore(checkpoint, small_settings(), {"network": torch.nn.Linear(8, 8)})


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda whole: whole[:20],
        lambda whole: whole[: len(whole) // 2],
        lambda _: pickle.dumps(Malicious()),
        lambda _: hashed(b""),
        lambda _: hashed(b"no checkpoint"),
        lambda _: hashed(pickle.dumps(Malicious())),
        lambda _: hashed(pickle.dumps([1, 2])),
    ],
)
def test_cut_foreign_and_malicious_ones_are_refused(checkpoint, change):
    checkpoint.write_bytes(change(checkpoint.read_bytes()))
    with pytest.raises(ModelFolderError, match=r"checkpoint\.pt .* remove it to start anew"):
        restore(checkpoint, small_settings(), {"network": torch.nn.Linear(8, 8)})


def test_one_of_another_network_is_refused(checkpoint):
    with pytest.raises(ModelFolderError, match="not that of this training"):
        restore(checkpoint, small_settings(), {"network": torch.nn.Linear(8, 9)})


@pytest.mark.parametrize(
    ("there", "of_regression", "of_denoiser"),
    [
        ([f"{REGRESSION}/{CHECKPOINT}"], f"{REGRESSION}/{CHECKPOINT}", None),
        ([CHECKPOINT], None, CHECKPOINT),
        ([f"{REGRESSION}/{CHECKPOINT}", CHECKPOINT], f"{REGRESSION}/{CHECKPOINT}", CHECKPOINT),
        ([f"run/train/{REGRESSION}/{CHECKPOINT}"], f"run/train/{REGRESSION}/{CHECKPOINT}", None),
    ],
)
def test_each_stage_resumes_from_its_own_checkpoint(tmp_path, there, of_regression, of_denoiser):
    """Of a run that was killed between regression and denoiser, the denoiser begins anew."""
    old, new = tmp_path / "old", tmp_path / "new"
    for name in there:
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).touch()
    for stage, name in ((REGRESSION, of_regression), ("", of_denoiser)):
        assert find_checkpoint(new / stage, str(old), stage) == (old / name if name else None)


@pytest.mark.parametrize("cut", ['{"step": 2, "lo', "[1]", "null", '{"loss": 1}', "\N{REPLACEMENT CHARACTER}"])
def test_a_half_line_in_the_log_does_not_stop_a_resume(tmp_path, cut):
    (tmp_path / "train.jsonl").write_text(f'{{"step": 1}}\n{cut}')
    RunLog(tmp_path, small_settings(), State(step=5), main=True)
    assert (tmp_path / "train.jsonl").read_text() == '{"step": 1}\n'


@pytest.mark.parametrize(("error", "word"), [(KeyboardInterrupt, "stopped"), (ValueError, "failed")])
def test_the_status_says_that_a_training_was_stopped(tmp_path, error, word):
    with pytest.raises(error), RunLog(tmp_path, small_settings(), State(step=5), main=True):
        raise error
    assert json.loads((tmp_path / "progress.json").read_text())["state"] == word


@pytest.mark.parametrize("name", ["WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
def test_several_processes_are_refused(name):
    with pytest.raises(SettingsError, match=f"2 were started .{name} is set"):
        refuse_several_processes({name: "2"})
    refuse_several_processes({name: "1"})
