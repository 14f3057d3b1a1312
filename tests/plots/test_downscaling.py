"""What figures of super-resolution show, read back from their axes."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

from esmlearn.plots import Grid, maps_showcase, quantiles, radial_spectra
from tests.plots.drawing import drawn

WORDS = {"label": "3 May 2004", "quantity": "Temperature", "units": "degC"}


def maps_of(figure):
    """Give the mesh of each map by its title; the first mesh of an axis is the land."""
    meshes = {
        axis.get_title(): [item for item in axis.collections if isinstance(item, QuadMesh)] for axis in figure.axes
    }
    return {title: found[1] for title, found in meshes.items() if title}


def grids(lon=176.0):
    """Cells of 0.25 degree across the date line, and coarse ones of 1 degree that reach beyond them."""
    fine = Grid(10.125 + 0.25 * np.arange(16), lon + 0.125 + 0.25 * np.arange(24), np.zeros((16, 24), bool))
    coarse = Grid(9.5 + np.arange(6.0), lon - 0.5 + np.arange(8.0), np.zeros((6, 8), bool), fine.middle)
    return fine, coarse


def fields(*names, shape=(16, 24)):
    return {name: 15 + np.random.default_rng(seed).standard_normal(shape) for seed, name in enumerate(names)}


def test_all_maps_share_a_scale_and_the_spread_has_its_own():
    fine, coarse = grids()
    shown = maps_of(drawn(maps_showcase(
        fields("Bicubic", "Truth", "Member 1"), fine, coarse=(15 + np.zeros((6, 8)), coarse),
        spread=np.full((16, 24), 0.5), **WORDS,
    )))  # fmt: skip
    assert list(shown) == ["Coarse", "Bicubic", "Truth", "Member 1", "Spread"]
    spread = shown.pop("Spread")
    assert len({mesh.get_clim() for mesh in shown.values()}) == 1
    assert spread.get_clim() == (0, 0.5)


@pytest.mark.parametrize("turn", [0, 360, -360])
def test_coarse_cells_lie_where_fine_ones_do_in_any_convention(turn):
    fine, _ = grids()
    coarse = Grid(9.5 + np.arange(6.0), turn + 175.5 + np.arange(8.0), np.zeros((6, 8), bool), fine.middle)
    figure = drawn(maps_showcase(fields("Truth"), fine, coarse=(15 + np.zeros((6, 8)), coarse), **WORDS))
    shown = maps_of(figure)
    edges = {name: np.asarray(mesh.get_coordinates())[0, :, 0] for name, mesh in shown.items()}
    assert edges["Coarse"][[1, -2]] == pytest.approx(edges["Truth"][[0, -1]])
    np.testing.assert_allclose(*(axis.get_extent() for axis in figure.axes[:2]))


def test_the_frame_is_where_the_part_is():
    fine, _ = grids()
    box = Grid(fine.lat[4:8], fine.lon[8:16], fine.land[4:8, 8:16], fine.middle)
    figure = drawn(maps_showcase(fields("Truth"), fine, box=box, **WORDS))
    (frame,) = (item for item in figure.axes[0].patches if isinstance(item, Rectangle))
    assert (frame.get_x() + fine.middle, frame.get_y()) == pytest.approx((178.0, 11.0))
    assert (frame.get_width(), frame.get_height()) == pytest.approx((2.0, 1.0))


def test_many_cells_get_larger_maps():
    lon = 0.05 * np.arange(400)
    grid = Grid(0.05 * np.arange(200), lon, np.zeros((200, 400), bool))
    figure = drawn(maps_showcase(fields("Bicubic", "Truth", "Mean", "Member 1", shape=(200, 400)), grid, **WORDS))
    left = {round(axis.get_position().x0, 1) for axis in figure.axes if axis.get_title()}
    assert len(left) == 2


def record(method, role, power, *, members=False):
    return {
        "dataset": "tos", "method": method, "role": role, "members": members, "wavelength_km": [800.0, 400.0, 200.0],
        "power": power, "coherence": [1.0, 0.5, None], "units": "degC2 km",
    }  # fmt: skip


def test_power_is_shown_over_that_of_the_truth():
    records = [
        record("truth", "truth", [100.0, 10.0, 1.0]),
        record("bicubic", "baseline", [100.0, 4.0, 0.0]),
        record("Net", "model", [100.0, 8.0, 0.5]),
        record("Net", "model", [100.0, 11.0, 1.0], members=True),
    ]
    power, share, coherence = drawn(radial_spectra(records, 400.0)).axes
    labels = [line.get_label() for line in power.lines if not line.get_label().startswith("_")]
    assert labels == ["Bicubic", "Net, mean", "Net, members", "Truth"]
    assert share.lines[0].get_ydata() == pytest.approx([1, 0.4, 0])
    assert share.lines[2].get_ydata() == pytest.approx([1, 1.1, 1])
    assert np.isnan(coherence.lines[0].get_ydata()[2])
    assert power.get_xlim() == (800, 200)


def test_quantiles_are_shown_less_those_of_the_truth():
    levels = [0.001, 0.5, 0.999]
    records = [
        {"dataset": "tos", "method": method, "role": role, "level": levels, "quantile": values, "units": "degC"}
        for method, role, values in (("truth", "truth", [0, 1, 2]), ("bicubic", "baseline", [0.5, 1, 1.5]))
    ]
    rows = [
        {"method": "bicubic", "metric": f"{name}_{level}", "value": value, "low": None, "high": None}
        for name, value in (("frequency_bias", 0.8), ("sedi", 0.9))
        for level in (95, 99)
    ]
    left, often, right = drawn(quantiles(records, rows)).axes
    assert left.lines[1].get_ydata() == pytest.approx([0.5, 0, -0.5])
    assert left.lines[1].get_xdata()[1] == pytest.approx(0)
    assert {float(line.get_xdata()[0]) for line in often.lines if len(line.get_xdata()) == 1} == {0.8}
    assert {float(line.get_xdata()[0]) for line in right.lines if len(line.get_xdata()) == 1} == {0.9}
