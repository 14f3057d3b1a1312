"""Few steps against many: the same ensemble with different samplers, scored on the same hidden points."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from measure import measure, read_recipe, table
from skill import RECIPE, fingerprint, learn, learn_ensemble, read_field

from esmlearn import metrics
from esmlearn.fields.periods import select_role
from esmlearn.gaps.apply import apply_gaps
from esmlearn.settings import SamplerSettings, TrainReconstructSettings, from_script
from esmlearn.settings.data import TRAINING
from esmlearn.tasks.fill.apply import fill
from esmlearn.tasks.reconstruct.apply import Reconstructor

DAYS = slice(600, 606)
"""Some days of the test years: the slowest of the samplers runs the network a thousand times for a member."""

MEMBERS = 8
EVALUATIONS = {"heun": lambda steps: 2 * steps - 1}
"""How often a sampler runs the network; all others once in a step."""

SAMPLERS = (
    ("dpm_solver_2m", 5), ("dpm_solver_2m", 10), ("dpm_solver_2m", 20), ("heun", 10), ("euler", 20), ("ddim", 20),
    ("ddpm", 20), ("ddpm", 1000),
)  # fmt: skip
HEAD = ("sampler", "steps", "evaluations", "CRPS, degC", "RMSE of the mean", "spread / skill", "seconds")


def measure_samplers(data: Sequence[Path], work: Path, *, steps: int | None = None) -> str:
    """Sample the ensemble of `measure_skill`, which is trained if it does not exist, and write a table.

    Parameters
    ----------
    data, work, steps
        As of `measure_skill`.
    """
    recipe = read_recipe(RECIPE)
    settings = from_script(TrainReconstructSettings, recipe["diagnostics"]["sst"]["scripts"]["train"])
    truth = read_field(data, recipe["preprocessors"]["tasman_sea"]["extract_region"], settings.data.units)
    observations = apply_gaps(truth, settings.data.gaps)
    base_model = learn(observations, truth, settings, work / f"skill-{fingerprint(settings, data)}")
    ensemble, sampling = learn_ensemble(observations, truth, base_model, data, work, steps)
    seen, right = (select_role(field, settings.data.split, "test")[DAYS] for field in (observations, truth))
    base = Reconstructor(base_model, TRAINING).reconstruct_field(seen)
    climate = ensemble.climatology, ensemble.scaling
    hidden = ~seen.observed[:, 0] & right.observed[:, 0]
    lines = []
    for sampler, n_steps in SAMPLERS:
        with_steps = SamplerSettings(sampler=sampler, steps=n_steps, sigma_max=sampling.sampler.sigma_max)
        how = sampling.model_copy(update={"sampler": with_steps, "members": MEMBERS})
        cost = measure(partial(fill, ensemble, seen, how, base=base, climate=climate))
        method = metrics.Method(
            sampler, "model", cost.result.daily, cost.result.daily_std, np.asarray(cost.result.members)
        )
        comparison = metrics.Comparison(
            "NOAA-OISST", "day", right.units, right.values[:, 0], hidden, right.area_weights, (method,)
        )
        found = {row["metric"]: row["value"] for row in metrics.score(comparison)}
        numbers = [f"{found[name]:.4f}" for name in ("crps", "rmse")] + [f"{found['spread_skill_ratio']:.2f}"]
        evaluations = EVALUATIONS.get(sampler, lambda steps: steps)(n_steps)
        lines.append([sampler, str(n_steps), str(evaluations), *numbers, f"{cost.seconds:.1f}"])
    days = f"{seen.dates[0]:%Y-%m-%d} to {seen.dates[-1]:%Y-%m-%d}"
    return f"{days}, {hidden.sum():,} hidden points, {MEMBERS} members.\n\n" + table(HEAD, lines)
