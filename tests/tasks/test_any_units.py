"""Trained methods give the same in any units: data that are scaled and shifted come out scaled and shifted."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.tasks.densify.apply import densify
from esmlearn.tasks.densify.train import fit as fit_levels
from esmlearn.tasks.downscale.apply import downscale, fine_template
from esmlearn.tasks.downscale.train import FineData
from esmlearn.tasks.downscale.train import fit as fit_fine
from esmlearn.tasks.fill.apply import fill
from esmlearn.tasks.fill.train import fit as fit_filling
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.train import fit as fit_transformer
from tests.small import small_ocean, small_settings
from tests.tasks.densify import test_densify as levels
from tests.tasks.downscale import test_downscale as fine
from tests.tasks.fill import test_fill as filling

SAME = 0.02
"""Kelvin by which results may differ: by the rounding of single precision, which grows from step to step."""

DAYS = slice(700, 720)


def rescaled(field, units):
    """A field in other units."""
    factor, offset = units
    return replace(field, values=(field.values.astype(float) * factor + offset).astype(np.float32))


@pytest.fixture(scope="module", autouse=True)
def few_samples():
    """Judge on few samples: nothing here depends on how good the weights are."""
    with pytest.MonkeyPatch.context() as patch:
        for task in ("fill", "densify", "downscale"):
            patch.setattr(f"esmlearn.tasks.{task}.train.VALIDATION_SAMPLES", 4)
        patch.setattr("esmlearn.tasks.reconstruct.train.VALIDATION_WINDOWS", 4)
        yield


def by_transformer_and_ensemble(units, folder):
    ocean = [rescaled(field, units) for field in small_ocean()]
    settings = filling.fill_settings(training={"steps": 2, "batch_size": 1, "validate_every": 2})
    base = fit_transformer(*ocean, small_settings(steps=2, validate_every=2), folder / "base")
    sampled = fill(fit_filling(*ocean, settings, base, folder / "ensemble"), ocean[0][DAYS], filling.DRAW)
    found = Reconstructor(base).reconstruct_field(ocean[0][DAYS])
    return [found.daily, found.monthly, sampled.daily, sampled.members], [found.daily_std, sampled.daily_std]


def by_levels(units, folder):
    # Without a surface, whose errors are set in its units.
    below = rescaled(levels.make_levels()[0], units)
    model = fit_levels(below, None, levels.densify_settings(surface=None), folder)
    return [densify(model, levels.sparse(below)[slice(140, 146)], None, levels.DRAW)], []


def by_super_resolution(units, folder):
    whole = fine.fine_field()
    truth, coarse = rescaled(whole, units), rescaled(fine.coarsen(whole, fine.RATIO), units)
    static = {"orog": units[0] * np.random.default_rng(0).random(whole.land.shape)}
    model = fit_fine(
        FineData(truth, {"coarse": coarse}, static), fine.downscale_settings(conditions={"static": ["orog"]}), folder
    )
    return [downscale(model, {"coarse": coarse[:4]}, fine_template(model, coarse[:4]), fine.DRAW)], []


@pytest.mark.parametrize(
    ("task", "units"),
    [(by_transformer_and_ensemble, (1e9, 1e11)), (by_levels, (1e-9, 0.0)), (by_super_resolution, (1e-9, 0.0))],
)
def test_trained_methods_follow_the_units(task, units, tmp_path):
    factor, offset = units
    other, usual = task(units, tmp_path / "other"), task((1.0, 0.0), tmp_path / "usual")
    for found, wanted, shift in zip(other, usual, (offset, 0.0), strict=True):
        for one, same in zip(found, wanted, strict=True):
            np.testing.assert_allclose((one.astype(float) - shift) / factor, same, atol=SAME)
