"""What figures of ensembles show, read back from their axes."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from esmlearn.metrics.ensemble import SpreadBins
from esmlearn.metrics.ensemble_spectra import EnsembleSpectra
from esmlearn.plots import Grid
from esmlearn.plots.ensemble import ensemble_spectra, maps_ensemble, rank_histograms, spread_skill
from tests.plots.drawing import drawn


def one_day(n_members=5):
    """Make members around a truth, with land in a corner where all are absurd."""
    land = np.zeros((6, 8), bool)
    land[:2, :3] = True
    grid = Grid(np.linspace(30, 35, 6), np.linspace(140, 147, 8), land)
    rng = np.random.default_rng(0)
    truth = np.where(land, 1e4, 15 + rng.standard_normal((6, 8)))
    members = truth + 0.5 * rng.standard_normal((n_members, 6, 8))
    return members, np.where(rng.random((6, 8)) < 0.4, truth, np.nan), truth, grid


def mesh_of(axis):
    return [item for item in axis.collections if isinstance(item, QuadMesh)][1]  # the first is the land


def maps_of(figure):
    return {axis.get_title(): mesh_of(axis) for axis in figure.axes if axis.get_title()}


WORDS = {"label": "3 May 2004", "quantity": "Temperature", "units": "degC"}


def test_members_mean_and_truth_share_a_scale_and_spread_and_error_another():
    members, observed, truth, grid = one_day()
    shown = maps_of(drawn(maps_ensemble(members, observed, truth, grid, **WORDS)))
    assert list(shown) == [
        "Observed", "Truth", "Mean of the ensemble", "Spread", "Member 1", "Member 2", "Member 3", "Error of the mean",
    ]  # fmt: skip
    sizes = {name: shown.pop(name) for name in ("Spread", "Error of the mean")}
    assert len({mesh.get_clim() for mesh in shown.values()}) == 1
    assert len({mesh.get_clim() for mesh in sizes.values()}) == 1
    assert next(iter(shown.values())).get_clim()[1] < 20
    assert sizes["Spread"].get_clim()[1] < 2
    field = np.ma.filled(sizes["Spread"].get_array(), np.nan).reshape(grid.land.shape)
    np.testing.assert_allclose(field, np.where(grid.land, np.nan, members.std(axis=0, ddof=1)))


def test_without_truth_there_is_no_error():
    members, observed, _, grid = one_day(n_members=2)
    shown = maps_of(drawn(maps_ensemble(members, observed, None, grid, **WORDS)))
    assert list(shown) == ["Observed", "Mean of the ensemble", "Spread", "Member 1", "Member 2"]


def test_ranks_are_bars_and_the_band_lies_around_flat():
    shares = np.array([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25], [0.6, 0.25, 0.15]])
    (axis,) = drawn(rank_histograms({"Diffusion": shares})).axes
    assert [bar.get_height() for bar in axis.patches] == pytest.approx([50, 30, 20])
    (band,) = axis.collections
    assert band.get_datalim(axis.transData).intervaly == pytest.approx([100 / 3 - 9.5, 100 / 3 + 9.5])
    assert axis.lines[0].get_ydata()[0] == pytest.approx(100 / 3)


def test_without_draws_there_is_no_band():
    levels = {f"{depth} m": np.full((1, 4), 0.25) for depth in (5, 16, 50, 100, 200)}
    figure = drawn(rank_histograms(levels))
    assert [axis.get_title(loc="left") for axis in figure.axes if axis.axison] == list(levels)
    assert not any(axis.collections for axis in figure.axes)


def test_spread_and_skill_are_on_one_scale():
    right = SpreadBins(np.array([0.2, 0.5]), np.array([0.3, 0.4]), np.array([9, 9]))
    wide = SpreadBins(np.array([1.0, 2.0]), np.array([0.5, 1.0]), np.array([9, 9]))
    (axis,) = drawn(spread_skill({"Diffusion": right, "Other": wide}, units="degC")).axes
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["Diffusion"].get_xdata().tolist() == [0.2, 0.5]
    assert lines["Diffusion"].get_ydata().tolist() == [0.3, 0.4]
    assert axis.get_xlim() == axis.get_ylim()
    assert axis.get_xlim()[1] > 2
    assert axis.get_xlabel() == "Spread (°C)"


def test_spectra_run_from_long_waves_to_short():
    frequency, power = np.linspace(0.001, 0.02, 20), np.linspace(3, 1, 20)
    spectra = EnsembleSpectra(frequency, power, power, power / 2, power / 4, power / 3)
    left, right = drawn(ensemble_spectra(spectra, units="degC")).axes
    assert left.get_xlim() == pytest.approx((1000, 50))
    assert {line.get_label() for line in left.lines} == {"Truth", "Members", "Mean of the ensemble"}
    assert left.get_ylabel() == "Power (°C² km)"
    np.testing.assert_allclose(right.lines[0].get_ydata(), power / 4)
