"""Skill of all methods on real data of years after the training, scored where simulated clouds hide the truth."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import iris
import numpy as np
from iris.util import equalise_attributes
from measure import Measured, measure, read_recipe, table

import esmlearn
from esmlearn import baselines, metrics
from esmlearn.datasets.oisst import format_oisst
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.gaps.apply import apply_gaps
from esmlearn.settings import (
    BaselineSettings,
    EnsembleSettings,
    EvaluateSettings,
    TrainFillSettings,
    TrainReconstructSettings,
    TrainScriptSettings,
    from_script,
)
from esmlearn.settings.data import TRAINING
from esmlearn.tasks.fill.apply import fill
from esmlearn.tasks.fill.model import TrainedFiller
from esmlearn.tasks.fill.train import fit as fit_ensemble
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.train import fit
from esmlearn.trained.folder import Trained, write_folder

RECIPE = "recipe_sst_reconstruction_oisst.yml"
ENSEMBLE_RECIPE = "recipe_sst_ensemble.yml"
ENSEMBLE_TRAINING: dict[str, Any] = {
    "reconstructions": 4,
    "training": {"steps": 3000, "batch_size": 32, "validate_every": 250},
}
"""A larger network and a longer training than for the demo ocean, since there are 22 years of data."""

MODEL = "SpatioTemporalModel"
ENSEMBLE = "ConditionalDiffusion"
SELF = f"{MODEL}, self-supervised"
GIVEN = "optimal_interpolation, parameters given"
GIVEN_PARAMETERS = {"kernel": "matern_32", "length_km": 195.0, "time_days": 10.0, "neighbours": 60}
"""Parameters from the literature for such data; 195 km are 8 cells."""

METRICS = ("mae", "bias", "correlation", "crps", "coverage_50", "coverage_90", "spread_skill_ratio")
HEADS = ("RMSE, degC", "MAE", "bias", "correlation", "CRPS", "50 % holds", "90 % holds", "spread / skill")


@dataclass(frozen=True)
class Run:
    """Seconds that it took to fit a method, and its reconstruction with time and memory."""

    fitting: float
    reconstructing: Measured[Reconstruction]


def measure_skill(data: Sequence[Path], work: Path, *, steps: int | None = None) -> str:
    """Train as in the recipe, with a target and without; reconstruct its test period with all methods; score them.

    An interrupted training is resumed from its checkpoint; a complete one is not repeated.

    Parameters
    ----------
    data
        Files of OISST.
    work
        For the checkpoints and the models, in a folder of its own for each choice of settings, data and code.
    steps
        Steps of each training, if fewer than in the recipe.
    """
    missing = [path for path in data if not path.exists()]
    if missing:
        raise DataError(
            f"There are no real data at {missing[0]}: get OISST as described in {RECIPE}, and name it with --data."
        )
    recipe = read_recipe(RECIPE)
    script = recipe["diagnostics"]["sst"]["scripts"]["train"]
    if steps:
        shorter = {"steps": steps, "validate_every": min(steps, script["training"]["validate_every"])}
        script = script | {"training": script["training"] | shorter}
    settings = from_script(TrainReconstructSettings, script)
    truth = read_field(data, recipe["preprocessors"]["tasman_sea"]["extract_region"], settings.data.units)
    observations = apply_gaps(truth, settings.data.gaps)

    blind = settings.model_copy(update={"data": settings.data.model_copy(update={"target": None})})
    models = {
        MODEL: learn(observations, truth, settings, work / f"skill-{fingerprint(settings, data)}"),
        SELF: learn(observations, None, blind, work / f"skill-{fingerprint(blind, data)}"),
    }
    training, seen = (select_role(observations, settings.data.split, role) for role in ("train", "test"))
    right = select_role(truth, settings.data.split, "test")
    runs = {name: run_model(model, seen) for name, model in models.items()}
    ensemble, sampling = learn_ensemble(observations, truth, models[MODEL], data, work, steps)
    climate = ensemble.climatology, ensemble.scaling
    cost = measure(partial(fill, ensemble, seen, sampling, base=runs[MODEL].reconstructing.result, climate=climate))
    runs[ENSEMBLE] = Run(ensemble.record["training"]["seconds"], cost)
    runs |= {name: run_baseline(name, training, seen, models[MODEL]) for name in baselines.BASELINES}
    given = BaselineSettings.model_validate({"optimal_interpolation": GIVEN_PARAMETERS})
    runs[GIVEN] = run_baseline("optimal_interpolation", training, seen, models[MODEL], settings=given)

    hidden = ~seen.observed[:, 0] & right.observed[:, 0]
    daily = compare(right, right.values[:, 0], hidden, runs, "day")
    months = list(seen.months.values())
    some_hidden = metrics.hidden_share_of_month(hidden, months) > 0
    monthly = compare(right, metrics.monthly_truth(right.values[:, 0], months), some_hidden, runs, "mon")
    split, gaps = settings.data.split, settings.data.gaps
    share = hidden[:, ~right.land].mean()
    return "\n\n".join(
        [
            f"Latitudes {right.lat[0]:g} to {right.lat[-1]:g}, longitudes {right.lon[0]:g} to {right.lon[-1]:g}; "
            f"trained on {split.train}, best weights chosen on {split.validation}, scored on {split.test}. Hidden: "
            f"{share:.1%} of the ocean by {gaps.kind} (seed {gaps.seed}), {daily.points.sum():,} points.",
            " ".join(describe(name, model) for name, model in {**models, ENSEMBLE: ensemble}.items()),
            f"{ENSEMBLE}: {sampling.members} members in {sampling.sampler.steps} steps of {sampling.sampler.sampler}, "
            f"with {MODEL} as first guess. Its CRPS is the fair one.",
            f"Seconds and memory are for the reconstruction of {len(seen.dates)} days, fitting apart; the memory is"
            " what each method took at most, on top of the data and the libraries. In brackets: 95 % interval by"
            " bootstrap of blocks of 30 days. An asterisk: the lead of the model over this method is significant.",
            "### Each day",
            tabulate(daily, runs),
            "### Means of months",
            tabulate(monthly, runs),
        ]
    )


def learn(
    observations: Field, target: Field | None, settings: TrainReconstructSettings, folder: Path
) -> TrainedTransformer:
    """Train, or resume a training, and save the model beside its checkpoint."""
    trained = fit(observations, target, settings, folder)
    write_folder(folder / "model", trained)
    return trained


def learn_ensemble(
    observations: Field,
    truth: Field,
    base_model: TrainedTransformer,
    data: Sequence[Path],
    work: Path,
    steps: int | None,
) -> tuple[TrainedFiller, EnsembleSettings]:
    """Train the ensemble of the demo's recipe on these data, with a first guess; return also how it is sampled."""
    scripts = read_recipe(ENSEMBLE_RECIPE)["diagnostics"]["sst"]["scripts"]
    script = {name: block for name, block in scripts["train_ensemble"].items() if name != "denoiser"}
    script |= {"data": base_model.settings.data.model_dump(), **ENSEMBLE_TRAINING}
    if steps:
        script["training"] = {**script["training"], "steps": steps, "validate_every": steps}
    settings = from_script(TrainFillSettings, script)
    folder = work / f"ensemble-{fingerprint(settings, data)}-{fingerprint(base_model.settings, data)}"
    trained = fit_ensemble(observations, truth, settings, base_model, folder)
    write_folder(folder / "model", trained)
    return trained, EnsembleSettings.model_validate(scripts["reconstruct"]["ensemble"])


