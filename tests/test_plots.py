"""What the figures show, read back from their axes."""

import io

import cftime
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from esmlearn import plots
from esmlearn.errors import DataError

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
        said = right + 0.5
        seen = np.where(rng.random(shape) < 0.5, right, np.nan)
        made.append(plots.Panel(f"{day + 1} Jan 2004", seen, said, right if truth else None))
    return made


def meshes(axis):
    return [item for item in axis.collections if isinstance(item, QuadMesh)][LAND_COLOUR:]


def drawn(figure):
    """Draw for real, so that what breaks only then breaks here."""
    figure.savefig(io.BytesIO(), format="png", dpi=50)
    return figure


def row(method, role, value, frequency="day", **extra):
    return {
        "dataset": "d", "method": method, "role": role, "frequency": frequency, "split": "test", "region": "all",
        "metric": "rmse", "value": value, "units": "degC", "n": 100, **extra,
    }  # fmt: skip


def test_maps_share_their_scales_and_the_error_is_the_difference(grid):
    rows = panels(grid)
    figure = drawn(plots.maps(rows, grid, quantity="Temperature", units="degC", method="SpatioTemporalModel"))
    axes = np.array(figure.axes[:8]).reshape(2, 4)
    assert [axis.get_title() for axis in axes[0]] == ["Observed", "Truth", "SpatioTemporalModel", "Error"]
    fields = [meshes(axis)[0] for axis in axes[:, :3].flat]
    assert len({mesh.get_clim() for mesh in fields}) == 1
    errors = [meshes(axis)[0] for axis in axes[:, 3]]
    low, high = errors[0].get_clim()
    assert low == -high
    assert errors[1].get_clim() == (low, high)
    for mesh, panel in zip(errors, rows, strict=True):
        shown = np.ma.filled(mesh.get_array(), np.nan).reshape(grid.land.shape)
        np.testing.assert_allclose(shown[~grid.land], (panel.reconstruction - panel.truth)[~grid.land])
        assert np.isnan(shown[grid.land]).all()
    assert figure.axes[8].get_xlabel() == "Temperature (°C)"
    assert any("1 Jan 2004" in text.get_text() for text in axes[0, 0].texts)


def test_maps_without_truth_have_two_columns(grid):
    figure = drawn(plots.maps(panels(grid, truth=False), grid, quantity="T", units="K", method="dineof"))
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == ["Observed", "DINEOF"]


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


def test_bars_are_ranked_with_the_best_on_top():
    rows = [row("climatology", "baseline", 2.0), row("Net", "model", 0.5), row("time_interpolation", "baseline", 1.0)]
    rows += [row("Net", "model", 0.2, "mon"), row("climatology", "baseline", 0.1, "mon")]
    figure = drawn(plots.skill_bars(rows))
    daily, monthly = figure.axes
    assert [label.get_text() for label in daily.get_yticklabels()] == ["Climatology", "Linear in time", "Net"]
    assert [bar.get_width() for bar in daily.patches] == [2.0, 1.0, 0.5]
    assert [label.get_text() for label in monthly.get_yticklabels()] == ["Net", "Climatology"]


def test_a_method_has_one_colour_everywhere():
    bins = [{"by": "share_hidden", "from": low, "to": low + 0.2, "units": "1"} for low in (0.0, 0.2)]
    names = (("Net", "model"), ("climatology", "baseline"))
    bars = plots.skill_bars([row(name, role, 1.0 + len(role)) for name, role in names])
    lines = drawn(plots.rmse_by([row(n, r, 1.0, bin=b) for n, r in names for b in bins], "share_hidden"))
    of_bars = {
        label.get_text(): bar.get_facecolor()
        for label, bar in zip(bars.axes[0].get_yticklabels(), bars.axes[0].patches, strict=True)
    }
    of_lines = {line.get_label(): mpl.colors.to_rgba(line.get_color()) for line in lines.axes[0].lines}
    assert of_bars == of_lines
    assert len(set(of_lines.values())) == 2


def test_breakdown_names_its_bins_and_counts_its_points():
    limits = [(1, 1), (3, 4), (17, None)]
    rows = [
        row(
            "Net",
            "model",
            0.1 * i,
            bin={"by": "days_to_observation", "from": low, "to": high, "units": "days"},
            n=10 * i,
        )
        for i, (low, high) in enumerate(limits, 1)
    ]
    figure = drawn(plots.rmse_by([{**r} for r in rows], "days_to_observation"))
    above, below = figure.axes
    assert [label.get_text() for label in below.get_xticklabels()] == ["1", "3–4", "≥ 17"]
    np.testing.assert_allclose(above.lines[0].get_ydata(), [0.1, 0.2, 0.3])
    assert [bar.get_height() for bar in below.patches] == [10, 20, 30]


def test_an_honest_deviation_lies_on_the_diagonal():
    rng = np.random.default_rng(0)
    std = rng.uniform(0.1, 1.0, 100_000)
    figure = drawn(
        plots.standard_deviation_against_error(
            std, std * rng.standard_normal(std.size), np.ones(std.size), method="Net", units="degC"
        )
    )
    diagonal, line = figure.axes[0].lines
    np.testing.assert_allclose(line.get_xdata(), line.get_ydata(), rtol=0.05)
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())


@pytest.mark.parametrize("calendar", ["standard", "360_day"])
@pytest.mark.parametrize("known", [True, False])
def test_time_series_shows_what_was_seen(calendar, known):
    dates = cftime.num2date(np.arange(60), "days since 2001-02-01", calendar=calendar)
    truth = np.sin(np.arange(60) / 9)
    observed = np.arange(60) % 5 == 0
    figure = drawn(
        plots.time_series(
            dates,
            truth=truth if known else None,
            observed=observed,
            observations=np.where(observed, truth, np.nan),
            methods={"climatology": ("baseline", 0 * truth, None), "Net": ("model", truth, np.ones(60))},
            title="35°N, 145°E",
            quantity="T",
            units="degC",
        )
    )
    by_label = {line.get_label(): line for line in figure.axes[0].lines}
    assert set(by_label) == {"Climatology", "Net", "Observed"} | ({"Truth"} if known else set())
    assert by_label["Observed"].get_xydata().shape == (12, 2)


@pytest.mark.parametrize(
    "checks",
    [
        [],
        [{"step": 50, "validation": None}],
        [{"step": 50, "validation": 0.5}],
        [{"step": 50, "validation": 0.5, "validation_daily": 0.5, "validation_monthly": 0.3}],
    ],
)
@pytest.mark.parametrize("n_steps", [1, 100])
def test_training_curve_takes_what_there_is(checks, n_steps):
    steps = [{"step": i, "loss": 1 / (i + 1), "lr": 1e-3, "seconds": 0.1 * i} for i in range(n_steps)]
    lost = [{"step": n_steps, "loss": None, "lr": None, "seconds": 1.0}]
    figure = drawn(plots.training_curve(steps + lost + checks))
    assert isinstance(figure, Figure)
    if not checks or checks[0]["validation"] is None:
        assert len(figure.axes) == 2
    else:
        assert len(figure.axes[2].lines) == (2 if "validation_daily" in checks[0] else 1)


def test_the_users_matplotlib_stays_as_it_was(grid):
    before = dict(mpl.rcParams)
    plots.skill_bars([row("Net", "model", 1.0)])
    assert dict(mpl.rcParams) == before
