"""The loop must learn, keep the best weights, and go on after a kill as if nothing had been."""

import copy
import itertools
import json
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.data import Dataset

from esmlearn.errors import DataError, ModelFolderError, SettingsError
from esmlearn.models.batches import Batchable
from esmlearn.training.loop import learning_rate_factor, train, update_average
from tests.small import small_settings


@dataclass(frozen=True)
class Point(Batchable):
    """A point of a plane to be learned."""

    x: Float[Tensor, "*batch 4"]
    y: Float[Tensor, "*batch 1"]


class Points(Dataset):
    """Endless points; point k is always the same."""

    def __len__(self) -> int:
        return 1000

    def __getitem__(self, index: int) -> Point:
        x = torch.randn(4, generator=torch.Generator().manual_seed(index))
        return Point(x, x.sum(dim=0, keepdim=True) + 1)


class Plane(nn.Module):
    """An offset that is set before the training and then frozen, and a network that is trained."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.offset = nn.Parameter(torch.zeros(1))
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Add the offset."""
        return self.layers(x) + self.offset


class PlaneObjective:
    """Squared error; validation on fixed points, or the scores that are given."""

    def __init__(self, scores=None):
        self.scores, self.averages = scores, []

    def ready(self, network, batches, _accelerator):
        """Add the mean of the first batch to the offset, and freeze it."""
        if batches:
            network.offset.data += next(iter(batches)).y.mean()
        network.offset.requires_grad_(requires_grad=False)

    def loss(self, network, batch):
        """Squared error."""
        return {"loss": (network(batch.x) - batch.y).square().mean()}

    def validate(self, network, _accelerator):
        """Give the next score, or the error on fixed points; keep a copy of the weights."""
        self.averages.append(copy.deepcopy(network.state_dict()))
        if self.scores is not None:
            return next(self.scores)
        points = Point.stack([Points()[900 + k] for k in range(50)])
        with torch.no_grad():
            return {"error": float((network.eval()(points.x) - points.y).square().mean().sqrt())}

    def finish(self, _network, _accelerator):
        """Leave the best weights as they are."""


def run(folder, objective=None, **training):
    """Train a plane; give where the training ended, and its weights."""
    network = Plane()
    state = train(network, Points(), Point.stack, objective or PlaneObjective(), small_settings(**training), folder)
    return state, network.state_dict()


class KilledError(Exception):
    """Stands for a kill in the midst of a training."""


def killed(objective, method: str, call: int) -> SimpleNamespace:
    """Make an objective that is killed when a method is called for the nth time."""
    calls = itertools.count(1)

    def dying(*args):
        if next(calls) == call:
            raise KilledError
        return getattr(objective, method)(*args)

    methods = {name: getattr(objective, name) for name in ("ready", "loss", "validate", "finish")}
    return SimpleNamespace(**methods | {method: dying})


def rows_of(folder) -> list[dict]:
    return [json.loads(row) for row in (folder / "train.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("method", "call"), [("loss", 2), ("loss", 5), ("validate", 2), ("finish", 1)])
def test_a_killed_training_ends_as_if_it_had_not_been_killed(tmp_path, method, call):
    _, whole = run(tmp_path / "whole")
    with pytest.raises(KilledError):
        run(tmp_path / "killed", killed(PlaneObjective(), method, call))
    state, resumed = run(tmp_path / "killed")
    assert state.step == 6
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=0, atol=0, msg=name)


def test_what_was_logged_after_the_checkpoint_is_dropped(tmp_path):
    """Killed in the validation of step 6, with a row of it in the log: there is one row of it in the end."""
    with pytest.raises(KilledError):
        run(tmp_path, killed(PlaneObjective(), "validate", 2))
    assert [row["step"] for row in rows_of(tmp_path)] == [1, 3, 3, 6]
    run(tmp_path)
    rows = rows_of(tmp_path)
    assert [row["step"] for row in rows if "loss" in row] == [1, 3, 4, 6]
    assert [row["step"] for row in rows if "validation" in row] == [3, 6]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    run(tmp_path)
    with pytest.raises(ModelFolderError, match="made with other settings"):
        run(tmp_path, learning_rate=0.5)


def test_a_training_resumes_from_another_run(tmp_path):
    _, whole = run(tmp_path / "first")
    _, again = run(tmp_path / "second", resume=str(tmp_path / "first"))
    for name, tensor in whole.items():
        torch.testing.assert_close(again[name], tensor, rtol=0, atol=0)
    assert json.loads((tmp_path / "second" / "progress.json").read_text())["step"] == 6
    with pytest.raises(ModelFolderError, match=r"no checkpoint\.pt"):
        run(tmp_path / "third", resume=str(tmp_path / "nowhere"))


def test_early_stop_keeps_the_best(tmp_path):
    scores = iter([{"error": error} for error in (0.5, 0.4, 0.6, 0.7)])
    state, _ = run(tmp_path, PlaneObjective(scores), steps=40, validate_every=2, patience=2)
    assert (state.best_step, state.step) == (4, 8)
    assert json.loads((tmp_path / "progress.json").read_text())["state"] == "stopped"


def test_best_weights_are_copies(tmp_path):
    """Train on after the best validation: the best weights must stay what they were then."""
    objective = PlaneObjective(iter([{"error": 1.0}, {"error": 2.0}]))
    state, best = run(tmp_path, objective)
    assert state.best_step == 3
    first, last = objective.averages
    assert not torch.equal(last["layers.0.weight"], first["layers.0.weight"])
    for name, tensor in first.items():
        assert torch.equal(best[name], tensor), name


def test_a_plateau_halves_the_learning_rate(tmp_path):
    scores = iter([{"error": error} for error in (1.0, 2.0, 3.0, 0.5)])
    options = {"schedule": "plateau", "warmup": 0.0, "learning_rate": 0.1, "patience": 9}
    run(tmp_path, PlaneObjective(scores), steps=8, validate_every=2, **options)
    rates = {row["step"]: row["lr"] for row in rows_of(tmp_path) if "lr" in row}
    assert [rates[step] for step in (2, 4, 6, 8)] == [0.1, 0.1, 0.05, 0.025]


def test_it_learns(tmp_path):
    state, _ = run(tmp_path, steps=100, batch_size=8, validate_every=50, learning_rate=0.02)
    assert state.best_validation["error"] < 1.0  # of values with a standard deviation of 2


def test_weights_that_are_frozen_stay_as_they_are(tmp_path):
    _, weights = run(tmp_path)
    assert weights["offset"].item() == pytest.approx(Point.stack([Points()[0], Points()[1]]).y.mean().item())


def test_a_validation_without_anything_to_validate_on_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"data\.split\.validation"):
        run(tmp_path, PlaneObjective(iter([{}])))


def test_divergence_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"diverged.*learning_rate"):
        run(tmp_path, learning_rate=1e30, clip=1e30)


def test_learning_rate_rises_then_falls():
    settings = small_settings(steps=100, warmup=0.1).training
    factors = [learning_rate_factor(step, settings) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == factors[10] == 1.0
    assert factors[-1] < 0.01
    assert all(a >= b for a, b in pairwise(factors[10:]))


def test_average_soon_forgets_the_start():
    live, averaged = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(live.weight, 1.0)
    nn.init.constant_(averaged.weight, 0.0)
    update_average(averaged, live, step=0, decay=0.999)
    assert averaged.weight.item() == pytest.approx(0.9)
