"""What each ablation costs: members that were sampled otherwise, scored beside those sampled as usual."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from iris.cube import Cube

from esmlearn import metrics
from esmlearn.errors import DataError
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.scoring import hidden_points
from esmlearn.fields.field import Field
from esmlearn.fields.member_cubes import read_members_cube
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.times import time_key

METRICS = ("rmse", "crps", "spread_skill_ratio", "bias")


def score_ablations(cubes: Sequence[Cube], cases: Sequence[Case]) -> list[metrics.Row]:
    """Score the members of all ablations, as rows of `scores.json` with two keys more.

    `ablation` is the name in the recipe, None for the ensemble as usual, at the same times; `varied` is what differs.
    Rows whose gaps are the same have the same points; where something else was hidden (`share`), its own points count.
    """
    return [row for case in cases if case.truth is not None for cube in cubes for row in _score(case, cube)]


def _score(case: Case, cube: Cube) -> Iterator[metrics.Row]:
    """Rows of one ablation, if it is of the dataset and the variable of a case."""
    attributes, like = cube.attributes, case.field.like[0]
    names = ("esmlearn_dataset", "esmlearn_split")
    if cube.var_name != like.var_name or any(attributes[name] != like.attributes.get(name) for name in names):
        return
    varied = at_times(case, cube)
    comparison = hidden_points(varied)
    name = str(attributes["esmlearn_ablation"]) or None
    key = {"ablation": name, "varied": json.loads(str(attributes["esmlearn_varied"]))}
    if case.level is not None:
        key["level"] = case.level
    for row in metrics.score(replace(comparison, block=_block(case, varied))):
        if row["metric"] in METRICS:
            yield row | key


def at_times(case: Case, cube: Cube) -> Case:
    """Give a case at the times of an ablation, with its members as the only result, and what it was given."""
    members, observed = read_members_cube(cube)
    level = _level_of(cube, case.level)
    # One member has the time axis.
    dates = Field.from_cube(cube[0] if cube.ndim == 4 else cube[0, :, level], complete=True).dates
    hourly = case.field.step_days < 1  # the times of an ablation may lie days apart
    places = {time_key(date, hourly=hourly): index for index, date in enumerate(case.field.dates)}
    times = np.array([places[time_key(date, hourly=hourly)] for date in dates])
    field = case.field[times]
    observed = observed[:, level]
    reconstruction = Reconstruction.of_members(members[:, :, level], field)
    method = str(cube.attributes["esmlearn_method"])
    return replace(
        case,
        results=(Result(method, "model", reconstruction),),
        observed=observed,
        field=field,
        seen=np.where(observed, case.seen[times], np.float32(np.nan)),
        truth=None if case.truth is None else case.truth[times],
    )


def _level_of(cube: Cube, depth: float | None) -> int:
    """Index of a level in a cube."""
    if depth is None or not cube.coords("depth"):
        return 0
    depths = cube.coord("depth").points
    nearest = int(np.abs(depths - depth).argmin())
    if not np.isclose(depths[nearest], depth, rtol=1e-3):
        raise DataError(f"The ablations have no level at {depth:g} m; run the reconstruction again.")
    return nearest


def _block(case: Case, varied: Case) -> int:
    """Times in a block of the bootstrap: times that lie apart by more than a block are resampled one by one."""
    apart = case.field.spacing_days * len(case.field.dates) / len(varied.field.dates)
    return math.ceil(case.settings.block_days / apart)
