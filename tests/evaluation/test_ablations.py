"""Ablations are scored on the points that were hidden from them, against known answers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from esmlearn.evaluation.ablations import METRICS, score_ablations
from esmlearn.fields.member_cubes import members_cube
from tests.evaluation.ensemble_case import ensemble_case

TIMES = np.array([0, 20, 40, 59])


def cube_of(case, name, *, error=0.0, observed=None, varied=None):
    """Two members, a degree above and below the truth but for an error in common; without a name: as usual."""
    for cube in case.field.like:
        cube.attributes.update({"esmlearn_dataset": "Ocean", "esmlearn_split": "test"})
    given = case.field[TIMES]
    hidden = ~(case.observed[TIMES] if observed is None else observed)
    truth = np.where(given.land, np.nan, case.truth[TIMES]).astype(np.float32)
    members = np.stack([truth + np.float32(error + side) for side in (-1, 1)])[:, :, None]
    cube = members_cube(given.hide(hidden), members)
    cube.attributes.update(
        {
            "esmlearn_method": "ConditionalDiffusion",
            "esmlearn_ablation": name,
            "esmlearn_varied": json.dumps(varied or {}),
        }
    )
    return cube


def by_ablation(rows, metric):
    return {row["ablation"]: row for row in rows if row["metric"] == metric}


def test_each_ablation_is_scored_on_its_own_hidden_points():
    case = ensemble_case()
    half = np.zeros_like(case.observed[TIMES])
    half[..., ::2] = True
    cubes = [
        cube_of(case, ""),
        cube_of(case, "worse", error=2.0, varied={"without": ["surface"]}),
        cube_of(case, "half", error=-1.0, observed=half & ~case.field.land, varied={"share": 0.5}),
    ]
    rows = score_ablations(cubes, [case])
    assert {row["metric"] for row in rows} == set(METRICS)
    rmse, bias, crps = (by_ablation(rows, metric) for metric in ("rmse", "bias", "crps"))
    assert list(rmse) == [None, "worse", "half"]
    assert [row["value"] for row in rmse.values()] == pytest.approx([0.0, 2.0, 1.0], abs=1e-4)
    assert [row["value"] for row in bias.values()] == pytest.approx([0.0, 2.0, -1.0], abs=1e-4)
    # Of two members at a distance of 2 around the truth: mean error 1, less half of their distance, 1.
    assert [row["value"] for row in crps.values()] == pytest.approx([0.0, 1.0, 0.0], abs=1e-4)
    hidden = ~case.observed[TIMES] & ~case.field.land
    assert [row["n"] for row in rmse.values()] == [hidden.sum(), hidden.sum(), (~half & ~case.field.land).sum()]
    assert rmse["worse"]["varied"] == {"without": ["surface"]}
    assert {(row["dataset"], row["frequency"], row["region"], row["split"]) for row in rows} == {
        ("Ocean", "day", "all", "test")
    }
    json.dumps(rows, allow_nan=False)


def test_ablations_of_another_dataset_and_runs_without_any_give_no_rows():
    case = ensemble_case()
    cube = cube_of(case, "")
    for like in case.field.like:
        like.attributes["esmlearn_dataset"] = "Other"
    assert score_ablations([cube], [case]) == []
    assert score_ablations([], [case]) == []


def test_ablations_of_parts_of_a_day_are_scored_at_their_hour():
    """Times of an ablation lie days apart, but each belongs to one hour of its day."""
    case = ensemble_case()
    cube = case.field.like[0].copy()
    time = cube.coord("time")
    time.bounds, time.points = None, np.floor(time.points) / 4
    case = replace(case, field=replace(case.field, like=(cube,)), frequency="6hr")
    rmse = by_ablation(score_ablations([cube_of(case, "")], [case]), "rmse")
    assert rmse[None]["value"] == pytest.approx(0.0, abs=1e-4)
