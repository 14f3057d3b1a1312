"""A case with an ensemble for the tests of the evaluation, without files."""

import numpy as np

from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.inputs import Source
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means
from esmlearn.settings import EvaluateSettings
from tests.made_fields import make_cube, wavy_ocean

N_DAYS, SPREAD = 60, 0.5


def ensemble_case(n_members=8, *, bias=0.0, **changes):
    """Members and truth scatter alike around what nobody knows; climatology is a degree too warm everywhere."""
    field = Field.from_cube(make_cube(wavy_ocean(N_DAYS, 10, 24)))
    around = field.values[:, 0]
    noise = SPREAD * np.random.default_rng(0).standard_normal((n_members + 1, *around.shape)).astype(np.float32)
    truth, members = around + noise[0], around + noise[1:] + np.float32(bias)
    observed = (np.random.default_rng(1).random(around.shape) < 0.3) & ~field.land
    warm = truth + np.float32(1)
    made = {
        "climatology": ("baseline", Reconstruction(warm, monthly_means(field, warm))),
        "ConditionalDiffusion": ("model", Reconstruction.of_members(members, field)),
    }
    results = [Result(name, role, reconstruction) for name, (role, reconstruction) in made.items()]
    parts = {
        "settings": EvaluateSettings(block_days=5), "dataset": "Ocean", "split": "test", "quantity": "Temperature",
        "results": tuple(results), "observed": observed, "field": field, "truth": truth,
        "seen": np.where(observed, truth, np.float32(np.nan)), "truth_source": Source("Truth", field.like[0]),
        "observations_source": None, "synthetic": True,
    }  # fmt: skip
    return Case(**parts | changes)
