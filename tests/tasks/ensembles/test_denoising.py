"""What a denoiser learns from, and how far its members are to lie apart."""

import pytest
import torch
from accelerate import Accelerator

from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import DiffusionSettings
from esmlearn.tasks.ensembles.denoising import DenoisingObjective, Lesson, find_amplitudes


class Still(torch.nn.Module):
    """An untrained network: it says zero, so that members are draws of the prior, N(0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x, _number, _condition):
        """Say nothing."""
        return self.weight * x


def lesson(std: float, *, hidden: float = 1.0) -> Lesson:
    torch.manual_seed(0)
    shape = (16, 2, 24, 24)
    clean = std * torch.randn(shape) * torch.tensor([1.0, 2.0])[:, None, None]
    where = torch.rand(shape) < hidden
    return Lesson(clean, where, torch.ones(16, 1, 24, 24), Condition(torch.zeros(16, 1, 24, 24)), torch.ones(shape))


def test_large_deviations_count_by_their_size():
    """Where the guess is sure, states may be ten times too wide: that is little in the units of the data."""
    told = lesson(1.0)
    sure = torch.zeros_like(told.where)
    sure[:8] = True
    told = told._replace(
        clean=torch.where(sure, 10 * told.clean, told.clean), unit=torch.where(sure, torch.tensor(0.01), told.unit)
    )
    found = find_amplitudes(Still(), [told], DiffusionSettings(), seed=0)
    assert (1.12 * found).tolist() == pytest.approx([1, 2], rel=0.06)


@pytest.mark.parametrize("std", [0.3, 1.0, 1.5])
def test_members_are_stretched_to_the_errors_of_each_level(std):
    """Members of N(0, 1) beside a truth of N(0, s): right with the factor s, but that ten steps draw N(0, 1.12)."""
    found = find_amplitudes(Still(), [lesson(std)], DiffusionSettings(), seed=0)
    assert (1.12 * found).tolist() == pytest.approx([std, 2 * std], rel=0.05)


def test_only_hidden_pixels_tell_the_spread():
    seen = lesson(1.0, hidden=0.5)
    seen = seen._replace(clean=torch.where(seen.where, seen.clean, 50.0))
    found = find_amplitudes(Still(), [seen], DiffusionSettings(), seed=0)
    assert (1.12 * found).tolist() == pytest.approx([1, 2], rel=0.05)


def test_a_batch_with_nothing_hidden_has_no_loss():
    objective = DenoisingObjective(DiffusionSettings(), lambda batch, untold=0.0: batch, [], 0)
    nothing = lesson(1.0, hidden=0.0)
    assert objective.loss(Still(), nothing) == {}
    assert objective.loss(Still(), lesson(1.0))["loss"].isfinite()


def test_validation_is_the_same_each_time():
    class Batch(Lesson):
        def to(self, _device):
            return self

    objective = DenoisingObjective(DiffusionSettings(), lambda batch, untold=0.0: batch, [Batch(*lesson(1.0))], 0)
    first, again = (objective.validate(Still(), Accelerator()) for _ in range(2))
    assert first == again
    assert (
        DenoisingObjective(DiffusionSettings(), lambda b, untold=0.0: b, [], 0).validate(Still(), Accelerator()) == {}
    )


def test_a_share_of_the_samples_is_not_told_place_or_date():
    """Of these, half are told neither, a quarter no place, and a quarter no date."""
    torch.manual_seed(0)
    n = 20_000
    told = Condition(torch.zeros(n, 1, 1, 1), torch.ones(n, 2), torch.ones(n), torch.ones(n))
    some = told.drop_coordinates(0.4)
    no_place, no_date = some.place.isnan(), some.year_fraction.isnan()
    assert torch.equal(no_place[:, 0], no_place[:, 1])
    assert torch.equal(no_date, some.hour.isnan())
    lost = torch.stack([no_place[:, 0] & no_date, no_place[:, 0] & ~no_date, ~no_place[:, 0] & no_date])
    assert lost.float().mean(dim=1).tolist() == pytest.approx([0.2, 0.1, 0.1], abs=0.01)
    assert told.drop_coordinates(0.0) is told
    assert Condition(told.maps).drop_coordinates(0.9).place is None


def test_only_the_training_keeps_place_and_date_from_samples():
    asked = []

    def teach(batch, untold=0.0):
        asked.append(untold)
        return batch

    class Batch(Lesson):
        def to(self, _device):
            return self

    objective = DenoisingObjective(DiffusionSettings(), teach, [Batch(*lesson(1.0))], 0, untold=0.3)
    objective.loss(Still(), lesson(1.0))
    objective.validate(Still(), Accelerator())
    assert asked == [0.3, 0.0]
