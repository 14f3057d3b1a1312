"""What maps show, read back from their axes."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from esmlearn import plots
from esmlearn.errors import DataError
from tests.plots.drawing import drawn

LAND_COLOUR = 1  # the first mesh of a map is its land


@pytest.fixture
def grid():
    land = np.zeros((6, 8), bool)
    land[:2, :3] = True
    return plots.Grid(np.linspace(30, 35, 6), np.linspace(140, 147, 8), land)


def panels(grid, *, truth=True):
    rng = np.random.default_rng(0)
    shape = grid.land.shape
    made = []
    for day in range(2):
        right = (15 + 5 * day + rng.standard_normal(shape)).astype(np.float32)
        estimate = right + 0.5
        observed = np.where(rng.random(shape) < 0.5, right, np.nan)
        made.append(plots.Panel(f"{day + 1} Jan 2004", observed, estimate, right if truth else None))
    return made


def mesh_of(axis):
    """What a map shows beside its land."""
    (mesh,) = [item for item in axis.collections if isinstance(item, QuadMesh)][LAND_COLOUR:]
    return mesh


def values_of(axis, grid):
    return np.ma.filled(mesh_of(axis).get_array(), np.nan).reshape(grid.land.shape)


def maps_of(figure):
    """Give the maps of a figure by their titles; those of errors count on."""
    return {axis.get_title(): axis for axis in figure.axes if axis.get_title()}


def test_maps_share_their_scales_and_the_error_is_the_difference(grid):
    rows = panels(grid)
    figure = drawn(plots.maps(rows, grid, quantity="Temperature", units="degC", method="SpatioTemporalModel"))
    axes = np.array(figure.axes[:8]).reshape(2, 4)
    assert [axis.get_title() for axis in axes[0]] == ["Observed", "Truth", "SpatioTemporalModel", "Error"]
    assert len({mesh_of(axis).get_clim() for axis in axes[:, :3].flat}) == 1
    low, high = mesh_of(axes[0, 3]).get_clim()
    assert low == -high
    assert mesh_of(axes[1, 3]).get_clim() == (low, high)
    for axis, panel in zip(axes[:, 3], rows, strict=True):
        shown = values_of(axis, grid)
        np.testing.assert_allclose(shown[~grid.land], (panel.reconstruction - panel.truth)[~grid.land])
        assert np.isnan(shown[grid.land]).all()
    assert figure.axes[8].get_xlabel() == "Temperature (°C)"
    assert any("1 Jan 2004" in text.get_text() for text in axes[0, 0].texts)


def test_maps_without_truth_have_two_columns(grid):
    figure = drawn(plots.maps(panels(grid, truth=False), grid, quantity="T", units="K", method="dineof"))
    assert list(maps_of(figure)) == ["Observed", "DINEOF"]


@pytest.mark.parametrize("lon", [np.linspace(176, 183, 8), np.array([176.0, 177, 178, 179, -180, -179, -178, -177])])
def test_maps_cross_the_date_line_in_one_piece(grid, lon):
    grid = plots.Grid(grid.lat, lon, grid.land)
    figure = drawn(plots.maps(panels(grid), grid, quantity="T", units="K", method="m"))
    west, east, *_ = figure.axes[0].get_extent()
    assert east - west == pytest.approx(8)
    labels = [label.get_text() for label in figure.axes[4].get_xticklabels()]
    assert any("E" in label for label in labels)
    assert any("W" in label for label in labels)


def test_a_day_that_nobody_observed_is_drawn(grid):
    shape = grid.land.shape
    panel = plots.Panel("1 Jan", np.full(shape, np.nan), np.ones(shape), np.ones(shape))
    drawn(plots.maps_monthly([panel], grid, quantity="T", units="K", method="m"))


def test_nothing_to_draw_is_said(grid):
    nothing = np.full(grid.land.shape, np.nan)
    with pytest.raises(DataError, match="choose other dates"):
        plots.maps([plots.Panel("1 Jan", nothing, nothing)], grid, quantity="T", units="K", method="m")


@pytest.mark.parametrize("number", [1, 2, 5, 8])
def test_all_methods_show_the_same_day_on_common_scales(grid, number):
    """Each method has its field and its error, the error of method i being i everywhere."""
    truth = np.random.default_rng(0).normal(15, 1, grid.land.shape)
    observed = np.where(np.arange(8) % 2, truth, np.nan)
    roles = ["model", *["baseline"] * (number - 1)]
    methods = [plots.MethodMap(f"Net{i}", role, truth + i, float(i)) for i, role in enumerate(roles, 1)]
    figure = drawn(plots.maps_methods(observed, truth, methods, grid, label="1 Jan", quantity="T", units="degC"))
    shown = maps_of(figure)
    errors = [shown[f"Error, RMSE {i}.00 °C"] for i in range(1, number + 1)]
    fields = [shown[title] for title in ("Observed", "Truth", *(method.method for method in methods))]
    assert len({mesh_of(axis).get_clim() for axis in fields}) == 1
    assert len({mesh_of(axis).get_clim() for axis in errors}) == 1
    for i, axis in enumerate(errors, 1):
        np.testing.assert_allclose(values_of(axis, grid)[~grid.land], i)
    np.testing.assert_allclose(values_of(shown["Truth"], grid)[~grid.land], truth[~grid.land])
    # The scale of errors fits the first row of methods, and not the worst of all.
    assert mesh_of(errors[0]).get_clim()[1] == pytest.approx(min(number, 4))
    assert shown["Net1"].title.get_fontweight() == "bold"


def test_bias_maps_share_a_scale_that_is_white_at_zero(grid):
    bias = np.where(np.arange(8) < 7, 0.3, np.nan) * np.ones((6, 1))
    methods = [plots.MethodMap("Net", "model", bias), plots.MethodMap("dineof", "baseline", -2 * bias)]
    figure = drawn(plots.maps_bias(methods, grid, units="degC"))
    shown = maps_of(figure)
    assert list(shown) == ["Net", "DINEOF"]
    (low, high), other = (mesh_of(axis).get_clim() for axis in shown.values())
    assert (low, high) == other == pytest.approx((-0.6, 0.6))
    assert np.isnan(values_of(shown["Net"], grid)[:, 7]).all()
