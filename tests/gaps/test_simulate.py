"""Gaps hide the share that was asked for, travel, last, and come back the same for the same seed."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from esmlearn.errors import SettingsError
from esmlearn.gaps.random_fields import autoregression, random_field
from esmlearn.gaps.simulate import KINDS, simulate_gaps, travelling_clouds

SHAPE = (730, 32, 40)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_gaps(kind):
    """The same seed gives the same mask, another seed another one."""
    first, again, other = (simulate_gaps(kind, *SHAPE, share=0.7, seed=seed) for seed in (1, 1, 2))
    assert first.dtype == bool and first.shape == SHAPE
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.67, 0.8])
def test_share_is_what_was_asked(kind, share):
    """Over a long series the share holds."""
    hidden = simulate_gaps(kind, *SHAPE, share=share, seed=3)
    assert hidden.mean() == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_and_everything(kind, share):
    """The ends of the range hide nothing, or everything."""
    assert simulate_gaps(kind, 5, 8, 9, share=share, seed=1).mean() == share


def test_clouds_have_a_season():
    """Around the cloudiest day more is hidden than half a year later, by twice the amplitude."""
    days = np.arange(3653) % 365.25
    hidden = travelling_clouds(3653, 32, 32, share=0.7, seed=4, day_of_year=days).mean(axis=(1, 2))
    winter, summer = hidden[np.cos(2 * np.pi * (days - 15) / 365.25) > 0.7], hidden[np.abs(days - 197) < 45]
    assert winter.mean() - summer.mean() == pytest.approx(2 * 0.07 * 0.9, abs=0.04)


def test_days_differ_and_some_places_stay_hidden():
    """Nearly clear and wholly hidden days occur, and so do places that a whole month does not see."""
    hidden = travelling_clouds(3653, 32, 32, share=0.7, seed=5)
    share = hidden.mean(axis=(1, 2))
    assert share.min() < 0.1 and share.max() > 0.99
    months = hidden[:3600].reshape(120, 30, 32, 32).all(axis=1)  # consecutive blocks of 30 days
    assert 0.003 < months.mean() < 0.06


def test_clouds_travel():
    """A cloud is most like the cloud of the day before where the drift has taken it."""
    hidden = travelling_clouds(1000, 32, 48, share=0.6, seed=6, drift=(6.0, 0.0)).astype(float)
    cover = hidden - uniform_filter1d(hidden, 15, axis=0)  # without the slow part, which stays in place
    likeness = [
        (cover[1:, :, 12:-12] * np.roll(cover[:-1], shift, axis=2)[:, :, 12:-12]).mean() for shift in range(-12, 13)
    ]
    assert np.argmax(likeness) - 12 == pytest.approx(6, abs=1)


def test_random_field_is_normal_and_has_no_period():
    """Mean 0, variance 1, and no likeness between opposite edges."""
    field = random_field((6000, 24, 24), np.random.default_rng(7), length_scale=4.0, persistence_days=1.0)
    assert field.mean() == pytest.approx(0.0, abs=0.02)
    assert field.var() == pytest.approx(1.0, abs=0.02)
    first, second, last = field[:, 12, 0], field[:, 12, 1], field[:, 12, -1]
    assert np.corrcoef(first, second)[0, 1] > 0.5
    assert abs(np.corrcoef(first, last)[0, 1]) < 0.1
    # Neither direction is preferred.
    along_lat, along_lon = np.diff(field, axis=1).var(), np.diff(field, axis=2).var()
    assert along_lat == pytest.approx(along_lon, rel=0.02)


@pytest.mark.parametrize("smooth", [False, True])
def test_random_field_keeps_its_variance(smooth):
    """A smooth field has unit variance too, and moves less from day to day."""
    options = {"length_scale": 4.0, "persistence_days": 8.0, "smooth": smooth}
    field = random_field((4000, 24, 24), np.random.default_rng(8), **options)
    assert field[200:].var() == pytest.approx(1.0, abs=0.06)
    steps = np.diff(field, axis=0).var()
    assert (steps < 0.1) == smooth


def test_autoregression_forgets_at_its_rate():
    """Variance 1, and the correlation from step to step that was asked for."""
    series = autoregression(np.random.default_rng(9).standard_normal(50_000), 0.8)
    assert series.std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(series[1:], series[:-1])[0, 1] == pytest.approx(0.8, abs=0.01)


def test_swaths_repeat():
    """After the repeat cycle the swaths lie where they were, and in between each place is seen."""
    hidden = simulate_gaps("swaths", 32, 20, 64, share=0.7, seed=10, repeat_days=16)
    np.testing.assert_array_equal(hidden[:16], hidden[16:])
    assert not hidden[:16].all(axis=0).any()


def test_rectangles_do_not_prefer_the_middle():
    """No cell is hidden much less often than the mean for where it lies."""
    often = simulate_gaps("rectangles", 4000, 16, 24, share=0.6, seed=11).mean(axis=0)
    assert often.min() > 0.52 and often.max() < 0.68


@pytest.mark.parametrize("kind", ["rectangles", "profiles"])
@pytest.mark.parametrize("share", [0.5, 0.95, 0.995])
def test_little_may_be_left(kind, share):
    """Up to 99.5 % are hidden on a day, whatever the size of rectangles; no day is left without any value."""
    options = {"min_size": 2, "max_size": 9} if kind == "rectangles" else {}
    hidden = simulate_gaps(kind, 20, 48, 64, share=share, seed=12, **options)
    assert hidden.mean() == pytest.approx(share, abs=0.001)
    assert np.abs(hidden.mean(axis=(1, 2)) - share).max() < 0.02 and not hidden.all(axis=(1, 2)).any()


def test_profiles_are_single_cells_anywhere():
    """What is seen does not cluster, and each cell has its turn."""
    seen = ~simulate_gaps("profiles", 4000, 16, 24, share=0.95, seed=13)
    together = (seen[:, 1:] & seen[:, :-1]).mean()
    assert together == pytest.approx(0.05**2, rel=0.1)
    assert seen.mean(axis=0).min() > 0.03


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("fog", {}, "clouds, rectangles, swaths, profiles"),
        ("clouds", {"share": 1.2}, "between 0 and 1"),
        ("clouds", {"day_of_year": np.arange(3)}, "one value for each of the 5 days"),
        ("rectangles", {"min_size": 9, "max_size": 3}, "min_size <= max_size"),
        ("swaths", {"spacing": 0.0}, "spacing > 1"),
    ],
)
def test_impossible_settings_are_refused(kind, options, words):
    """The message says what is possible."""
    with pytest.raises(SettingsError, match=words):
        simulate_gaps(kind, 5, 8, 9, **({"share": 0.5, "seed": 1} | options))
