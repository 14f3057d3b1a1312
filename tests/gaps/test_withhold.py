"""What is withheld is as hard as what was hidden, the same for all, and never a whole day."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import maximum_filter

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.time_interpolation import interpolate_in_time
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.withhold import withhold, withhold_somewhere
from esmlearn.settings import GapSettings, WithholdSettings
from tests.made_fields import make_cube, wavy_ocean

CLOUDS, PIXELS = WithholdSettings(share=0.15), WithholdSettings(kind="pixels", share=0.15)


@pytest.fixture(scope="module")
def complete():
    return Field.from_cube(make_cube(wavy_ocean(730)))


@pytest.fixture(scope="module")
def cloudy(complete):
    return apply_gaps(complete, GapSettings(kind="clouds", share=0.6, seed=1))


def taken(before, after):
    """Tell what was observed and is withheld, as shape (time, lat, lon)."""
    assert not (after.observed & ~before.observed).any()
    np.testing.assert_array_equal(after.values[after.observed], before.values[after.observed])
    assert np.isnan(after.values[~after.observed]).all()
    return (before.observed & ~after.observed)[:, 0]


def days_to_observation(given):
    """Days from each value to the nearest one that was given at its place."""
    guess = interpolate_in_time(given.values[:, 0], given.observed[:, 0])
    return np.minimum(guess.days_since, guess.days_until)


@pytest.mark.parametrize("settings", [CLOUDS, PIXELS], ids=lambda settings: settings.kind)
def test_the_share_that_was_asked_for_is_withheld_and_the_same_each_time(cloudy, settings):
    first, again = (taken(cloudy, withhold(cloudy, settings)) for _ in range(2))
    other = taken(cloudy, withhold(cloudy, settings.model_copy(update={"seed": 1})))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.sum() / cloudy.observed.sum() == pytest.approx(0.15, abs=0.02)


def test_stretches_of_days_get_the_whole_gaps_of_another_stretch(cloudy):
    """Each day has all that is missing on its day of the other stretch withheld, or nothing, lest nothing be left."""
    withheld = taken(cloudy, withhold(cloudy, CLOUDS))
    observed = cloudy.observed[:, 0]
    missing = ~observed & ~cloudy.land
    stretches = [slice(start, start + 10) for start in range(0, 730, 10) if withheld[start : start + 10].any()]
    assert 0.15 < 10 * len(stretches) / 730 < 0.4
    for days in stretches:
        some = withheld[days].any(axis=(1, 2))
        fits = [
            (withheld[days] == (np.roll(missing, -lag, axis=0)[days] & observed[days]))[some].all()
            for lag in range(10, 721)
        ]
        assert sum(fits) == 1


def test_withheld_values_are_as_long_unseen_as_hidden_ones(cloudy):
    """Single days and single pixels are not: that is why they flatter what interpolates in time."""
    hidden = ~cloudy.observed[:, 0] & ~cloudy.land
    really = days_to_observation(cloudy)[hidden].mean()

    def mean_days(settings):
        given = withhold(cloudy, settings)
        return days_to_observation(given)[taken(cloudy, given)].mean()

    assert mean_days(CLOUDS) == pytest.approx(really, rel=0.3)
    assert mean_days(PIXELS) < 0.6 * really
    assert mean_days(WithholdSettings(share=0.15, days=1)) < 0.6 * really


@pytest.mark.parametrize("kind", ["clouds", "pixels"])
def test_no_day_loses_all_it_has(cloudy, kind):
    """Clouds of wholly hidden days would empty others, and days that see one cell have nothing to spare."""
    day, row, column = np.ogrid[:730, :12, :16]
    sparse = cloudy.hide((day % 3 == 0) | ((day % 3 == 1) & ((row != 6) | (column != 6))))
    given = withhold(sparse, WithholdSettings(kind=kind, share=0.4))
    np.testing.assert_array_equal(given.observed.any(axis=(1, 2, 3)), sparse.observed.any(axis=(1, 2, 3)))


def test_what_cannot_be_withheld_is_said(complete, cloudy):
    with pytest.raises(DataError, match=r"can withhold 0\.0% of the observations, less than withhold\.share 0\.15"):
        withhold(complete, CLOUDS)
    with pytest.raises(DataError, match="the period has 19 days"):
        withhold(cloudy[slice(0, 19)], CLOUDS)


@pytest.mark.parametrize(
    ("n_days", "words"), [(40, "stretches of 10 times"), (12, "stretches of 3 times"), (1, "simulated clouds")]
)
def test_records_of_any_length_lose_some_clouds(n_days, words):
    rng = np.random.default_rng(0)
    values = np.where(rng.random((n_days, 1, 8)) < 0.3, np.nan, rng.random((n_days, 10, 8)))
    field = Field.from_cube(make_cube(values))
    left, how = withhold_somewhere(field, WithholdSettings(share=0.1))
    hidden = field.observed & ~left.observed
    assert hidden.any() and not (left.observed & ~field.observed).any()
    assert words in how
    again, _ = withhold_somewhere(field, WithholdSettings(share=0.1))
    assert (again.observed == left.observed).all()
    if n_days == 40:
        assert (left.observed == withhold(field, WithholdSettings(share=0.1)).observed).all()


def test_a_single_observation_cannot_be_withheld():
    values = np.full((1, 4, 4), np.nan)
    values[0, 1, 1] = 1.0
    with pytest.raises(DataError, match="too few"):
        withhold_somewhere(Field.from_cube(make_cube(values)), WithholdSettings())


def test_whole_profiles_go_with_all_near_them_in_place_and_time():
    """Each column that is withheld lies near one around which, by two cells and ten days, nothing is left."""
    complete = Field.from_cube(make_cube(wavy_ocean(60)))
    field = complete.hide(np.random.default_rng(1).random(complete.observed[:, 0].shape) < 0.9)
    settings = WithholdSettings(kind="profiles", share=0.2, days=10, cells=2)
    given = withhold(field, settings)
    withheld, left = taken(field, given), given.observed[:, 0]
    assert withheld.sum() / field.observed.sum() == pytest.approx(0.2, abs=0.03)

    def near(mask: np.ndarray) -> np.ndarray:
        return maximum_filter(mask, size=(21, 5, 5), mode="constant")

    centres = withheld & ~near(left)
    assert 0 < centres.sum() < withheld.sum() / 2
    assert (near(centres) | ~withheld).all()


def test_profiles_are_withheld_at_all_levels():
    complete = Field.from_cube(make_cube(wavy_ocean(60)))
    two = replace(
        complete,
        values=np.repeat(complete.values, 2, axis=1),
        observed=np.concatenate(
            [complete.observed, complete.observed & (np.arange(60) % 2 == 0)[:, None, None, None]], 1
        ),
        like=complete.like * 2,
        levels=np.array([5.0, 50.0]),
    )
    given = withhold(two, WithholdSettings(kind="profiles", share=0.1, days=1, cells=0))
    gone = two.observed & ~given.observed
    np.testing.assert_array_equal(gone[:, 0] & two.observed[:, 1], gone[:, 1])
    assert gone[:, 1].any()
