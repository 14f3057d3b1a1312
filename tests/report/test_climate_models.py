"""The table and the section of climate models beside a reconstruction."""

from dataclasses import replace

from esmlearn.report import Figure, Report, render
from esmlearn.report.climate_models import climate_model_sentences, climate_model_table
from tests.report.test_page import HOSTILE, Loads, png

VALUES = {"bias": -0.48, "rmse": 0.61, "rmse_beyond_error": 0.55, "correlation": 0.993, "significant_share": 0.62}


def rows(dataset="Model", **values):
    shared = {"dataset": dataset, "n": 1355, "years": 3, "reference_years": 4}
    interval = {"bias": {"low": -0.6, "high": 1.2}}
    return tuple(
        {"metric": name, "value": value, "units": "1" if name in ("correlation", "significant_share") else "degC"}
        | shared
        | interval.get(name, {})
        for name, value in (VALUES | values).items()
    )


def test_each_model_has_a_line():
    table = climate_model_table(rows("Warm", bias=0.8, reference_error=0.1) + rows("Cold"))
    assert table.title == "Climate models less the reconstruction, in °C"
    assert [line.label for line in table.lines] == ["Warm", "Cold"]
    assert table.lines[0].cells[0].interval == "[−0.600, 1.20]"
    first, second = ([cell.text for cell in line.cells] for line in table.lines)
    assert first == ["0.800", "0.610", "0.550", "0.993", "62\N{NO-BREAK SPACE}%", "0.100", "3", "4"]
    assert second[0] == "−0.480"
    assert second[5] == "–"  # nothing is known of the errors


def test_the_summary_says_how_far_each_model_is_off():
    warm, cold = climate_model_sentences(rows("Warm", bias=0.8) + rows("Cold"))
    assert "annual mean of Warm is 0.800\N{NO-BREAK SPACE}°C above that of the reconstruction" in warm
    assert "[−0.600, 1.20]\N{NO-BREAK SPACE}°C" in warm
    assert "is 0.480\N{NO-BREAK SPACE}°C below" in cold
    assert "62\N{NO-BREAK SPACE}% of the area" in cold
    page = render(Report("t", climate_models=rows("Cold")))
    assert cold in page
    assert "no truth is known" not in page


def test_without_climate_models_there_is_no_table_and_no_section():
    assert climate_model_table(()) is None
    assert "Climate models beside" not in render(Report("t"))


def test_the_section_has_figures_and_table_and_says_what_the_scores_are():
    figures = tuple(Figure(name, png(), f"What {name} shows.") for name in ("seasonal_cycles", "maps_model_bias"))
    report = Report("t", climate_models=rows(), figures=figures)
    page = render(report)
    section = page[page.index("Climate models beside the reconstruction</h2>") :]
    assert section.index("What maps_model_bias shows.") < section.index("What seasonal_cycles shows.")
    for words in ("Beyond error", "Welch 1947", "−0.480"):
        assert words in section
    hostile = Loads(render(replace(report, climate_models=rows(HOSTILE))))
    assert "script" not in hostile.tags
    assert hostile.handlers == []
