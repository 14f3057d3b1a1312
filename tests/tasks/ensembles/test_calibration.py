"""The factor and the power that make the spread of members that of the errors."""

import numpy as np
import pytest

from esmlearn.tasks.ensembles.calibration import Errors, find_errors, fit_stretch

MEMBERS = 5


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
