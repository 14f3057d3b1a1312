"""Tables of the report: values with intervals, the best, and what may be chance."""

import pytest

from esmlearn.report.tables import (
    Cell,
    crps_tables,
    distribution_tables,
    region_tables,
    scale_tables,
    skill_tables,
    uncertainty_tables,
)
from tests.score_rows import contest, lead, row

NBSP = "\N{NO-BREAK SPACE}"


def cells(table):
    """Cells of a table by method and head."""
    return {line.label: dict(zip(table.heads, line.cells, strict=True)) for line in table.lines}


def test_methods_are_ranked_and_values_have_their_intervals():
    rows = contest(0.3, 0.4, low=0.25, high=0.45) + contest(-0.2, 0.1, "bias")
    (table,) = skill_tables(rows)
    found = cells(table)
    assert list(found) == ["Net", "Linear in time"]
    assert found["Net"]["RMSE"] == Cell("0.300", "[0.250, 0.450]", "best")
    assert found["Net"]["Bias"] == Cell("−0.200")
    assert found["Linear in time"]["Bias"] == Cell("0.100", "", "best")
    assert found["Net"]["Correlation"] == Cell("–")
    assert table.title == "Ocean, daily fields: error on 1,234 hidden points, in °C"


@pytest.mark.parametrize(
    ("model", "interval", "cell"),
    [
        (0.3, (None, None), Cell(f"+25{NBSP}%")),
        (0.5, (None, None), Cell(f"−25{NBSP}%", "", "bad")),
        (0.3, (0.2, 0.3), Cell(f"+25{NBSP}%", "[20, 30]")),
        (0.5, (-0.3, -0.2), Cell(f"−25{NBSP}%", "[−30, −20]", "bad")),
        (0.3, (-0.1, 0.6), Cell(f"+25{NBSP}%", "[−10, 60]", "unsure")),
    ],
)
def test_a_lead_tells_whether_it_may_be_chance(model, interval, cell):
    (table,) = skill_tables([*contest(model, 0.4), lead(*interval)])
    assert cells(table)["Linear in time"]["Lead of the model"] == cell
    assert cells(table)["Net"]["Lead of the model"] == Cell("")


def test_two_models_have_a_lead_each():
    (table,) = skill_tables([*contest(0.3, 0.4), row("Net2", "model", "rmse", 0.2)])
    assert table.heads[-2:] == ("Lead of Net2", "Lead of Net")
    assert [cell.text for cell in table.lines[-1].cells[-2:]] == [f"+50{NBSP}%", f"+25{NBSP}%"]


def test_regions_stand_beside_the_whole_domain():
    assert region_tables(contest(0.3, 0.4)) == []
    (table,) = region_tables([*contest(0.3, 0.4), *contest(0.6, 0.5, region="Bay")])
    assert table.heads == ("Whole domain", "Bay")
    assert cells(table)["Net"] == {"Whole domain": Cell("0.300", "", "best"), "Bay": Cell("0.600")}
    (plain,) = skill_tables([*contest(0.3, 0.4), *contest(0.6, 0.5, region="Bay")])
    assert cells(plain)["Net"]["RMSE"].text == "0.300"


def test_scales_below_the_shortest_wave_are_not_claimed():
    rows = [
        *contest(0.3, 0.4),
        row("Net", "model", "effective_resolution", 50.0, low=50.0, high=50.0, units="km"),
        row("time_interpolation", "baseline", "effective_resolution", 80.0, low=50.0, high=95.0, units="km"),
        row("Net", "model", "heatwave_hit_rate", 0.9, low=0.85, high=0.95, units="1"),
    ]
    (table,) = scale_tables(rows, {"Ocean": 50.0})
    found = cells(table)
    assert table.heads == ("Effective resolution (km)", "Heatwave days found")
    assert found["Net"]["Effective resolution (km)"] == Cell("≤ 50", "", "best")
    assert found["Linear in time"]["Effective resolution (km)"] == Cell("80", "[50, 95]")
    assert found["Net"]["Heatwave days found"] == Cell(f"90.0{NBSP}%", "[85.0, 95.0]")
    assert found["Linear in time"]["Heatwave days found"] == Cell("–")
    assert scale_tables(contest(0.3, 0.4), {}) == []


def test_who_knows_no_error_is_not_asked_for_it():
    rows = [*contest(0.3, 0.4), row("Net", "model", "crps", 0.1), row("Net", "model", "coverage_90", 0.87, units="1")]
    (table,) = uncertainty_tables(rows)
    assert list(cells(table)) == ["Net"]
    assert cells(table)["Net"]["90 % interval holds"].text == f"87.0{NBSP}%"
    assert cells(table)["Net"]["Spread / skill"].text == "–"


def test_energy_score_and_likeness_have_columns_where_they_are_scored():
    rows = [
        *contest(0.3, 0.4),
        row("Net", "model", "crps", 0.1),
        row("Net", "model", "energy_score", 0.2),
        *contest(30.0, 35.0, "psnr", units="dB"),
    ]
    (uncertainty,) = uncertainty_tables(rows)
    assert uncertainty.heads[-1] == "Energy score"
    assert cells(uncertainty)["Net"]["Energy score"].text == "0.200"
    (scales,) = scale_tables(rows, {})
    assert cells(scales)["Linear in time"] == {"PSNR (dB)": Cell("35.0", "", "best")}


def test_leads_of_two_models_are_named_as_sentences_name_them():
    (table,) = skill_tables([*contest(0.3, 0.4), row("ConditionalDiffusion", "model", "rmse", 0.2)])
    assert table.heads[-2:] == ("Lead of conditional diffusion", "Lead of Net")
    assert list(cells(table)) == ["Conditional diffusion", "Net", "Linear in time"]


def test_the_best_power_is_that_of_the_truth_and_not_the_most():
    rows = [*contest(0.3, 0.4), *contest(0.9, 1.3, "spectral_power_ratio"), *contest(0.2, 0.1, "coarse_consistency")]
    (table,) = scale_tables(rows, {})
    found = cells(table)
    assert found["Net"]["Power / truth’s"] == Cell("0.900", "", "best")
    assert found["Linear in time"]["Off the coarse field"].emphasis == "best"
    assert table.title.endswith("scales and extremes, in °C")


def test_an_ensemble_leads_by_its_crps_what_is_sure():
    ensemble = row("Net", "model", "crps_plain", 0.25), row("Net", "model", "crps", 0.2)
    ahead = row("Net", "model", "crpss", 0.5) | {"against": "time_interpolation", "significant": None}
    (table,) = crps_tables([*contest(0.3, 0.4), *contest(0.25, 0.4, "mae"), *ensemble, ahead])
    found = cells(table)
    assert found["Net"] == {"CRPS": Cell("0.200"), "Lead of Net": Cell("")}
    assert found["Linear in time"] == {"CRPS": Cell("0.400"), "Lead of Net": Cell(f"+50{NBSP}%")}
    assert crps_tables(contest(0.3, 0.4)) == []


def test_the_smallest_bias_of_a_quantile_and_the_rightest_frequency_are_best():
    rows = [
        *contest(0.3, 0.4), *contest(-0.1, 0.2, "quantile_bias_99"), *contest(0.8, 1.1, "frequency_bias_95"),
    ]  # fmt: skip
    quantiles, extremes = distribution_tables(rows)
    assert cells(quantiles)["Net"] == {f"99{NBSP}%": Cell("−0.100", "", "best")}
    assert cells(extremes)["Linear in time"] == {f"Frequency bias, 95{NBSP}%": Cell("1.10", "", "best")}
    assert distribution_tables(contest(0.3, 0.4)) == []
