"""Errors of observations: read from cubes, kept by every selection, and never taken for zero where unknown."""

import numpy as np
import pytest
from iris.coords import AncillaryVariable

from esmlearn import baselines
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.smoothing import smooth_by_leaving_out
from tests.made_fields import make_cube

NOTHING = np.nan


def seen(shape=(4, 3, 5), seed=0) -> np.ndarray:
    """Values with gaps, and land in a corner."""
    rng = np.random.default_rng(seed)
    values = rng.normal(15, 2, shape)
    values[rng.random(shape) < 0.3] = NOTHING
    values[:, 0, 0] = NOTHING
    return values


def cube_with_errors(values, error, *, units="K", descending=False, **names):
    """A cube whose standard error is an ancillary variable."""
    lat = 30 + 0.25 * np.arange(values.shape[1])
    cube = make_cube(values, lat=lat[::-1] if descending else lat)
    names = names or {"standard_name": "sea_surface_temperature standard_error"}
    data = np.ma.masked_invalid(np.broadcast_to(error, values.shape).astype(np.float32))
    cube.add_ancillary_variable(AncillaryVariable(data, units=units, **names), range(3))
    return cube


@pytest.mark.parametrize(
    "names", [{"standard_name": "sea_surface_temperature standard_error"}, {"var_name": "tos_standard_deviation"}]
)
@pytest.mark.parametrize(("units", "factor"), [("K", 1.0), ("degC", 1.0), ("mK", 0.001), ("degF", 5 / 9)])
def test_errors_are_differences_in_the_units_of_the_field(names, units, factor):
    """0.4 K is 0.4 degC, not -272.75."""
    values = seen()
    field = Field.from_cube(cube_with_errors(values, 0.4, units=units, **names), units="degC")
    np.testing.assert_allclose(field.error[field.observed], 0.4 * factor, rtol=1e-6)
    assert np.isnan(field.error[~field.observed]).all()


def test_rows_of_the_errors_turn_with_those_of_the_values():
    values, error = seen(), np.random.default_rng(1).uniform(0.1, 1, (4, 3, 5))
    field = Field.from_cube(cube_with_errors(values[:, ::-1], error[:, ::-1], descending=True))
    np.testing.assert_allclose(field.error[:, 0], np.where(np.isfinite(values), error, np.nan), rtol=1e-6)


def test_a_missing_error_is_the_median_of_the_others():
    values = np.ones((1, 1, 5))
    error = np.array([0.1, 0.2, 0.9, NOTHING, 0.2])
    field = Field.from_cube(cube_with_errors(values, error))
    np.testing.assert_allclose(field.error[0, 0, 0], [0.1, 0.2, 0.9, 0.2, 0.2], rtol=1e-6)


@pytest.mark.parametrize("error", [0.0, NOTHING])
def test_errors_of_zero_everywhere_are_not_known(error):
    assert Field.from_cube(cube_with_errors(seen(), error)).error is None


@pytest.mark.parametrize("error", [-0.1, np.inf])
def test_impossible_errors_are_refused(error):
    values = np.ones((2, 2, 2))
    cube = cube_with_errors(values, 0.3)
    cube.ancillary_variables()[0].data = np.full((2, 2, 2), error, np.float32)
    with pytest.raises(DataError, match="sea_surface_temperature are standard deviations, but some are negative"):
        Field.from_cube(cube)


def test_errors_in_other_quantities_are_refused():
    with pytest.raises(DataError, match="errors of sea_surface_temperature are in m, which does not convert"):
        Field.from_cube(cube_with_errors(seen(), 0.3, units="m"))


def test_every_selection_keeps_values_and_errors_together():
    values, error = seen(), np.random.default_rng(1).uniform(0.1, 1, (4, 3, 5))
    field = Field.from_cube(cube_with_errors(values, error))
    wanted = np.where(np.isfinite(values), error, np.nan).astype(np.float32)
    np.testing.assert_array_equal(field[slice(1, 3)].error[:, 0], wanted[1:3])
    np.testing.assert_array_equal(field.region(slice(1, 3), slice(2, 4)).error[:, 0], wanted[:, 1:3, 2:4])
    np.testing.assert_array_equal(field.level(0).error[:, 0], wanted)
    hidden = np.zeros(values.shape, bool)
    hidden[2] = True
    assert np.isnan(field.hide(hidden).error[2]).all()
    np.testing.assert_array_equal(field.hide(hidden).error[:2, 0], wanted[:2])


