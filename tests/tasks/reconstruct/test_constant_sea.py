"""Where nothing varies, as under ice, every method gives finite values near the constant, and small deviations."""

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.fields.reconstruction import read_values
from esmlearn.settings import BaselineSettings
from esmlearn.tasks.downscale.conditions import StaticFields
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.train import fit
from tests.made_fields import make_cube
from tests.small import small_ocean, small_settings

SHAPE = (400, 5, 6)
LAT = -70 + 0.25 * np.arange(5)
ICE = -1.8
QUICK = BaselineSettings.model_validate(
    {"optimal_interpolation": {"kernel": "matern_32", "noise_share": 0.1, "neighbours": 12}}
)
"""One candidate, of which length, time and sigma are estimated."""


def ice(kind):
    """Temperatures that never vary, vary in some cells only, or in some months only; with gaps."""
    rng = np.random.default_rng(0)
    values = 2 + np.sin(np.arange(SHAPE[0]) / 58)[:, None, None] + rng.standard_normal(SHAPE)
    where = {
        "everywhere": np.s_[:],
        "in some cells": np.s_[:, :3],
        "for some months": np.s_[90:200],
    }
    values[where[kind]] = ICE
    return make_cube(np.where(rng.random(SHAPE) < 0.4, np.nan, values), lat=LAT)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model, trained for one step."""
    settings = small_settings(steps=1, validate_every=1)
    return Reconstructor(fit(*small_ocean(), settings, tmp_path_factory.mktemp("model")))


@pytest.mark.parametrize(("climatology", "error"), [(None, None), ("packaged", None), (None, 0.1)])
@pytest.mark.parametrize("kind", ["everywhere", "in some cells", "for some months"])
@pytest.mark.parametrize("method", ["model", *sorted(baselines.BASELINES)])
def test_methods_are_finite_where_nothing_varies(method, kind, climatology, error, model):
    cube = ice(kind)
    if method == "model":
        filled = model.reconstruct(cube[:60], climatology=climatology or "packaged", error=error)
    else:
        baseline = baselines.fit(method, cube, climatology=climatology, error=error, settings=QUICK)
        filled = baseline.reconstruct(cube[:60], error=error)
    values, deviation = read_values(filled)
    assert np.isfinite(values).all()
    if kind == "everywhere" and climatology is None and method != "model":
        np.testing.assert_allclose(values, ICE, atol=1e-4)
    if deviation is not None:
        assert np.isfinite(deviation).all()
        assert (deviation >= 0).all()


@pytest.mark.parametrize("by", ["variable", "calendar_day"])
@pytest.mark.parametrize("constant", [0.0, ICE, 1e9])
def test_a_deviation_of_anomalies_is_never_zero(constant, by):
    field = Field.from_cube(named(np.full(SHAPE, constant)))
    spread = Scaling.fit(field, Climatology.fit(field), by=by).at(field.year_fraction)
    assert (spread > 0).all()
    assert (spread < 1e-6 * max(abs(constant), 1e-9)).all()


@pytest.mark.parametrize("by", ["pixel", "domain"])
@pytest.mark.parametrize("constant", [0.0, ICE, 1e9])
def test_a_monthly_deviation_is_never_zero_and_never_of_some_unit(constant, by):
    scaling = MonthlyScaling.fit(Field.from_cube(named(np.full(SHAPE, constant))), by=by)
    assert (scaling.std > 0).all()
    assert (scaling.std < 1e-6 * max(abs(constant), 1e-9)).all()


def test_a_constant_static_field_is_zero_and_a_small_one_keeps_its_shape():
    constant, small = np.full((3, 4), 0.1), 1e-9 * np.arange(12.0).reshape(3, 4)
    found = StaticFields.of({"constant": constant, "small": small}, (3, 4)).values
    np.testing.assert_allclose(found[0], 0.0, atol=1e-3)
    assert found[1].std() == pytest.approx(1.0)


def named(values):
    """A cube of a quantity that no range of plausible values is known of."""
    cube = make_cube(values, units="1")
    cube.standard_name, cube.long_name = None, "anomaly"
    return cube
