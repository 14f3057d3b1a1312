"""What figures of the diffusion show, read back from their axes."""

import numpy as np
import pytest

from esmlearn import plots
from esmlearn.diffusion import betas, discrete_levels
from esmlearn.plots.diffusion import error_on_the_way, estimates_on_the_way, schedules
from esmlearn.settings import DiffusionSettings
from tests.plots.drawing import drawn


def test_schedules_show_the_amplitudes_and_beta_tilde():
    names = ("linear", "sigmoid", "cosine", "karras", "flow")
    figure = drawn(schedules({name: DiffusionSettings(schedule=name) for name in names}))
    signal, noise, variance, ratio = figure.axes
    levels = discrete_levels("linear", 1000)
    alpha_bar = (levels.signal**2).numpy()
    np.testing.assert_allclose(signal.lines[0].get_ydata(), levels.signal, rtol=1e-6)
    np.testing.assert_allclose(noise.lines[0].get_ydata(), levels.noise, rtol=1e-6)
    tilde = (1 - alpha_bar[:-1]) / (1 - alpha_bar[1:]) * betas("linear", 1000).numpy()[1:]
    np.testing.assert_allclose(variance.lines[0].get_ydata(), tilde, rtol=1e-4)
    np.testing.assert_allclose(ratio.lines[0].get_ydata(), np.log10(alpha_bar / (1 - alpha_bar)), atol=1e-6)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(names)


def test_estimates_share_the_scale_of_the_last_and_the_truth():
    grid = plots.Grid(np.linspace(30, 35, 6), np.linspace(140, 147, 8), np.zeros((6, 8), bool))
    truth = np.linspace(10, 20, 48, dtype=np.float32).reshape(6, 8)
    rows = [("Step 1", truth * 100), ("Step 20", truth + 1)]
    figure = drawn(estimates_on_the_way(rows, grid, quantity="Temperature", units="degC", truth=truth))
    maps = figure.axes[:3]
    assert [axis.get_title() for axis in maps] == ["Step 1", "Step 20", "Truth"]
    limits = {axis.collections[1].get_clim() for axis in maps}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == pytest.approx(10, abs=0.5)
    assert high == pytest.approx(21, abs=0.5)


def test_the_lowest_error_is_marked():
    errors = {"One member": np.array([2.0, 0.8, 1.0]), "Mean of the members": np.array([2.0, 0.9, 0.7])}
    axis, below = drawn(error_on_the_way(errors, np.array([80.0, 1.0, 0.01]), units="degC")).axes
    marks = [tuple(map(float, line.get_xydata()[0])) for line in axis.lines if len(line.get_xdata()) == 1]
    assert marks == [(2, 0.8), (3, 0.7)]
    assert below.lines[0].get_ydata().tolist() == [80.0, 1.0, 0.01]
