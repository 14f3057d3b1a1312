"""Training from fields must learn, and refuse fields that do not fit."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.errors import DataError, SettingsError
from esmlearn.settings import TrainReconstructSettings
from esmlearn.tasks.reconstruct.train import fit
from tests.small import small_ocean, small_settings


@pytest.mark.slow
@pytest.mark.parametrize("target", [True, False])
def test_training_beats_the_first_guess(tmp_path, target):
    """With truth or without, the model must learn to do better than what it departs from."""
    observations, complete = small_ocean()
    settings = small_settings(target=target, steps=150, batch_size=4, validate_every=50)
    still = small_settings(target=target, steps=50, validate_every=1, patience=1, learning_rate=1e-12)
    scores, first = (
        fit(observations, complete if target else None, some, tmp_path / str(some.training.steps)).record[
            "validation_rmse"
        ]
        for some in (settings, still)
    )
    assert scores["daily"] < 0.9 * first["daily"]
    assert scores["daily"] < 0.6 * scores["first_guess"]


def test_too_short_validation_is_refused(tmp_path):
    observations, complete = small_ocean()
    settings = small_settings()
    split = settings.data.split.model_copy(update={"validation": "1999/1999"})
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"split": split})})
    with pytest.raises(DataError, match=r"data\.split\.validation"):
        fit(observations, complete, settings, tmp_path)


def test_target_on_another_grid_is_refused(tmp_path):
    observations, complete = small_ocean()
    with pytest.raises(DataError, match="bring both to one grid"):
        fit(observations, complete.region(slice(0, 8), slice(0, 8)), small_settings(), tmp_path)


def test_a_patch_larger_than_the_region_is_refused(tmp_path):
    settings = small_settings(model={"window": (32, 32), "patch_size": (1, 16, 4)})
    with pytest.raises(SettingsError, match=r"larger than the region of \(12, 16\) cells"):
        fit(*small_ocean(), settings, tmp_path)


def test_target_of_other_days_is_refused(tmp_path):
    observations, complete = small_ocean()
    with pytest.raises(DataError, match="one timerange"):
        fit(observations[slice(0, 700)], complete[slice(30, 730)], small_settings(), tmp_path)


def test_a_break_in_the_days_is_refused(tmp_path):
    keep = np.delete(np.arange(730), 100)
    observations, complete = (field[keep] for field in small_ocean())
    with pytest.raises(DataError, match="2001-04-10 is followed by 2001-04-12"):
        fit(observations, complete, small_settings(), tmp_path)


def test_a_training_that_knows_no_whole_month_leaves_no_nan(tmp_path):
    trained = fit(small_ocean()[0], None, small_settings(target=False), tmp_path)
    assert "monthly" not in trained.record["validation_rmse"]
    assert all(weight.isfinite().all() for weight in trained.network.state_dict().values())


def test_windows_come_from_all_targets_in_turn(tmp_path):
    """Anomalies of each are those from its own climatology, in its own deviations: another climate changes nothing."""
    observations, complete = small_ocean()
    other = replace(complete, values=3 * complete.values + 7)
    settings = small_settings(steps=4, validate_every=4)
    twice, alone = (
        fit(observations, complete, settings, tmp_path / str(len(further)), further=further)
        for further in ((other,), ())
    )
    for name, weights in alone.network.state_dict().items():
        np.testing.assert_allclose(twice.network.state_dict()[name], weights, rtol=1e-3, atol=1e-4)


def test_a_further_target_on_another_grid_is_refused(tmp_path):
    observations, complete = small_ocean()
    with pytest.raises(DataError, match=r"data\.further_targets is on another grid"):
        fit(observations, complete, small_settings(), tmp_path, further=(complete.region(slice(0, 8), slice(0, 8)),))


def test_further_targets_need_supervised_learning():
    data = small_settings(target=False).data.model_dump() | {"further_targets": ["Model"]}
    with pytest.raises(ValueError, match="learning must be `supervised`"):
        TrainReconstructSettings.model_validate({"data": data})
