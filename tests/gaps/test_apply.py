"""Gaps by the settings of a recipe: the days of another dataset in order, or simulated ones with their season."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.simulate import KINDS, simulate_gaps
from esmlearn.settings import GapSettings
from tests.made_fields import make_cube

OTHER = GapSettings(kind="dataset", dataset="Other")


def complete(n_days, shape=(6, 8), **options):
    return Field.from_cube(make_cube(np.full((n_days, *shape), 15.0), **options))


def with_gaps(seen):
    """A field that is known where `seen` is true, and wholly on one more day, so that nothing is land."""
    return Field.from_cube(make_cube(np.where(np.concatenate([seen, np.ones_like(seen[:1])]), 15.0, np.nan)))


def test_gaps_of_the_data_are_those_of_the_data():
    field = complete(3)
    assert apply_gaps(field, GapSettings()) is field


def test_the_days_of_another_dataset_are_taken_in_order_and_again_after_its_end():
    seen = np.random.default_rng(0).random((2, 6, 8)) < 0.5
    gappy = apply_gaps(complete(7), OTHER, with_gaps(seen))
    cycle = [*seen, np.ones_like(seen[0])]
    np.testing.assert_array_equal(gappy.observed[:, 0], np.stack([cycle[day % 3] for day in range(7)]))


@pytest.mark.parametrize("kind", KINDS)
def test_simulated_gaps_have_share_seed_and_of_clouds_the_season(kind):
    field = complete(60, (16, 20), first_day=150)
    gappy = apply_gaps(field, GapSettings(kind=kind, share=0.6, seed=3))
    season = {"day_of_year": 151 + np.arange(60)} if kind == "clouds" else {}
    hidden = simulate_gaps(kind, 60, 16, 20, share=0.6, seed=3, **season)
    np.testing.assert_array_equal(gappy.observed[:, 0], ~hidden)


def test_another_grid_and_gaps_without_end_are_refused():
    with pytest.raises(DataError, match=r"'Other' must be on the grid of the observations, \(6, 8\) cells"):
        apply_gaps(complete(2), OTHER, complete(2, (8, 6)))
    with pytest.raises(DataError, match="must be on the grid"):
        apply_gaps(complete(2), OTHER)
    with pytest.raises(DataError, match="hide everything; lower"):
        apply_gaps(complete(2), OTHER, with_gaps(np.zeros((2, 6, 8), bool)))
