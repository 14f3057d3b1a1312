"""Super-resolution on real data: OISST is coarsened by a factor of four, and refined by all methods."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from measure import measure, read_recipe, table
from skill import HEADS, METRICS, RECIPE, describe, fingerprint, read_field

from esmlearn import metrics
from esmlearn.fields.coarsening import coarsen
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.settings import EnsembleSettings, TrainDownscaleSettings, from_script
from esmlearn.tasks.downscale.apply import fine_template, interpolate, prepare
from esmlearn.tasks.downscale.train import FineData, fit
from esmlearn.tasks.ensembles.sampling import sample_members
from esmlearn.trained.folder import write_folder

DOWNSCALING_RECIPE = "recipe_downscaling.yml"
RATIO = 4
LONGER = {"regression_steps": 2000, "steps": 3000, "validate_every": 500, "batch_size": 8}
"""Longer than for the demo ocean, since there are 22 years of data."""

EVERY = 5
"""Every how many days of the test period members are sampled, to save time."""


def measure_downscaling(data: Sequence[Path], work: Path, *, steps: int | None = None) -> str:
    """Train on the years of the recipe for OISST, sample the test period, and write a table of all methods.

    Parameters
    ----------
    data, work, steps
        As of `measure_skill`.
    """
    oisst, recipe = read_recipe(RECIPE), read_recipe(DOWNSCALING_RECIPE)
    scripts = recipe["diagnostics"]["downscaling"]["scripts"]
    learned = oisst["diagnostics"]["sst"]["scripts"]["train"]["data"]
    script = scripts["train"] | {
        "data": {"fine": "tos_fine", "coarse": "tos_coarse", "scale_by": "pixel", "split": learned["split"]},
        "window": [32, 32],
        "training": LONGER | ({"regression_steps": steps, "steps": steps, "validate_every": steps} if steps else {}),
    }
    settings = from_script(TrainDownscaleSettings, script)
    fine = read_field(data, oisst["preprocessors"]["tasman_sea"]["extract_region"], "degC")
    coarse = coarsen(fine, RATIO)
    folder = work / f"downscaling-{fingerprint(settings, data)}"
    trained = fit(FineData(fine, {"tos_coarse": coarse}, {}), settings, folder)
    write_folder(folder / "model", trained)

    truth, given = (select_role(field, settings.data.split, "test") for field in (fine, coarse))
    some = np.arange(0, len(truth.dates), EVERY)
    truth, given = truth[some], given[some]
    template = fine_template(trained, given)
    sampling = EnsembleSettings.model_validate(scripts["reconstruct"]["ensemble"])
    task = prepare(trained, {"tos_coarse": given}, template, sampling)
    members = measure(partial(sample_members, trained, task, sampling))
    results = {
        "ConditionalDiffusion": Reconstruction.of_members(members.result[:, :, 0], template),
        "ResidualUNet": task.first_guess(),
    }
    results |= {name: interpolate(trained, given, template, name) for name in ("bicubic", "bilinear", "nearest")}
    how = f"{sampling.members} members in {sampling.sampler.steps} steps of {sampling.sampler.sampler}"
    return "\n\n".join(
        [
            f"Cells of 1 degree to 0.25 degree; trained on {settings.data.split.train}, scored on every {EVERY}th day "
            f"of {settings.data.split.test}, {len(truth.dates)} days.",
            describe("ConditionalDiffusion", trained),
            f"{how}, {members.seconds:.0f} s. Power at lost scales: that of the method (of the members of the "
            "ensemble) over that of the truth where bicubic interpolation has less than half of it.",
            _tabulate(truth, results),
        ]
    )


def _tabulate(truth: Field, results: Mapping[str, Reconstruction]) -> str:
    """Scores of all methods, best first."""
    methods = [metrics.Method(name, "model", one.daily, one.daily_std, one.members) for name, one in results.items()]
    everywhere = np.broadcast_to(~truth.land, truth.values[:, 0].shape)
    comparison = metrics.Comparison(
        "NOAA-OISST", "day", truth.units, truth.values[:, 0], everywhere, truth.area_weights, tuple(methods)
    )
    rows = metrics.score(comparison)
    spectra = metrics.radial_spectra(comparison, truth.lat, truth.lon)
    lost = None if spectra is None else metrics.lost_scales(spectra)
    if spectra is not None and lost is not None:
        rows += metrics.power_rows(comparison, spectra, lost[1])
    found = {(row["method"], row["metric"]): row["value"] for row in rows if "against" not in row}
    lines = []
    for name in sorted(results, key=lambda name: found[name, "rmse"]):
        numbers = [found.get((name, key)) for key in ("rmse", *METRICS, "spectral_power_ratio")]
        lines.append([name, *("–" if value is None else f"{value:.3f}" for value in numbers)])
    return table(["method", *HEADS, "power at lost scales"], lines)
