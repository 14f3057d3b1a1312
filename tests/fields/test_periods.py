"""Gaps must be the same for all, periods must not touch."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_period, select_role
from esmlearn.gaps.apply import apply_gaps
from esmlearn.settings import GapSettings, SplitSettings
from tests.made_fields import make_cube, wavy_ocean


@pytest.fixture(scope="module")
def field():
    return Field.from_cube(make_cube(wavy_ocean(3 * 365 + 1), first_day=0))


@pytest.mark.parametrize("kind", ["clouds", "rectangles", "swaths"])
def test_simulated_gaps_are_seeded(field, kind):
    first, second, other = (apply_gaps(field, GapSettings(kind=kind, share=0.6, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.observed, second.observed)
    assert (first.observed != other.observed).any()
    assert first.observed[:, 0, ~field.land].mean() == pytest.approx(0.4, abs=0.1)
    np.testing.assert_array_equal(first.values[first.observed], field.values[first.observed])


def test_gaps_of_the_data_are_left_as_they_are(field):
    assert apply_gaps(field, GapSettings()) is field


def test_gaps_of_another_dataset_are_taken_over(field):
    clouds = np.zeros((100, 12, 16), bool)
    clouds[:, 6:] = True
    other = field[slice(0, 100)].hide(clouds)
    gappy = apply_gaps(field, GapSettings(kind="dataset", dataset="Other"), other)
    assert not gappy.observed[:, 0, 6:].any()
    np.testing.assert_array_equal(gappy.observed[:, 0, :6], field.observed[:, 0, :6])


def test_gaps_of_another_grid_are_refused(field):
    other = Field.from_cube(make_cube(wavy_ocean(10, 8, 8)))
    with pytest.raises(DataError, match="on the grid of the observations"):
        apply_gaps(field, GapSettings(kind="dataset", dataset="Other"), other)


def test_roles_are_apart_by_the_buffer(field):
    split = SplitSettings(train="2001/2001", validation="2002-01-01/2002-12-31", test="2003/2003", buffer_days=10)
    roles = {role: select_role(field, split, role).dates for role in ("train", "validation", "test")}
    assert roles["test"][0].strftime("%Y-%m-%d") == "2003-01-01"
    assert (roles["test"][0] - roles["validation"][-1]).days > 10
    assert (roles["validation"][0] - roles["train"][-1]).days > 10
    assert len(roles["test"]) == 365


def test_period_includes_both_ends(field):
    dates = select_period(field, "2001-02-03/2001-02-05").dates
    assert [date.day for date in dates] == [3, 4, 5]


def test_period_without_data_is_refused_with_what_there_is(field):
    with pytest.raises(DataError, match="2001-01-01 to 2004-01-01 and have no day in 1990/1991"):
        select_period(field, "1990/1991")
