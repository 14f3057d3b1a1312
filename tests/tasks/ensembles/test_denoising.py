"""What a denoiser learns from."""

import pytest
import torch
from accelerate import Accelerator

from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import DiffusionSettings
from esmlearn.tasks.ensembles.denoising import DenoisingBatch, DenoisingObjective


class Still(torch.nn.Module):
    """An untrained network: it says zero, as the ideal denoiser of N(0, 1) does, whose draws members then are."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x, _noise_level, _condition):
        """Say nothing."""
        return self.weight * x


class Batch(DenoisingBatch):
    """A batch that is at once what a validation keeps."""

    def to(self, _device):
        """Stay where it is."""
        return self


def as_it_is(batch, *, drop_coordinates=0.0):
    """Samples that are a batch already."""
    return batch


def make_batch(*, hidden: float = 1.0) -> Batch:
    torch.manual_seed(0)
    shape = (16, 2, 24, 24)
    clean = torch.randn(shape) * torch.tensor([1.0, 2.0])[:, None, None]
    where = torch.rand(shape) < hidden
    return Batch(clean, where, torch.ones(16, 1, 24, 24), Condition(torch.zeros(16, 1, 24, 24)))


def test_a_batch_with_nothing_hidden_has_no_loss():
    objective = DenoisingObjective(DiffusionSettings(), as_it_is, [], 0)
    assert objective.loss(Still(), make_batch(hidden=0.0)) == {}
    assert objective.loss(Still(), make_batch())["loss"].isfinite()


def test_only_hidden_pixels_are_learned_from():
    objective = DenoisingObjective(DiffusionSettings(), as_it_is, [], 0)
    batch = make_batch(hidden=0.5)
    losses = []
    for elsewhere in (0.0, 50.0):
        torch.manual_seed(1)
        other = batch._replace(clean=torch.where(batch.where, batch.clean, elsewhere))
        losses.append(objective.loss(Still(), other)["loss"].item())
    assert losses[0] == losses[1]


def test_validation_is_the_same_each_time():
    objective = DenoisingObjective(DiffusionSettings(), as_it_is, [make_batch()], 0)
    first, again = (objective.validate(Still(), Accelerator()) for _ in range(2))
    assert first == again
    assert first["denoising"] > 0
    assert DenoisingObjective(DiffusionSettings(), as_it_is, [], 0).validate(Still(), Accelerator()) == {}


def test_a_share_of_the_samples_has_no_place_or_date():
    """Of these, half have neither, a quarter no place, and a quarter no date."""
    torch.manual_seed(0)
    n = 20_000
    whole = Condition(torch.zeros(n, 1, 1, 1), torch.ones(n, 2), torch.ones(n), torch.ones(n))
    some = whole.drop_coordinates(0.4)
    no_place, no_date = some.place.isnan(), some.year_fraction.isnan()
    assert torch.equal(no_place[:, 0], no_place[:, 1])
    assert torch.equal(no_date, some.hour.isnan())
    lost = torch.stack([no_place[:, 0] & no_date, no_place[:, 0] & ~no_date, ~no_place[:, 0] & no_date])
    assert lost.float().mean(dim=1).tolist() == pytest.approx([0.2, 0.1, 0.1], abs=0.01)
    assert whole.drop_coordinates(0.0) is whole
    assert Condition(whole.maps).drop_coordinates(0.9).place is None


def test_only_the_training_drops_place_and_date_of_samples():
    shares = []

    def watch(batch, *, drop_coordinates=0.0):
        shares.append(drop_coordinates)
        return batch

    objective = DenoisingObjective(DiffusionSettings(), watch, [make_batch()], 0, drop_coordinates=0.3)
    objective.loss(Still(), make_batch())
    objective.validate(Still(), Accelerator())
    assert shares == [0.3, 0.0]
