"""Profiles are scored as wholes: errors that go together count, and each level in its own deviation."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.evaluation.profile_scores import score_profiles
from tests.evaluation.ensemble_case import N_DAYS, SPREAD, ensemble_case


def at_depth(case, depth, *, scale=1.0):
    """A case as a level, its values and errors stretched."""
    field = replace(case.field, levels=np.array([depth]))
    results = tuple(
        replace(
            result,
            reconstruction=replace(
                result.reconstruction,
                daily=scale * result.reconstruction.daily,
                members=None if (members := result.reconstruction.members) is None else scale * members,
            ),
        )
        for result in case.results
    )
    return replace(case, field=field, dataset=f"Ocean at {depth:g} m", results=results, truth=scale * case.truth)


def test_levels_that_say_the_same_count_as_one():
    """The distance is a root mean square: of two equal levels it is that of one, the CRPS in units of the deviation.

    Members and truth are normal with the deviation SPREAD, and the climatology is 1 off everywhere: of such, the fair
    CRPS is SPREAD / sqrt(pi).
    """
    case = ensemble_case()
    (row,) = score_profiles([at_depth(case, 5.0), at_depth(case, 50.0, scale=np.float32(0.01))])
    assert row["value"] == pytest.approx(SPREAD / np.pi**0.5, rel=0.02)
    assert (row["dataset"], row["metric"], row["method"]) == ("Ocean", "energy_score_profile", "ConditionalDiffusion")
    assert (row["region"], row["units"], "level" in row) == ("all", "1", False)
    assert row["n"] == (~case.observed & ~case.field.land).sum()
    assert row["low"] < row["value"] < row["high"]
    assert N_DAYS > 5


def test_a_profile_counts_where_any_level_is_hidden():
    case = ensemble_case()
    seen = np.ones_like(case.observed) & ~case.field.land
    seen[0] = case.observed[0]
    hidden = (~case.observed & ~case.field.land).sum()
    (row,) = score_profiles([at_depth(case, 5.0), at_depth(replace(case, observed=seen), 50.0)])
    assert row["n"] == hidden
    (alone,) = score_profiles([at_depth(case, 5.0), at_depth(case, 50.0)])
    assert row["value"] == pytest.approx(alone["value"], rel=0.02)


def test_one_level_and_surfaces_have_no_profiles():
    case = ensemble_case()
    assert score_profiles([case, at_depth(case, 5.0)]) == []
