"""Windows must not show, the date line must close, and nothing that was observed may change."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import esmlearn
from esmlearn import baselines
from esmlearn.errors import DataError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.models.transformer.parts import MonthlyConvDecoder
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.tasks.reconstruct.apply import Reconstructor, reconstruct
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.trained.folder import write_folder
from tests.made_fields import make_cube, wavy_ocean
from tests.small import small_ocean, small_settings


def untrained(field: Field, *, head: float = 0.0, **model) -> TrainedTransformer:
    """A model that gives the first guess, or with a head something of its own."""
    settings = small_settings(model=model)
    torch.manual_seed(0)
    network = SpatioTemporalModel(settings.model).eval()
    for module in network.modules():
        if isinstance(module, MonthlyConvDecoder):
            for layer in (module.head, module.spread_head):
                torch.nn.init.normal_(layer.weight, std=head)
    climatology = Climatology.fit(field)
    record = {"variable": {"short_name": "tos", "standard_name": "sea_surface_temperature"}, "data": []}
    return TrainedTransformer(network, settings, field.land, record, climatology, Scaling.fit(field, climatology))


@pytest.mark.parametrize("n_months", [1, 3])
@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_windows_put_back_together_are_the_first_guess(n_months, overlap):
    """An untrained model gives interpolation in time: any misplaced, doubled or lost window would show."""
    field = small_ocean()[0][slice(0, 400)]
    trained = untrained(field, n_months=n_months, first_guess="time_interpolation")
    result = Reconstructor(trained).reconstruct_field(field[slice(5, 130)], overlap=overlap)
    baseline = baselines.fit("time_interpolation", field, climatology=trained.climatology)
    expected = baseline.reconstruct_field(field[slice(5, 130)])
    np.testing.assert_allclose(result.daily, expected.daily, atol=1e-4)
    np.testing.assert_allclose(result.monthly, expected.monthly, atol=1e-4)
    assert np.isfinite(result.daily_std[:, ~field.land]).all()


@pytest.mark.parametrize("n_months", [1, 3])
def test_months_know_the_days_beyond_their_ends(n_months):
    """Untrained, with one window for the whole area: its analysis of a long period, whichever months it is cut into."""
    field = small_ocean()[0][slice(0, 400)]
    trained = untrained(field, n_months=n_months, window=(12, 16))
    result = Reconstructor(trained).reconstruct_field(field[slice(5, 130)])
    anomalies = Anomalies.of(field[slice(5, 130)], trained.climatology, trained.scaling)
    inputs = torch.from_numpy(anomalies.values)[None], torch.from_numpy(anomalies.observed)[None]
    with torch.no_grad():
        analysis = trained.network.surroundings.corrections(*inputs)[0][0].numpy()
    year = field[slice(5, 130)].year_fraction
    expected = analysis * trained.scaling.at(year)[:, None, None] + trained.climatology.at(year)
    hidden = ~anomalies.observed & ~anomalies.land
    np.testing.assert_allclose(result.daily[hidden], expected[hidden], atol=0.05)


def test_observations_are_given_back_and_land_stays_empty():
    field = small_ocean()[0][slice(0, 400)]
    result = Reconstructor(untrained(field, head=0.5)).reconstruct_field(field[slice(0, 90)])
    seen = field.observed[:90, 0]
    np.testing.assert_array_equal(result.daily[seen], field.values[:90, 0][seen])
    assert (result.daily_std[seen] == 0).all()
    assert np.isnan(result.daily[:, field.land]).all()
    hidden = ~seen & ~field.land
    assert np.isfinite(result.daily[hidden]).all()
    assert (result.daily_std[hidden] > 0).all()


def test_seams_do_not_show():
    """Steps across the edges of windows must be no larger than steps within them."""
    values = np.zeros((400, 24, 40), np.float32) + 10 * np.sin(np.arange(400) / 58)[:, None, None]
    field = Field.from_cube(make_cube(values)).hide(np.random.default_rng(0).random((400, 24, 40)) < 0.7)
    result = Reconstructor(untrained(field, head=0.5)).reconstruct_field(field[slice(0, 31)])
    steps = np.abs(np.diff(result.monthly[0], axis=1)).mean(axis=0)
    edges = np.array([7, 15, 23, 31])  # between the columns where windows of 8 would meet
    assert steps[edges].mean() < 1.5 * np.delete(steps, edges).mean()


def test_the_ring_of_longitudes_closes():
    """Rolling a global field by any number of columns must roll the answer."""
    lon = 22.5 * np.arange(16)
    values = wavy_ocean(400, 8, 16)
    values[:, :3, :4] = 15.0
    hidden = np.random.default_rng(0).random((400, 8, 16)) < 0.6
    answers = []
    for shift in (0, 4):
        cube = make_cube(np.roll(values, shift, axis=2), lat=np.linspace(-70, 70, 8), lon=lon)
        field = Field.from_cube(cube).hide(np.roll(hidden, shift, axis=2))
        assert field.closes
        trained = untrained(field, head=0.5)
        result = reconstruct(trained, field[slice(0, 31)], trained.climatology, trained.scaling)
        answers.append(np.roll(result.daily, -shift, axis=2))
    np.testing.assert_allclose(answers[0], answers[1], atol=2e-3)


def test_a_field_smaller_than_a_window_and_a_single_day_are_fine():
    field = small_ocean()[0][slice(0, 400)]
    trained = untrained(field, window=(32, 32))
    assert Reconstructor(trained).reconstruct_field(field[slice(40, 41)]).daily.shape == (1, 12, 16)


def test_without_daily_decoder_days_are_the_first_guess_without_deviation():
    field = small_ocean()[0][slice(0, 400)]
    result = Reconstructor(untrained(field, daily=False)).reconstruct_field(field[slice(0, 59)])
    assert result.daily_std is None
    assert result.monthly_std is not None


def test_a_model_that_knew_no_whole_month_says_no_deviation_of_months():
    field = small_ocean()[0][slice(0, 400)]
    trained = untrained(field)
    alone = trained.settings.data.model_copy(update={"target": None})
    trained = replace(trained, settings=trained.settings.model_copy(update={"data": alone}))
    result = Reconstructor(trained).reconstruct_field(field[slice(0, 59)])
    assert result.monthly_std is None
    assert result.daily_std is not None


def test_a_notebook_needs_only_the_folder(tmp_path):
    field = small_ocean()[0][slice(0, 400)]
    trained = untrained(field)
    record = {
        **trained.record,
        "training": {"steps": 0, "best_step": 0, "seconds": 0.0, "skipped": 0, "device": "cpu"},
        "validation_rmse": {},
        "grid": {"cells": [12, 16], "latitude": [30.0, 32.75], "longitude": [140.0, 143.75]},
    }
    write_folder(tmp_path / "model", replace(trained, record=record))
    cube = field[slice(0, 59)].to_cubes()[0]
    kelvin = cube.copy()
    kelvin.convert_units("K")
    daily = esmlearn.load(tmp_path / "model").reconstruct(kelvin)
    assert daily.units == "K"
    assert daily.shape == cube.shape
    ocean = ~np.ma.getmaskarray(daily.data)
    np.testing.assert_array_equal(ocean, np.broadcast_to(~field.land, cube.shape))
    seen = ~np.ma.getmaskarray(cube.data)
    np.testing.assert_allclose(daily.data[seen] - 273.15, cube.data[seen], atol=1e-3)
    monthly = esmlearn.load(tmp_path / "model").reconstruct(cube, frequency="mon")
    assert monthly.shape == (2, 12, 16)
    with pytest.raises(DataError, match="'day' or 'mon'"):
        esmlearn.load(tmp_path / "model").reconstruct(cube, frequency="year")


def test_another_grid_gets_a_climatology_of_its_own():
    field = small_ocean()[0]
    reconstructor = Reconstructor(untrained(field))
    elsewhere = Field.from_cube(make_cube(wavy_ocean(400, seed=5) + 4, lon=200 + 0.25 * np.arange(16)))
    climatology, _ = reconstructor.climate(elsewhere)
    assert climatology.covers(elsewhere.like[0])
    assert np.nanmean(climatology.coefficients[0]) > np.mean(reconstructor.trained.climatology.coefficients[0]) + 2
    with pytest.raises(DataError, match="306 days of the year unseen"):
        reconstructor.reconstruct_field(elsewhere[slice(0, 60)])


def test_monthly_data_are_refused():
    cube = make_cube(wavy_ocean(24))
    cube.coord("time").points = cube.coord("time").points * 30
    cube.coord("time").bounds = None
    field = small_ocean()[0]
    with pytest.raises(DataError, match="needs daily data, but sea_surface_temperature has a step of 30 days"):
        Reconstructor(untrained(field)).reconstruct(cube)
