"""What charts show, read back from their axes."""

import cftime
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from esmlearn import plots
from esmlearn.words import pretty_units
from tests import score_rows
from tests.plots.drawing import drawn

ALL = (
    "climatology", "calendar_day_climatology", "observed_mean", "persistence", "time_interpolation",
    "optimal_interpolation", "dineof",
)  # fmt: skip


def row(method, role, value, frequency="day", *, metric="rmse", **extra):
    return score_rows.row(method, role, metric, value, frequency, **extra)


def binned(method, role, by, values, limits, frequency="day"):
    return [
        row(method, role, value, frequency, bin={"by": by, "from": low, "to": high, "units": ""}, n=10 * i)
        for i, (value, (low, high)) in enumerate(zip(values, limits, strict=True), 1)
    ]


def lines_of(axis):
    return {line.get_label(): line for line in axis.lines}


def names_on(axis):
    return [label.get_text() for label in axis.get_yticklabels()]


def test_methods_are_ranked_with_the_best_on_top():
    rows = [row("climatology", "baseline", 2.0), row("Net", "model", 0.5), row("time_interpolation", "baseline", 1.0)]
    rows += [row("Net", "model", 0.2, "mon"), row("climatology", "baseline", 0.1, "mon")]
    rows += [row("Net", "model", 9.0, region="Bay"), row("Net", "model", 9.0, metric="mae")]
    daily, monthly = drawn(plots.ranked_skill(rows)).axes
    assert names_on(daily) == ["Climatology", "Linear in time", "Net"]
    assert [text.get_text() for text in daily.texts] == ["2.00", "1.00", "0.500"]
    assert names_on(monthly) == ["Net", "Climatology"]


def test_an_interval_is_drawn_where_there_is_one():
    rows = [row("Net", "model", 0.5, low=0.4, high=0.7), row("climatology", "baseline", 2.0)]
    (axis,) = drawn(plots.ranked_skill(rows)).axes
    (interval,) = axis.collections
    np.testing.assert_allclose(interval.get_segments()[0], [[0.4, 1], [0.7, 1]])


def test_a_method_has_one_colour_everywhere():
    limits = [(0.0, 0.2), (0.2, 0.4)]
    names = (("Net", "model"), *((name, "baseline") for name in ALL))
    dots = plots.ranked_skill([row(name, role, 1.0 + i) for i, (name, role) in enumerate(names)]).axes[0]
    lines = drawn(
        plots.rmse_by([r for n, role in names for r in binned(n, role, "share_hidden", (1, 1), limits)], "day")
    ).axes[0]
    marks = [line for line in dots.lines if len(line.get_ydata()) == 1]
    of_dots = dict(zip(names_on(dots), (mpl.colors.to_hex(line.get_color()) for line in marks), strict=True))
    of_lines = {name: mpl.colors.to_hex(line.get_color()) for name, line in lines_of(lines).items()}
    assert of_dots == of_lines
    assert len(set(of_lines.values())) == len(names)


def test_breakdowns_share_a_scale_and_count_their_points():
    rows = binned("Net", "model", "days_to_observation", (0.1, 0.2, 0.3), [(1, 1), (3, 4), (17, None)])
    rows += binned("Net", "model", "season", (5.0, 0.4), [(1, 1), (3, 3)])
    rows += binned("Net", "model", "share_hidden", (1.0, 1.0), [(0, 0.2), (0.2, 0.4)], "mon")
    figure = drawn(plots.rmse_by(rows, "day"))
    panels = {axis.get_xlabel(): axis for axis in figure.axes if axis.get_xlabel()}
    assert list(panels) == ["Days to the nearest observation", "Season"]
    days, seasons = panels.values()
    assert [label.get_text() for label in days.get_xticklabels()] == ["1", "3–4", "≥ 17"]
    assert [label.get_text() for label in seasons.get_xticklabels()] == ["DJF", "JJA"]
    assert [bar.get_height() for bar in days.patches] == [10, 20, 30]
    above = figure.axes[:2]
    np.testing.assert_allclose(above[0].lines[0].get_ydata(), [0.1, 0.2, 0.3])
    np.testing.assert_allclose(above[1].lines[0].get_ydata(), [5.0, 0.4])
    assert above[0].get_ylim() == above[1].get_ylim()
    assert above[0].get_ylim()[0] < 0.1 < 5.0 < above[0].get_ylim()[1]


def test_bins_that_touch_are_labelled_at_their_edges():
    rows = binned("Net", "model", "distance_to_coast", (1, 1, 1), [(0, 25), (25, 50), (50, None)])
    (below,) = [axis for axis in drawn(plots.rmse_by(rows, "day")).axes if axis.get_xlabel()]
    assert [label.get_text() for label in below.get_xticklabels()] == ["0", "25", "50", ""]
    np.testing.assert_allclose(below.get_xticks(), [-0.5, 0.5, 1.5, 2.5])