def test_errors_are_given_as_a_number_or_a_cube():
    values = seen()
    field = Field.from_cube(make_cube(values))
    assert field.error is None
    assert (field.deviation == 0).all()
    assert field.with_error(0.3).error[field.observed] == pytest.approx(0.3)
    cube = make_cube(np.full(values.shape, 0.25), units="K")
    given = Field.from_cube(make_cube(values), units="K").with_error(cube)
    assert given.error[given.observed] == pytest.approx(0.25)
    carried = Field.from_cube(cube_with_errors(values, 0.4))
    assert carried.with_error(None) is carried
    assert carried.with_error(0.0).error is None
    with pytest.raises(DataError, match="must have its grid and 4 times"):
        field.with_error(make_cube(np.full((3, 3, 5), 0.2)))
    with pytest.raises(DataError, match="has other times"):
        field.with_error(make_cube(np.full((4, 3, 5), 0.2), first_day=9))


@pytest.mark.parametrize("error", [None, 0.3])
def test_a_result_can_be_filled_again(error):
    """Only what was observed counts as observed, so that nothing changes the second time."""
    values = seen((40, 3, 5))
    cube = make_cube(values)
    training = Field.from_cube(make_cube(seen((400, 3, 5), seed=1)))
    method = baselines.fit("time_interpolation", training, climatology=Climatology.fit(training))
    once = method.reconstruct(cube, error=error)
    twice = method.reconstruct(once)
    np.testing.assert_array_equal(once.data.filled(-1), twice.data.filled(-1))
    for first, second in zip(once.ancillary_variables(), twice.ancillary_variables(), strict=True):
        np.testing.assert_array_equal(first.data, second.data)
    again = Field.from_cube(once)
    np.testing.assert_array_equal(again.observed[:, 0], np.isfinite(values))
    assert Field.from_cube(once, complete=True).observed[:, 0].sum() == once.data.count()


def test_smoothing_weighs_what_is_said_without_an_observation_against_it():
    """The method says 1 with a deviation of 0.6 wherever it is not told; observations are 3 with errors of 0.8."""
    field = Field.from_cube(make_cube(np.where(np.arange(60).reshape(4, 3, 5) % 3 == 0, NOTHING, 3.0)))
    land = np.zeros((3, 5), bool)
    field = Field.from_cube(field.like[0], land=land).with_error(0.8)

    def says_one(given: Field) -> Reconstruction:
        days = np.where(given.observed[:, 0], given.values[:, 0], np.float32(1.0))
        std = np.where(given.observed[:, 0], given.deviation[:, 0], np.float32(0.6))
        return Reconstruction(days, days.mean(axis=0, keepdims=True), std)

    smooth, observed = smooth_by_leaving_out(says_one, field), field.observed[:, 0]
    assert smooth.daily[observed] == pytest.approx(1 + 2 * 0.36)
    assert smooth.daily_std[observed] == pytest.approx(0.48)
    assert smooth.daily[~observed] == pytest.approx(1)
    assert smooth.daily_std[~observed] == pytest.approx(0.6)
    np.testing.assert_allclose(smooth.monthly[0], smooth.daily.mean(axis=0), rtol=1e-6)
    with pytest.raises(SettingsError, match="needs the standard deviation of the errors"):
        smooth_by_leaving_out(says_one, field.with_error(0.0))


def test_a_method_that_can_not_smooth_says_so():
    training = Field.from_cube(make_cube(seen((400, 3, 5), seed=1)))
    method = baselines.fit("persistence", training, climatology=Climatology.fit(training))
    with pytest.raises(SettingsError, match="Persistence gives observations back as they are"):
        method.reconstruct(make_cube(seen()), smooth_observed=True)


def test_members_have_the_error_of_what_was_observed():
    field = Field.from_cube(make_cube(seen()), land=np.zeros((3, 5), bool)).with_error(0.3)
    members = np.random.default_rng(0).standard_normal((3, 4, 3, 5)).astype(np.float32)
    members[:, field.observed[:, 0]] = 1.0
    std = Reconstruction.of_members(members, field).daily_std
    assert std[field.observed[:, 0]] == pytest.approx(0.3)
    np.testing.assert_array_equal(std[~field.observed[:, 0]], members.std(axis=0, ddof=1)[~field.observed[:, 0]])
