"""Climatologies from elsewhere: offset and season are found from ten days, one day or one composite."""

from pathlib import Path

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.reference import is_anomaly, reference_climatology
from esmlearn.settings import BaselineSettings
from esmlearn.tasks.without_model import climatology_of
from tests.made_fields import make_cube

ERSST = Path(__file__).parents[3] / "shared" / "data" / "ersst_v5_2010_2019.nc"


def ocean(n_days: int, *, first_day: int = 0, offset: float = 0.0, hidden: float = 0.5) -> Field:
    """Mean 18, amplitude 5 with the peak on day 200, and an offset; at random half of it is hidden."""
    day = first_day + np.arange(n_days)
    cycle = 18 + 5 * np.cos(2 * np.pi * (day + 0.5 - 200) / 365.25) + offset
    values = np.broadcast_to(cycle[:, None, None], (n_days, 8, 10)).copy()
    values += np.random.default_rng(1).normal(scale=0.3, size=values.shape)
    values[np.random.default_rng(0).random(values.shape) < hidden] = np.nan
    return Field.from_cube(make_cube(values, first_day=first_day), land=np.zeros((8, 10), bool))


@pytest.fixture(scope="module")
def known():
    return Climatology.fit(ocean(1461, hidden=0.0))


@pytest.mark.parametrize("n_days", [1, 10, 100])
def test_offset_is_found_from_few_days(known, n_days):
    few = ocean(n_days, first_day=700, offset=2.0)
    found = reference_climatology(known, few)
    error = found.at(np.arange(12) / 12) - known.at(np.arange(12) / 12)
    assert np.abs(error - 2.0).max() < 0.3
    assert found.trend is not None
    assert abs(found.trend[0]) < 0.05


@pytest.mark.parametrize("name", [name for name in baselines.BASELINES if name != "dineof"])
@pytest.mark.parametrize("n_days", [1, 10])
def test_baselines_fill_short_records(name, n_days):
    few = ocean(n_days, first_day=700)
    result = baselines.fit(name, few, climatology="packaged").reconstruct_field(few)
    assert np.isfinite(result.daily).all()
    assert np.abs(result.daily - np.nanmean(few.values)).max() < 4.0
    if result.daily_std is not None:
        assert (result.daily_std[~few.observed[:, 0]] > 0).all()


def test_one_day_without_bounds_comes_back_as_a_month():
    cube = ocean(1, first_day=700).to_cubes()[0]
    cube.coord("time").bounds = None
    filler = baselines.fit("time_interpolation", ocean(1, first_day=700), climatology="packaged")
    assert filler.reconstruct(cube, frequency="mon").coord("time").bounds.tolist() == [[700.0, 701.0]]


def test_half_a_year_knows_that_it_saw_no_more():
    blank = ocean(365, hidden=0.0).hide(np.ones((365, 8, 10), bool))
    season = reference_climatology("packaged", blank).of(blank)[:180]
    noise = np.random.default_rng(1).normal(scale=0.3, size=season.shape)
    record = Field.from_cube(make_cube(season + noise), land=blank.land).hide(ocean(180).observed[:, 0])
    found = reference_climatology("packaged", record)
    assert found.error is not None
    assert found.error[8:10].min() > 2 * found.error[1:4].max()
    own = {"kernel": "matern_32", "length_km": 80, "time_days": 4, "noise_share": 0.2, "sigma": 0.3}
    settings = BaselineSettings.model_validate({"optimal_interpolation": own})
    analysis = baselines.fit("optimal_interpolation", record, climatology="packaged", settings=settings)
    std = analysis.reconstruct_field(blank).daily_std
    assert std[250:280].min() > 1.2 * std[40:100].max()


def test_a_cell_and_a_season_never_seen_have_an_error():
    whole = ocean(730, hidden=0.0)
    assert Climatology.fit(whole).error is None
    hidden = np.zeros(whole.values[:, 0].shape, bool)
    hidden[:, 2, 3] = True
    hidden[(whole.year_fraction > 0.5) & (whole.year_fraction < 0.8), 5, 5] = True
    error = Climatology.fit(whole.hide(hidden)).error
    assert (error[:, 2, 3] > 0).all()
    assert error[7, 5, 5] > 0
    assert error[1, 5, 5] == 0
    error[:, 2, 3] = error[:, 5, 5] = 0
    assert not error.any()


def test_300_days_spread_over_two_years_are_enough():
    field = ocean(730, hidden=0.0)
    part = (np.arange(730) < 150) | ((np.arange(730) > 365 + 150) & (np.arange(730) < 365 + 301))
    found = Climatology.fit(field.hide(np.broadcast_to(~part[:, None, None], (730, 8, 10))))
    assert np.abs(found.at(field.year_fraction) - Climatology.fit(field).at(field.year_fraction)).max() < 1.5


def test_other_quantities_and_missing_files_are_refused():
    few = ocean(3)
    few.like[0].standard_name = "air_temperature"
    with pytest.raises(DataError, match="packaged climatology is of sea-surface temperature"):
        reference_climatology("packaged", few)
    with pytest.raises(SettingsError, match=r"'nowhere.nc', which is no file"):
        reference_climatology("nowhere.nc", ocean(3))


@pytest.mark.skipif(not ERSST.is_file(), reason="ERSST is not there")
@pytest.mark.parametrize(("lat", "lon"), [(40.0, 330.0), (0.0, 180.0), (-44.0, 150.0), (44.0, 350.0)])
def test_packaged_is_ersst_by_month(lat, lon):
    """The packaged values against ERSST itself, across the date line and Greenwich, to 0.15 degrees by month."""
    import iris

    cube = iris.load_cube(str(ERSST))
    row, column = (
        int(np.argmin(abs(cube.coord(name).points - at))) for name, at in (("latitude", lat), ("longitude", lon))
    )
    expected = cube.data[:, row, column].reshape(10, 12).mean(axis=0)
    blank = make_cube(
        np.zeros((365, 2, 2)), calendar="noleap", lat=np.array([lat, lat + 1]), lon=lon + np.array([-1.0, 0])
    )
    field = Field.from_cube(blank)
    found = reference_climatology("packaged", field.hide(np.ones((365, 2, 2), bool)))
    month = np.array([date.month for date in field.dates])
    by_month = np.array([found.of(field)[month == number, 0, 1].mean() for number in range(1, 13)])
    assert np.abs(by_month - expected).max() < 0.15


def test_anomalies_have_a_climatology_of_zero():
    field = Field.from_cube(make_cube(np.random.default_rng(0).normal(0, 0.1, (3, 4, 5))))
    assert not reference_climatology("zero", field).of(field).any()
    assert not is_anomaly(field)
    field.like[0].long_name = "Sea Level Anomaly"
    assert is_anomaly(field)
    climatology, words = climatology_of(field)
    assert words == "zero, as the data are anomalies"
    assert not climatology.of(field).any()
