"""The factor and the power that make the spread of members that of the errors."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from esmlearn.fields.field import Field
from esmlearn.settings import EnsembleSettings, TrainFillSettings
from esmlearn.tasks.ensembles.calibration import Errors, calibrate, find_errors, fit_stretch
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.tasks.ensembles.sampling import Inputs, TrueStates, sample_members
from tests.made_fields import make_cube
from tests.small import small_settings
from tests.tasks.ensembles.test_denoising import Still

MEMBERS = 5
DAYS = np.arange(40)


def draw(factor: float, power: float, *, unit: np.ndarray) -> Errors:
    """Members of N(0, 1) beside a truth of N(0, a s^p)."""
    rng = np.random.default_rng(0)
    states = rng.standard_normal((MEMBERS, *unit.shape))
    clean = factor * unit**power * rng.standard_normal(unit.shape)
    return find_errors(states, clean, np.ones(unit.shape, bool), unit)


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.4])
@pytest.mark.parametrize("power", [-0.4, 0.0, 0.3])
def test_the_stretch_of_gaussians_comes_back(factor, power):
    """To within a few per cent, of few members: the part of the error that is that of their mean is not stretched."""
    unit = np.exp(np.random.default_rng(1).uniform(-3, 0.5, (200, 20, 20)))
    found = fit_stretch(draw(factor, power, unit=unit), MEMBERS)
    assert found == pytest.approx((factor, power), abs=0.03)


def test_all_pixels_together_have_the_spread_of_their_errors():
    """Whatever the power misses, the mean square in the units of the data is right."""
    unit = np.exp(np.random.default_rng(1).uniform(-3, 0.5, (200, 20, 20)))
    errors = draw(1.0, 0.0, unit=unit)
    errors = errors._replace(squares=errors.squares * np.where(errors.unit > 0.5, 0.5, 2.0))
    factor, power = fit_stretch(errors, MEMBERS)
    assert power < -0.2
    spread = (factor**2 * errors.unit ** (2 + 2 * power) * errors.variances).sum()
    spread += (errors.unit**2 * errors.variances).sum() / MEMBERS
    assert spread == pytest.approx((errors.unit**2 * errors.squares).sum())


def test_a_guess_that_is_equally_sure_everywhere_has_no_power():
    factor, power = fit_stretch(draw(1.3, 0.0, unit=np.full((200, 20, 20), 0.2)), MEMBERS)
    assert (factor, power) == pytest.approx((1.3, 0.0), abs=0.02)


def test_where_nothing_was_hidden_nothing_is_stretched():
    nothing = np.zeros((2, 3, 3), bool)
    assert fit_stretch(find_errors(np.ones((4, 2, 3, 3)), np.ones((2, 3, 3)), nothing, np.ones((2, 3, 3))), 4) == (1, 0)


@dataclass(frozen=True)
class NoiseTask:
    """Two variables of which nothing is known: members are what the network draws, in its own units."""

    field: Field
    unit: np.ndarray
    hidden: np.ndarray
    without: tuple[str, ...] = ()

    def inputs(self, times):
        """Give no condition."""
        nothing = torch.zeros(len(times), *self.field.values.shape[1:])
        return Inputs(nothing[:, :1], nothing, nothing.bool())

    def members(self, states, times):
        """States are members."""
        return states

    def true_states(self, truth, times):
        """States are values."""
        return TrueStates(truth.values[times], self.hidden[times], self.unit[times])


@pytest.fixture
def task() -> NoiseTask:
    cube = make_cube(np.zeros((len(DAYS), 24, 24)))
    field = Field.from_cube([cube, cube])
    return NoiseTask(field, np.ones(field.values.shape, np.float32), np.ones(field.values.shape, bool))


def untrained(task: NoiseTask, **sampler) -> TrainedEnsemble:
    """An ensemble that draws N(0, 1), about: a few steps of a sampler leave another deviation."""
    settings = TrainFillSettings(task="fill", data=small_settings().data, sampler={"sigma_max": 20.0, **sampler})
    return TrainedEnsemble(Still(), settings, task.field.land, {}, np.ones(2, np.float32), None)


def noise(task: NoiseTask, *deviations: float) -> Field:
    """A truth of noise, with a deviation for each variable."""
    values = np.random.default_rng(0).standard_normal(task.field.values.shape, dtype=np.float32)
    return replace(task.field, values=values * np.array(deviations, np.float32)[:, None, None])


@pytest.mark.parametrize("steps", [4, 20])
@pytest.mark.parametrize("deviation", [0.3, 1.0, 1.5])
def test_members_get_the_spread_of_the_errors_of_each_variable(task, deviation, steps):
    """Whatever spread the sampler of the training leaves: other members of it are as far apart as the truth is."""
    trained = untrained(task, steps=steps)
    truth = noise(task, deviation, 2 * deviation)
    (first, _), (second, _) = calibrate(trained, task, truth, DAYS, seed=0)
    stretched = replace(trained, amplitudes=np.array([first, second], np.float32))
    draws = EnsembleSettings(members=4, sampler=trained.settings.sampler, seed=1)
    found = sample_members(stretched, task, draws, times=DAYS[::4]).std(axis=(0, 1, 3, 4))
    assert found == pytest.approx([deviation, 2 * deviation], rel=0.04)


def test_only_hidden_pixels_where_it_counts_tell_the_spread(task):
    """All others are far off, of what was observed and of where it does not count."""
    trained, truth = untrained(task, steps=20), noise(task, 2.0, 2.0)
    hidden = np.random.default_rng(1).random(truth.values.shape) < 0.5
    where = np.zeros(task.field.land.shape, bool)
    where[:, 6:] = True
    wrong = replace(truth, values=np.where(hidden & where, truth.values, np.float32(50.0)))
    found = calibrate(trained, replace(task, hidden=hidden), wrong, DAYS, seed=0, where=where)
    expected = calibrate(trained, task, truth, DAYS, seed=0)
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_the_spread_is_measured_at_the_times_that_are_asked_for(task):
    trained, truth = untrained(task, steps=4), noise(task, 2.0, 2.0)
    some = DAYS[5::7]
    wrong = replace(truth, values=truth.values + np.float32(50.0) * ~np.isin(DAYS, some)[:, None, None, None])
    assert calibrate(trained, task, wrong, some, seed=0) == calibrate(trained, task, truth, some, seed=0)


@pytest.mark.parametrize("with_power", [False, True])
def test_large_deviations_count_by_their_size(task, with_power):
    """Where the first guess is sure, states may be ten times too narrow: that is little in the units of the data.

    So a factor alone is that of where it is unsure. With a power, both are right where they are used together.
    """
    trained = untrained(task, steps=20)
    sure = np.zeros(task.hidden.shape, bool)
    sure[:, :, :12] = True
    varied = replace(task, unit=np.where(sure, np.float32(0.003), np.float32(0.3)))
    truth = noise(task, 2.0, 1.0)
    wide = replace(truth, values=np.where(sure, 10 * truth.values, truth.values))
    (alone, _), _ = calibrate(trained, task, truth, DAYS, seed=0)
    (factor, power), _ = calibrate(trained, varied, wide, DAYS, seed=0, with_power=with_power)
    assert power == pytest.approx(-0.5 if with_power else 0.0, abs=0.03)
    assert factor * 0.3**power == pytest.approx(alone, rel=0.03)
