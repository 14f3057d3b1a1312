"""The way of members from noise, step by step, and how wrong its estimates are."""

import numpy as np
import pytest

from esmlearn.tasks.densify.apply import prepare
from esmlearn.tasks.densify.train import fit
from esmlearn.tasks.ensembles.figures import errors_of_steps, plot_sampling, watch_estimates
from esmlearn.tasks.ensembles.sampling import sample_members
from tests.tasks.densify.test_densify import DRAW, densify_settings, make_levels, sparse


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    levels, surface = make_levels()
    trained = fit(levels, surface, densify_settings(), tmp_path_factory.mktemp("levels"))
    field = sparse(levels)[slice(140, 144)]
    return trained, prepare(trained, field, surface, DRAW), levels[slice(140, 144)]


def test_the_last_estimate_is_the_member(prepared):
    """At the last step no noise is left to come: the clean estimate is what is drawn, in the units of the field."""
    trained, task, _ = prepared
    times = np.array([1, 3])
    estimates = watch_estimates(trained, task, DRAW, times)
    assert estimates.shape == (4, 4, 2, 2, 12, 16)
    members = sample_members(trained, task, DRAW)
    np.testing.assert_allclose(estimates[-1], members[:, times], atol=1e-4)
    assert np.nanmax(np.abs(estimates[0] - estimates[-1])) > 1e-3


def test_errors_are_those_of_a_member_and_of_the_mean(prepared):
    """Members at +3 and -1: their root mean square is 5**0.5, and their mean is 1 too warm."""
    _, task, truth = prepared
    times = np.array([0, 2])
    right = truth.values[times, -1]
    members = np.stack([right + np.float32(3), right - np.float32(1)])
    perfect = np.stack([right, right])
    found = errors_of_steps(np.stack([members, perfect]), right, task.field, times)
    assert list(found) == ["one member", "mean of 2 members"]
    assert found["one member"] == pytest.approx([5**0.5, 0.0], abs=1e-5)
    assert found["mean of 2 members"] == pytest.approx([1.0, 0.0], abs=1e-5)


def test_without_a_truth_there_is_no_error_to_draw(prepared):
    trained, task, truth = prepared
    names = [drawing.name for drawing in plot_sampling(trained, task, DRAW, truth, dataset="Floats")]
    assert names == ["diffusion_schedules", "diffusion_estimates", "diffusion_error"]
    drawings = list(plot_sampling(trained, task, DRAW, None, dataset="Floats"))
    assert [drawing.name for drawing in drawings] == names[:2]
    assert "Floats at 50 m" in drawings[1].caption
