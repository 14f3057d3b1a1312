"""Interpolation in time against series that can be checked by hand."""

import numpy as np
import pytest

from esmlearn.fields.time_interpolation import interpolate_in_time, observed_mean


def series(values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    array = np.array(values, np.float32)[:, None, None]
    return array, np.isfinite(array)


NAN = float("nan")


def test_gaps_are_filled_on_a_line_and_ends_persist():
    guess = interpolate_in_time(*series([NAN, 2.0, NAN, NAN, 8.0, NAN]))
    np.testing.assert_allclose(guess.values.ravel(), [2, 2, 4, 6, 8, 8])
    np.testing.assert_array_equal(guess.days_since.ravel(), [np.inf, 0, 1, 2, 0, 1])
    np.testing.assert_array_equal(guess.days_until.ravel(), [1, 0, 2, 1, 0, np.inf])


def test_left_out_days_do_not_see_themselves():
    guess = interpolate_in_time(*series([0.0, 10.0, 2.0, 3.0]), leave_out=True)
    np.testing.assert_allclose(guess.values.ravel(), [10, 1, 6.5, 2])
    np.testing.assert_array_equal(guess.days_since.ravel(), [np.inf, 1, 1, 1])


def test_cell_without_any_observation_gets_the_climatology():
    guess = interpolate_in_time(*series([NAN, NAN, NAN]))
    assert not guess.values.any()
    assert np.isinf(guess.days_since).all()


@pytest.mark.parametrize("leave_out", [False, True])
def test_agrees_with_numpy(leave_out):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(60, 3, 4)).astype(np.float32)
    observed = rng.random(values.shape) < 0.3
    guess = interpolate_in_time(values, observed, leave_out=leave_out).values
    days = np.arange(60)
    for row, column in np.ndindex(3, 4):
        seen = observed[:, row, column]
        for day in days:
            use = seen & (days != day) if leave_out else seen
            expected = np.interp(day, days[use], values[use, row, column])
            assert guess[day, row, column] == pytest.approx(expected, abs=1e-5)


def test_mean_counts_observed_days_only():
    np.testing.assert_allclose(observed_mean(*series([1.0, NAN, 4.0])), [[2.5]])
    assert np.isnan(observed_mean(*series([NAN, NAN]))).all()


def test_rows_are_interpolated_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    values, observed = rng.normal(size=(30, 5, 4)).astype(np.float32), rng.random((30, 5, 4)) < 0.4
    whole = interpolate_in_time(values, observed)
    monkeypatch.setattr("esmlearn.grids.rows.MOST_VALUES", 1)
    for rows, expected in zip(interpolate_in_time(values, observed), whole, strict=True):
        np.testing.assert_array_equal(rows, expected)
