"""How fast: steps of training, and reconstruction beside the baselines, on the synthetic demo ocean."""

import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import iris
from measure import Measured, measure, read_recipe, table

from esmlearn import baselines
from esmlearn.datasets.demo_ocean import write_demo_ocean
from esmlearn.fields.field import Field
from esmlearn.fields.periods import select_role
from esmlearn.fields.reconstruction import GapFiller, Reconstruction
from esmlearn.settings import TrainReconstructSettings, from_script
from esmlearn.settings.data import TRAINING
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.train import fit

RECIPE = "recipe_sst_reconstruction.yml"
STEPS = 12
REPEATS = 3
REFERENCE = "time_interpolation"


def measure_speed() -> str:
    """Train some steps, reconstruct the test period with all methods, and write a table.

    The weights are nearly untrained; that changes the answer, and not the time.
    """
    script = read_recipe(RECIPE)["diagnostics"]["sst"]["scripts"]["train"]
    settings = from_script(
        TrainReconstructSettings,
        script | {"training": script.get("training", {}) | {"steps": STEPS, "validate_every": STEPS}},
    )
    demo = write_demo_ocean(Path(__file__).parents[1] / "demo_data")
    complete = Field.from_cube(iris.load_cube(demo[0]), units=settings.data.units)
    cloudy = Field.from_cube(iris.load_cube(demo[1]), units=settings.data.units, land=complete.land)
    with TemporaryDirectory() as folder:
        training = measure(lambda: fit(cloudy, complete, settings, Path(folder)))
        step = seconds_of_a_step(Path(folder, "train.jsonl"))
    test = select_role(cloudy, settings.data.split, "test")
    methods = reconstruct_all(training.result, test, select_role(cloudy, settings.data.split, "train"))
    values = (~test.land).sum() * len(test.dates)
    reference = methods[REFERENCE].seconds
    rows = [
        [
            name,
            f"{cost.seconds:.2f}",
            f"{values / cost.seconds / 1e6:.2f}",
            f"{cost.seconds / reference:.1f}",
            f"{cost.gigabytes:.2f}",
        ]
        for name, cost in methods.items()
    ]
    head = ["method", "seconds", "million cells x days per second", f"time over {REFERENCE}", "memory, GB"]
    network = training.result.network
    return "\n".join(
        [
            f"Reconstruction of {len(test.dates)} days of {(~test.land).sum()} ocean cells, median of {REPEATS} runs, "
            "all in one process; the memory is what each took at most, on top of the data and the libraries.",
            "",
            table(head, rows),
            "",
            f"Training: {step:.2f} s for a step of {settings.training.batch_size} windows (median of {STEPS - 1}), "
            f"{step / reference:.1f} times the {REFERENCE} above; {training.gigabytes:.2f} GB; "
            f"{sum(weights.numel() for weights in network.parameters()):,} parameters.",
        ]
    )


def seconds_of_a_step(log: Path) -> float:
    """Take the median over the lines that a training has logged; the first one warms up."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    logged = [row for row in rows if "seconds" in row]
    return median((b["seconds"] - a["seconds"]) / (b["step"] - a["step"]) for a, b in pairwise(logged))


def reconstruct_all(trained: TrainedTransformer, field: Field, training: Field) -> dict[str, Measured[Reconstruction]]:
    """Reconstruct with the model and all baselines, each on its own clock, which does not count the fitting."""
    model = Reconstructor(trained, TRAINING)
    climatology, _ = model.climate(field)
    methods: dict[str, GapFiller] = {"SpatioTemporalModel": model}
    methods |= {name: baselines.fit(name, training, climatology=climatology) for name in baselines.BASELINES}
    return {
        name: measure(partial(method.reconstruct_field, field), repeats=REPEATS) for name, method in methods.items()
    }