def test_the_best_stand_out_among_eight():
    values = dict(zip(("Net", *reversed(ALL)), np.arange(1, 9) / 10, strict=True))
    limits = [(0.0, 0.2), (0.2, 0.4)]
    rows = [
        r
        for name, value in values.items()
        for r in binned(name, "model" if name == "Net" else "baseline", "share_hidden", (value,) * 2, limits)
    ]
    lines = drawn(plots.rmse_by(rows, "day")).axes[0].lines
    assert [line.get_label() for line in lines[:4]] == ["Net", "DINEOF", "Optimal interpolation", "Linear in time"]
    assert [line.get_marker() != "None" for line in lines] == [True] * 4 + [False] * 4
    assert lines[0].get_linewidth() > lines[1].get_linewidth() > lines[4].get_linewidth()


def test_of_a_hundred_heatwave_days_some_are_found_some_missed_and_some_invented():
    """60 hits among 80 alarms are 20 false ones."""
    found = {"heatwave_hit_rate": 0.6, "heatwave_false_alarm_ratio": 0.25, "heatwave_critical_success_index": 0.5}
    rows = [row("Net", "model", value, metric=metric) for metric, value in found.items()]
    rows += [
        row("climatology", "baseline", 0.0, metric=f"heatwave_{m}") for m in ("hit_rate", "critical_success_index")
    ]
    (axis,) = drawn(plots.heatwave_days(rows)).axes
    assert names_on(axis) == ["Climatology", "Net"]
    assert [bar.get_width() for bar in axis.patches] == pytest.approx([0, 100, 0, 60, 40, 20])


def test_the_error_is_measured_by_the_power_of_the_truth():
    waves = [1000.0, 500.0, 250.0, 125.0]
    truth = {"method": "truth", "role": "truth", "wavelength_km": waves, "power": [8.0, 4, 2, 1], "units": "degC2 km"}
    net = truth | {"method": "Net", "role": "model", "error_power": [0.8, 1.0, 1.0, 1.0]}
    fine = truth | {"method": "dineof", "role": "baseline", "error_power": [0.1, 0.1, 0.1, 0.1]}
    none = truth | {"method": "climatology", "role": "baseline", "power": [0.0] * 4, "error_power": truth["power"]}
    figure = drawn(plots.spectra([truth | {"error_power": None}, none, net, fine], {"Net": 250.0, "dineof": 125.0}))
    left, right = figure.axes
    assert list(lines_of(left)) == ["DINEOF, ≤ 125 km", "Net, 250 km", "Climatology", "Truth"]
    ratios = [line.get_ydata() for line in right.lines if len(line.get_ydata()) == 4]
    np.testing.assert_allclose(ratios[1], [0.1, 0.25, 0.5, 1.0])
    (mark,) = [line for line in right.lines if line.get_marker() == "o"]
    assert (*mark.get_xdata(), *mark.get_ydata()) == (250.0, 0.5)
    assert left.get_ylabel() == "Power (°C² km)"
    assert left.get_xlim() == (1000, 125)  # long waves at the left


def test_an_honest_deviation_lies_on_the_diagonal():
    rng = np.random.default_rng(0)
    std = rng.uniform(0.1, 1.0, 100_000)
    spread = plots.Spread("Net", "model", std, std * rng.standard_normal(std.size))
    (axis, _) = drawn(plots.calibration([spread], np.ones(std.size), [], units="degC")).axes
    line = lines_of(axis)["Net"]
    np.testing.assert_allclose(line.get_xdata(), line.get_ydata(), rtol=0.05)
    diagonal = lines_of(axis)["As predicted"]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())


def test_coverage_has_a_panel_for_days_and_one_for_months():
    spread = plots.Spread("Net", "model", np.ones(50), np.linspace(-1, 1, 50))
    reliability = [
        {"method": method, "frequency": frequency, "nominal": [0.5, 0.9], "observed": [0.6, 0.85]}
        for method, frequency in (("Net", "day"), ("optimal_interpolation", "day"), ("Net", "mon"))
    ]
    figure = drawn(plots.calibration([spread], np.ones(50), reliability, units="degC"))
    above, below = figure.axes[:3], figure.axes[3:]
    assert [axis.get_title(loc="left") for axis in above[1:]] == ["Daily: coverage", "Monthly: coverage"]
    assert list(lines_of(above[1])) == ["As predicted", "Net", "Optimal interpolation"]
    np.testing.assert_allclose(lines_of(above[1])["Net"].get_xydata(), [[50, 60], [90, 85]])
    np.testing.assert_allclose(below[2].lines[-1].get_ydata(), [10, -5])


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
    by_label = lines_of(figure.axes[0])
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


def test_the_users_matplotlib_stays_as_it_was():
    before = dict(mpl.rcParams)
    plots.ranked_skill([row("Net", "model", 1.0)])
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("units", "shown"), [("degC", "°C"), ("degC2 km", "°C² km"), ("K2 km", "K² km"), ("m s-1", "m s-1"), ("1", "")]
)
def test_units_are_written_as_journals_do(units, shown):
    assert pretty_units(units) == shown
