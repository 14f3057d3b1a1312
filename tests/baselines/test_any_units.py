"""Methods give the same in any units: what is scaled and shifted comes out scaled and shifted."""

import numpy as np
import pytest

from esmlearn import baselines
from esmlearn.baselines import estimation, find_outliers
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.settings import BaselineSettings
from tests.made_fields import make_cube, wavy_ocean

UNITS = [(1e-9, 0.0), (1e-4, 0.03), (1.0, 273.15), (1e5, -2e7), (1e9, 1e11)]
"""Factors and offsets; single precision allows offsets of some hundred deviations."""

SHORT = slice(400, 430)

KERNEL = BaselineSettings.model_validate({"optimal_interpolation": {"kernel": "matern_32", "neighbours": 12}})
SCALES = BaselineSettings.model_validate(
    {
        "kriging": {"components": [{"length_km": 60, "time_days": 8}], "noise_share": 0.1},
        "optimal_interpolation": {
            "kernel": "matern_32",
            "length_km": 60,
            "time_days": 8,
            "noise_share": 0.1,
            "neighbours": 12,
        },
    }
)
"""All but sigma: scales that differ by rounding would choose others among neighbours that are equally near."""


def anomalous(values):
    """A field of a quantity that no range of plausible values is known of."""
    cube = make_cube(values, units="1")
    cube.standard_name, cube.long_name = None, "anomaly"
    return Field.from_cube(cube)


def cloudy(values, *, seed=1):
    """Gaps of several days and cells."""
    blocks = np.random.default_rng(seed).random((len(values) // 5 + 1, 4, 4)) < 0.4
    hidden = blocks.repeat(5, axis=0).repeat(3, axis=1).repeat(4, axis=2)[: len(values)]
    return np.where(hidden, np.nan, values)


@pytest.fixture(scope="module")
def ocean():
    """Two years with gaps and some noise."""
    values = wavy_ocean(730).astype(np.float64)
    return cloudy(values + 0.1 * np.random.default_rng(0).standard_normal(values.shape))


@pytest.fixture(scope="module")
def usual(ocean):
    """What each baseline gives in the usual units."""
    return {name: filled(name, ocean) for name in baselines.BASELINES}


def filled(name, values):
    """Days and deviation of a part of a record that a baseline was fitted to."""
    field = anomalous(values)
    return baselines.fit(name, field, settings=SCALES).reconstruct_field(field[SHORT])


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("name", sorted(baselines.BASELINES))
def test_baselines_follow_the_units(name, units, ocean, usual):
    factor, offset = units
    found = filled(name, factor * ocean + offset)
    np.testing.assert_allclose((found.daily.astype(float) - offset) / factor, usual[name].daily, atol=5e-3)
    if found.daily_std is not None:
        np.testing.assert_allclose(found.daily_std.astype(float) / factor, usual[name].daily_std, atol=5e-3)


# Powers of two keep all digits: of two candidates that are as good, rounding may decide.
@pytest.mark.parametrize("units", [(2.0**-30, 0.0), (2.0**13, 0.0), (2.0**30, 0.0)])
def test_the_estimate_of_the_covariance_follows_the_units(units, ocean, monkeypatch):
    monkeypatch.setattr(estimation, "TRIALS", 40)
    factor, offset = units
    usual, other = (
        baselines.fit("optimal_interpolation", anomalous(values), settings=KERNEL).parameters
        for values in (ocean[:400], factor * ocean[:400] + offset)
    )
    assert other.pop("kernel") == usual.pop("kernel")
    assert other.pop("sigma") / factor == pytest.approx(usual.pop("sigma"), rel=2e-2)
    assert other == pytest.approx(usual, rel=2e-2)


@pytest.mark.parametrize("units", UNITS[::2])
def test_outliers_are_the_same_in_any_units(units, ocean):
    factor, offset = units
    wrong = ocean.copy()
    wrong[SHORT][::7, ::5, ::5] += 8

    def found(values):
        field = anomalous(values)
        analysis = baselines.fit("optimal_interpolation", field, settings=SCALES)
        return find_outliers(field[SHORT], analysis)

    usual = found(wrong)
    assert usual.any()
    np.testing.assert_array_equal(found(factor * wrong + offset), usual)


@pytest.mark.parametrize("units", UNITS)
def test_the_error_of_a_climatology_follows_the_units(units, ocean):
    factor, offset = units
    # Nine months, of which some cells were seen in six.
    seen = ocean[:270].copy()
    seen[180:, :, 10:] = np.nan
    usual, other = (Climatology.fit(anomalous(values)) for values in (seen, factor * seen + offset))
    assert usual.error is not None
    assert usual.error.max() > 0.1
    np.testing.assert_allclose(other.error.astype(float) / factor, usual.error, rtol=1e-2, atol=1e-3)
