"""How good: all methods on real data that none of them saw, scored where simulated clouds hid the truth."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import iris
import numpy as np
from iris.util import equalise_attributes
from measure import Measured, read_recipe, table
from speed import reconstruct_all

import esmlearn
from esmlearn import scores
from esmlearn.checkpoint import save_model
from esmlearn.data.field import Field
from esmlearn.data.oisst import format_oisst
from esmlearn.data.preparation import apply_gaps, select_role
from esmlearn.data.reconstruction import Reconstruction
from esmlearn.errors import DataError
from esmlearn.settings import TrainSettings, from_script
from esmlearn.training import fit

RECIPE = "recipe_sst_reconstruction_oisst.yml"
METRICS = ("rmse", "mae", "bias", "correlation", "crps", "coverage_90")
HEADS = ("RMSE, degC", "MAE, degC", "bias, degC", "correlation", "CRPS, degC", "coverage of 90 %")


def measure_skill(data: Sequence[Path], work: Path, *, steps: int | None = None) -> str:
    """Train as the recipe says, reconstruct its test period with all methods, and write tables of scores.

    A training that was cut short goes on from its checkpoint; one that was finished is not repeated.

    Parameters
    ----------
    data
        Files of OISST.
    work
        For the checkpoint and the model, in a folder of its own for each choice of settings, data and code.
    steps
        Steps of the training, if fewer than in the recipe.
    """
    missing = [path for path in data if not path.exists()]
    if missing:
        raise DataError(f"There are no real data at {missing[0]}: get OISST as {RECIPE} says, and name it with --data.")
    recipe = read_recipe(RECIPE)
    script = recipe["diagnostics"]["sst"]["scripts"]["train"]
    if steps:
        shorter = {"steps": steps, "validate_every": min(steps, script["training"]["validate_every"])}
        script = script | {"training": script["training"] | shorter}
    settings = from_script(TrainSettings, script)
    truth = read_field(data, recipe["preprocessors"]["tasman_sea"]["extract_region"], settings.data.units)
    observations = apply_gaps(truth, settings.data.gaps)

    folder = work / f"skill-{fingerprint(settings, data)}"
    trained = fit(observations, truth, settings, folder)
    save_model(folder / "model", trained)
    seen = select_role(observations, settings.data.split, "test")
    right = select_role(truth, settings.data.split, "test")
    methods = reconstruct_all(trained, seen, repeats=1)

    hidden = ~seen.observed[:, 0] & right.observed[:, 0]
    daily = compare(right, right.values[:, 0], hidden, methods, "day")
    months = list(seen.months.values())
    some_hidden = scores.hidden_share_of_month(hidden, months) > 0
    monthly = compare(right, scores.monthly_truth(right.values[:, 0], months), some_hidden, methods, "mon")
    split, gaps, costs = settings.data.split, settings.data.gaps, trained.record["training"]
    share = hidden[:, ~right.land].mean()
    parameters = sum(weights.numel() for weights in trained.network.parameters())
    return "\n\n".join(
        [
            f"Latitudes {right.lat[0]:g} to {right.lat[-1]:g}, longitudes {right.lon[0]:g} to {right.lon[-1]:g}; "
            f"trained on {split.train}, best weights chosen on {split.validation}, scored on {split.test}. Hidden: "
            f"{share:.1%} of the ocean by {gaps.kind} (seed {gaps.seed}), {daily.points.sum():,} points.",
            f"Training ({settings.learning}): {costs['seconds']:.0f} s for {costs['steps']} steps of "
            f"{settings.training.batch_size} windows on {costs['device']}; best at step {costs['best_step']}; "
            f"{parameters:,} parameters. Seconds and memory below are for the reconstruction of {len(seen.dates)} "
            "days; the memory is what each method took at most, on top of the data and the libraries.",
            "### Each day",
            tabulate(daily, methods),
            "### Means of months",
            tabulate(monthly, methods),
        ]
    )


def fingerprint(settings: TrainSettings, data: Sequence[Path]) -> str:
    """Tell trainings apart by settings, data and code: a checkpoint of yesterday's model says nothing of today's."""
    package = Path(esmlearn.__file__).parent
    code = sorted(file for part in ("models", "data") for file in (package / part).glob("*.py"))
    code += [package / "training.py", package / "objectives.py"]
    told = [settings.model_dump_json(), *(str(path.resolve()) for path in data), *(file.read_text() for file in code)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]


def read_field(data: Sequence[Path], region: dict[str, float], units: str) -> Field:
    """Read OISST as the recipe does: by way of OBS6 files, cut to the region."""
    with TemporaryDirectory() as folder:
        cubes = iris.load(format_oisst(data, Path(folder)), "sea_surface_temperature")
        equalise_attributes(cubes)
        cube = cubes.concatenate_cube().intersection(
            longitude=(region["start_longitude"], region["end_longitude"]),
            latitude=(region["start_latitude"], region["end_latitude"]),
            ignore_bounds=True,
        )
        return Field.from_cube(cube, units=units)


def compare(
    right: Field, truth: np.ndarray, hidden: np.ndarray, methods: dict[str, Measured[Reconstruction]], frequency: str
) -> scores.Comparison:
    """Put all methods beside the truth, as the script `evaluate` does."""
    said = []
    for name, cost in methods.items():
        role = "model" if name == "SpatioTemporalModel" else "baseline"
        result = cost.result
        values = (result.daily, result.daily_std) if frequency == "day" else (result.monthly, result.monthly_std)
        said.append(scores.Method(name, role, *values))
    return scores.Comparison(
        dataset="NOAA-OISST",
        frequency=frequency,
        units=right.units,
        truth=truth,
        hidden=hidden,
        weights=right.area_weights,
        methods=tuple(said),
    )


def tabulate(comparison: scores.Comparison, methods: dict[str, Measured[Reconstruction]]) -> str:
    """Write the scores of all methods, best first, and by how much the model's RMSE is below that of each baseline."""
    found = {(row["method"], row["metric"]): row["value"] for row in scores.score(comparison) if "against" not in row}
    best_first = sorted(methods, key=lambda name: found[name, "rmse"])
    model = found["SpatioTemporalModel", "rmse"]
    rows = [
        [
            name,
            *(f"{found[name, metric]:.3f}" if (name, metric) in found else "–" for metric in METRICS),
            "–" if name == "SpatioTemporalModel" else f"{1 - model / found[name, 'rmse']:+.1%}",
            f"{methods[name].seconds:.1f}",
            f"{methods[name].gigabytes:.2f}",
        ]
        for name in best_first
    ]
    return table(["method", *HEADS, "skill of the model against it", "seconds", "memory, GB"], rows)