def describe(name: str, trained: Trained) -> str:
    """Describe time, steps and size of a training."""
    costs: Mapping[str, Any] = trained.record["training"]
    samples = trained.settings.training.batch_size
    return (
        f"{name}: {costs['seconds']:.0f} s for {costs['steps']} steps of {samples} samples on {costs['device']}, "
        f"best at step {costs['best_step']}, {costs['parameters']:,} parameters."
    )


def run_model(trained: TrainedTransformer, seen: Field) -> Run:
    """Reconstruct with a model."""
    cost = measure(partial(Reconstructor(trained, TRAINING).reconstruct_field, seen))
    return Run(trained.record["training"]["seconds"], cost)


def run_baseline(
    name: str, training: Field, seen: Field, model: TrainedTransformer, settings: BaselineSettings | None = None
) -> Run:
    """Fit a baseline to the observations of the training period, and reconstruct."""
    fitting = measure(partial(baselines.fit, name, training, climatology=model.climatology, settings=settings))
    cost = measure(partial(fitting.result.reconstruct_field, seen))
    return Run(fitting.seconds, cost)


def fingerprint(settings: TrainScriptSettings, data: Sequence[Path]) -> str:
    """Hash settings, data and code: a checkpoint is resumed only if none of them has changed."""
    package = Path(esmlearn.__file__).parent
    rooms = ("models", "diffusion", "training", "fields", "gaps", "grids", "tasks")
    code = sorted(file for room in rooms for file in (package / room).rglob("*.py"))
    parts = [settings.model_dump_json(), *(str(path.resolve()) for path in data), *(file.read_text() for file in code)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


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
    right: Field, truth: np.ndarray, hidden: np.ndarray, runs: Mapping[str, Run], frequency: str
) -> metrics.Comparison:
    """Prepare a comparison of all methods with the truth, as the script `evaluate` does."""
    methods = []
    for name, run in runs.items():
        role, result = "model" if name == MODEL else "baseline", run.reconstructing.result
        days = (result.daily, result.daily_std, result.members)
        months = (result.monthly, result.monthly_std, result.monthly_members)
        methods.append(metrics.Method(name, role, *(days if frequency == "day" else months)))
    return metrics.Comparison(
        dataset="NOAA-OISST",
        frequency=frequency,
        units=right.units,
        truth=truth,
        hidden=hidden,
        weights=right.area_weights,
        methods=tuple(methods),
        block=EvaluateSettings().block_days if frequency == "day" else 1,
    )


def tabulate(comparison: metrics.Comparison, runs: Mapping[str, Run]) -> str:
    """Write the scores of all methods, best first, and by how much the model's RMSE is below that of each other."""
    rows = metrics.score(comparison)
    found = {(row["method"], row["metric"]): row for row in rows if "against" not in row}
    leads = {row["against"]: row for row in rows if row["metric"] == "skill"}
    lines = []
    for name in sorted(runs, key=lambda name: found[name, "rmse"]["value"]):
        rmse, run = found[name, "rmse"], runs[name]
        interval = "" if rmse["low"] is None else f" [{rmse['low']:.3f}, {rmse['high']:.3f}]"
        digits = {key: 4 if key == "crps" else 3 for key in METRICS}
        numbers = [f"{found[name, key]['value']:.{digits[key]}f}" if (name, key) in found else "–" for key in METRICS]
        lead = f"{leads[name]['value']:+.1%}{'*' if leads[name]['significant'] else ''}" if name in leads else "–"
        costs = [f"{run.fitting:.1f}", f"{run.reconstructing.seconds:.1f}", f"{run.reconstructing.gigabytes:.2f}"]
        lines.append([name, f"{rmse['value']:.3f}{interval}", *numbers, lead, *costs])
    head = ["method", *HEADS, "lead of the model", "fitting, s", "seconds", "memory, GB"]
    return table(head, lines)
