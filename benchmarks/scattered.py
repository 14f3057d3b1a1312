"""Errors at observations that are withheld in several shapes, beside errors at the points under clouds."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from jaxtyping import Bool, Float
from measure import read_recipe, table
from skill import RECIPE, read_field

from esmlearn import baselines
from esmlearn.baselines.base import Baseline
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.withhold import withhold
from esmlearn.settings import TrainReconstructSettings, WithholdSettings, from_script

METHODS = ("time_interpolation", "optimal_interpolation", "dineof")


def measure_scattered(data: Sequence[Path], *, seeds: int = 3) -> str:
    """Score baselines on observations that are withheld from them in the test years, and write a table.

    These errors should be as the known error where the clouds of the recipe hide the analysis. Each shape withholds the
    same number of observations.

    Parameters
    ----------
    data
        Files of OISST.
    seeds
        Choices of the withheld observations that the errors are averaged over.
    """
    recipe = read_recipe(RECIPE)
    settings = from_script(TrainReconstructSettings, recipe["diagnostics"]["sst"]["scripts"]["train"]).data
    truth = read_field(data, recipe["preprocessors"]["tasman_sea"]["extract_region"], settings.units)
    observations = apply_gaps(truth, settings.gaps)
    training = select_role(observations, settings.split, "train")
    climatology = Climatology.fit(training, harmonics=settings.harmonics)
    seen, right = (select_role(field, settings.split, "test") for field in (observations, truth))
    shapes = withhold_in_shapes(seen, seeds)
    rows = []
    for name in METHODS:
        method = baselines.fit(name, training, climatology=climatology)
        wanted = error_of(method, seen, right, ~seen.observed)
        withheld = [
            mean(error_of(method, given, right, seen.observed & ~given.observed) for given in choices)
            for choices in shapes.values()
        ]
        rows.append([name, *(f"{value:.3f}" for value in (wanted, *withheld)), f"{withheld[0] / withheld[-1]:.2f}"])
    share = 1 - next(iter(shapes.values()))[0].observed.sum() / seen.observed.sum()
    head = ["method", "what the clouds hid", *shapes, "the first of these over the last"]
    return "\n\n".join(
        [
            f"RMSE in {right.units} of {len(seen.dates)} days: where the clouds hid the analysis, which is what one"
            f" wants to know, and at {share:.0%} of the observations, withheld in different shapes (mean of {seeds}"
            " choices).",
            table(head, rows),
        ]
    )


def withhold_in_shapes(seen: Field, seeds: int) -> dict[str, list[Field]]:
    """Withhold the same number of observations in each shape, and return the remaining ones for each seed."""
    shapes: dict[str, list[Field]] = {"clouds of 10 days": [], "clouds of 1 day": [], "scattered": []}
    for seed in range(seeds):
        clouds = withhold(seen, WithholdSettings(days=10, seed=seed))
        share = 1 - clouds.observed.sum() / seen.observed.sum()
        shapes["clouds of 10 days"].append(clouds)
        shapes["clouds of 1 day"].append(withhold(seen, WithholdSettings(days=1, share=share, seed=seed)))
        shapes["scattered"].append(withhold(seen, WithholdSettings(kind="pixels", share=share, seed=seed)))
    return shapes


def error_of(method: Baseline, given: Field, right: Field, where: Bool[np.ndarray, "time 1 lat lon"]) -> float:
    """Root-mean-square error of a method at some ocean points."""
    return rmse(
        method.reconstruct_field(given).daily, right.values[:, 0], (where & right.observed)[:, 0], right.area_weights
    )


def rmse(
    values: Float[np.ndarray, "time lat lon"],
    truth: Float[np.ndarray, "time lat lon"],
    where: Bool[np.ndarray, "time lat lon"],
    weights: Float[np.ndarray, "lat lon"],
) -> float:
    """Root-mean-square error at some points, weighted by area."""
    return float(
        np.sqrt(np.average((values - truth)[where] ** 2, weights=np.broadcast_to(weights, where.shape)[where]))
    )
