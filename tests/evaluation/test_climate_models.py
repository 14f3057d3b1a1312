"""Climate models of any calendar and units are held against a reconstruction, or refused in one sentence."""

import logging

import numpy as np
import pytest
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.errors import DataError
from esmlearn.evaluation.climate_models import ModelEvaluation
from tests.made_months import LAT, SEASON, monthly


def scores(evaluation, dataset="M"):
    return {row["metric"]: row["value"] for row in evaluation.rows if row["dataset"] == dataset}


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "standard"])
@pytest.mark.parametrize("units", ["degC", "K"])
def test_the_bias_is_found_whatever_the_calendar_and_the_units(calendar, units):
    model = monthly(2, offset=0.8, first=1985, calendar=calendar, units=units)
    evaluation = ModelEvaluation.of(monthly(std=0.3), {"M": model})
    found = scores(evaluation)
    assert found["bias"] == pytest.approx(0.8, abs=1e-4)
    assert found["rmse"] == pytest.approx(0.8, abs=1e-4)
    assert found["reference_error"] == pytest.approx(0.3 / np.sqrt(3), abs=1e-5)
    assert found["significant_share"] == 1
    assert {row["units"] for row in evaluation.rows} == {"degC", "1"}
    assert {(row["n"], row["years"], row["reference_years"]) for row in evaluation.rows} == {(5, 2, 3)}


def test_a_stronger_season_is_no_bias_but_an_error():
    found = scores(ModelEvaluation.of(monthly(), {"M": monthly(season=1.5)}))
    assert found["bias"] == pytest.approx(0, abs=1e-4)
    assert found["rmse"] == pytest.approx(0.5 * 3 / np.sqrt(2), abs=1e-4)  # the effective value of a cosine of 1.5 degC


def test_rows_may_run_from_north_to_south():
    gradient = np.array([0.0, 1.0, 2.0])[:, None]
    model = monthly()
    model.data = model.data + gradient
    found = scores(ModelEvaluation.of(monthly(), {"M": model[:, ::-1]}))
    weights = np.repeat(np.cos(np.radians(LAT)), (1, 2, 2))
    assert found["bias"] == pytest.approx(np.average([0, 1, 1, 2, 2], weights=weights), abs=1e-3)


def test_a_reconstruction_that_does_not_know_its_errors_has_none_in_the_scores(caplog):
    with caplog.at_level(logging.WARNING):
        found = scores(ModelEvaluation.of(monthly(), {"M": monthly(offset=0.1)}))
    assert "reference_error" not in found
    assert "does not know the errors of its months" in caplog.text


def test_a_single_year_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        ModelEvaluation.of(monthly(std=0.1), {"M": monthly(1)})
    assert "M has one whole year only" in caplog.text


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (monthly(2)[5:16], "M has no whole year between 2001-06-15 and 2002-04-15; lengthen its timerange"),
        (monthly(lat=LAT + 0.5), "M is not on the grid of the reconstruction; regrid both alike"),
    ],
)
def test_what_does_not_fit_is_refused(model, message):
    with pytest.raises(DataError, match=message):
        ModelEvaluation.of(monthly(), {"M": model})


def test_daily_data_are_refused():
    days = Cube(
        np.zeros((400, 3, 2), np.float32),
        "sea_surface_temperature",
        units="degC",
        dim_coords_and_dims=[
            (DimCoord(np.arange(400) + 0.5, "time", units="days since 2001-01-01"), 0),
            (DimCoord(LAT, "latitude", units="degrees"), 1),
            (DimCoord([140.0, 141.0], "longitude", units="degrees"), 2),
        ],
    )
    with pytest.raises(DataError, match="M is not monthly; use `monthly_statistics`"):
        ModelEvaluation.of(monthly(), {"M": days})


def test_units_of_something_else_are_refused():
    with pytest.raises(DataError, match="degC"):
        ModelEvaluation.of(monthly(), {"M": monthly(units="m")})


def test_no_common_cell_is_refused():
    here, there = monthly(), monthly()
    here.data[:, :, 0] = np.ma.masked
    there.data[:, :, 1] = np.ma.masked
    with pytest.raises(DataError, match="M and the reconstruction have no cell in common"):
        ModelEvaluation.of(here, {"M": there})


def test_figures_show_all_models_and_say_what_they_are():
    models = {"A": monthly(offset=0.8), "B": monthly(offset=-0.5), "C": monthly(season=1.2)}
    maps, cycles = ModelEvaluation.of(monthly(std=0.2), models).figures()
    assert [axis.get_title() for axis in maps.figure.axes[:3]] == ["A", "B", "C"]
    above, below = cycles.figure.axes
    assert [line.get_label() for line in above.lines] == ["Reconstruction", "A", "B", "C"]
    np.testing.assert_allclose(above.lines[0].get_ydata(), SEASON, atol=1e-4)
    np.testing.assert_allclose(below.lines[1].get_ydata(), 0.8, atol=1e-4)  # after the line at zero
    band = below.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(1.96 * 0.2 / np.sqrt(3), abs=1e-4)
    assert "°C" in maps.caption
    assert "95 %" in cycles.caption
