"""Generalisation: models that are trained in other years, another region or another ocean than they are scored in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iris
import numpy as np
from measure import read_recipe, table
from scattered import rmse
from skill import RECIPE, fingerprint, read_field

from esmlearn import baselines
from esmlearn.datasets.demo_ocean import write_demo_ocean
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.fields.reconstruction import Reconstruction, monthly_means
from esmlearn.gaps.apply import apply_gaps
from esmlearn.settings import TrainReconstructSettings, from_script
from esmlearn.tasks.reconstruct.apply import reconstruct
from esmlearn.tasks.reconstruct.train import fit

DEMO_RECIPE = "recipe_sst_reconstruction.yml"
FIRST_HALF = "1982/1992"
BESIDE = ("time_interpolation", "optimal_interpolation")
HEAD = ["trained on", "RMSE", "trained in place", "loss", *(part for name in BESIDE for part in (name, "against it"))]


@dataclass(frozen=True)
class Trial:
    """Reconstruction of the test years by a model, and the rows of the region in which it is scored."""

    trained_on: str
    reconstruction: Reconstruction
    rows: slice = slice(None)


def measure_generalisation(data: Sequence[Path], work: Path, *, steps: int | None = None) -> str:
    """Train away from the test of the recipe on OISST, apply the models there, and write tables for days and months.

    All methods have the same observations. An interrupted training is resumed from its checkpoint; a complete one, such
    as that of `measure_skill`, is not repeated.

    Parameters
    ----------
    data
        Files of OISST.
    work
        For checkpoints, in a folder of its own for each training.
    steps
        Steps of each training, if fewer than in the recipes.
    """
    recipe = read_recipe(RECIPE)
    settings = train_settings(recipe, steps)
    split, region = settings.data.split, recipe["preprocessors"]["tasman_sea"]["extract_region"]
    truth = read_field(data, region, settings.data.units)
    observations = apply_gaps(truth, settings.data.gaps)
    training, seen = (select_role(observations, split, role) for role in ("train", "test"))
    # Models from elsewhere use climatology and scaling of the gappy observations of earlier years in this region.
    climatology = Climatology.fit(training, harmonics=settings.data.harmonics)
    scaling = Scaling.fit(training, climatology, by=settings.data.scale_by)

    def learn(
        name: str, observations: Field, target: Field, settings: TrainReconstructSettings, *, stranger: bool = True
    ) -> Reconstruction:
        trained = fit(observations, target, settings, work / f"{name}-{fingerprint(settings, data)}")
        known = (climatology, scaling) if stranger else (trained.climatology, trained.scaling)
        return reconstruct(trained, seen, *known)

    in_place = learn("skill", observations, truth, settings, stranger=False)
    earlier = settings.model_copy(
        update={"data": settings.data.model_copy(update={"split": split.model_copy(update={"train": FIRST_HALF})})}
    )
    half = truth.land.shape[0] // 2
    low = settings.model_copy(
        update={"model": settings.model.model_copy(update={"window": (half, settings.model.window[1])})}
    )
    north = [field.region(slice(half, None), slice(None)) for field in (observations, truth)]
    demo = train_settings(read_recipe(DEMO_RECIPE), steps)
    trials = [
        Trial(FIRST_HALF.replace("/", " to "), learn("skill", observations, truth, earlier, stranger=False)),
        Trial("northern half, judged in the southern", learn("north", *north, low), slice(half)),
        Trial("demo ocean", learn("demo", *read_demo_ocean(demo), demo)),
    ]
    beside = [baselines.fit(name, training, climatology=climatology).reconstruct_field(seen) for name in BESIDE]
    right = select_role(truth, split, "test")
    tables = [
        f"### {title}\n\n" + table(HEAD, [compare(trial, in_place, beside, seen, right, frequency) for trial in trials])
        for frequency, title in (("day", "Each day"), ("mon", "Means of months"))
    ]
    return "\n\n".join(
        [
            f"RMSE in {right.units} in the years {split.test} under the clouds of the recipe. Trained in place: on "
            f"{split.train} in the whole region.",
            *tables,
        ]
    )


def train_settings(recipe: dict[str, Any], steps: int | None) -> TrainReconstructSettings:
    """Settings of a recipe's training, with fewer steps if some are given."""
    settings = from_script(TrainReconstructSettings, recipe["diagnostics"]["sst"]["scripts"]["train"])
    if not steps:
        return settings
    shorter = {"steps": steps, "validate_every": min(steps, settings.training.validate_every)}
    return settings.model_copy(update={"training": settings.training.model_copy(update=shorter)})


def read_demo_ocean(settings: TrainReconstructSettings) -> tuple[Field, Field]:
    """Observations and truth of the demo ocean, on its own grid."""
    complete, cloudy = write_demo_ocean(Path(__file__).parents[1] / "demo_data")
    target = Field.from_cube(iris.load_cube(complete), units=settings.data.units)
    return Field.from_cube(iris.load_cube(cloudy), units=settings.data.units, land=target.land), target


def compare(
    trial: Trial, in_place: Reconstruction, beside: Sequence[Reconstruction], seen: Field, right: Field, frequency: str
) -> list[str]:
    """Write one row: errors where days were hidden, and by how much the model is worse (+) or better (-)."""
    model, home, *others = (
        error_of(one, seen, right, trial.rows, frequency) for one in (trial.reconstruction, in_place, *beside)
    )
    row = [trial.trained_on, f"{model:.3f}", f"{home:.3f}", f"{model / home - 1:+.1%}"]
    return row + [text for other in others for text in (f"{other:.3f}", f"{model / other - 1:+.1%}")]


def error_of(reconstruction: Reconstruction, seen: Field, right: Field, rows: slice, frequency: str) -> float:
    """Root-mean-square error in some rows, of hidden days or of months with hidden days."""
    hidden = (~seen.observed & right.observed)[:, 0]
    values, truth = reconstruction.daily, right.values[:, 0]
    if frequency == "mon":
        values, truth = reconstruction.monthly, monthly_means(right, truth)
        hidden = np.stack([hidden[days].any(axis=0) for days in seen.months.values()])
    return rmse(values[:, rows], truth[:, rows], hidden[:, rows], right.area_weights[rows])
