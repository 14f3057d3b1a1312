"""What is made after the last step of a training is tried before the first one."""

import pytest

import esmlearn.tasks.densify.train as densify
import esmlearn.tasks.downscale.train as downscale
import esmlearn.tasks.fill.train as fill
import esmlearn.tasks.reconstruct.train as reconstruct
from esmlearn.errors import DataError, ModelFolderError
from esmlearn.fields.coarsening import coarsen
from esmlearn.trained import folder
from tests.small import small_ocean, small_settings
from tests.tasks.densify.test_densify import densify_settings, make_levels
from tests.tasks.downscale.test_downscale import RATIO, downscale_settings, fine_field
from tests.tasks.fill.test_fill import fill_settings


def train_transformer(run_dir, record):
    reconstruct.fit(*small_ocean(), small_settings(), run_dir, record=record)


def train_filler(run_dir, record):
    fill.fit(*small_ocean(), fill_settings(first_guess="climatology"), None, run_dir, record=record)


def train_densifier(run_dir, record):
    densify.fit(*make_levels(), densify_settings(), run_dir, record=record)


def train_downscaler(run_dir, record):
    fine = fine_field()
    downscale.fit(
        downscale.FineData(fine, {"coarse": coarsen(fine, RATIO)}, {}), downscale_settings(), run_dir, record=record
    )


TRAININGS = [train_transformer, train_filler, train_densifier, train_downscaler]


@pytest.mark.parametrize("train", TRAININGS)
@pytest.mark.parametrize("record", [{"variable": None}, {"data": [None]}, {"recipe": object()}])
def test_a_record_that_can_not_be_written_is_refused_before_the_training(train, record, tmp_path):
    with pytest.raises(ModelFolderError, match="could not be written at its end"):
        train(tmp_path, record)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("train", TRAININGS)
def test_a_card_that_asks_for_more_is_refused_before_the_training(train, tmp_path, monkeypatch):
    def strict(*_arguments, **_options):
        raise KeyError("short_name")

    monkeypatch.setattr(folder, "render_card", strict)
    with pytest.raises(ModelFolderError, match="short_name"):
        train(tmp_path, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("train", "room"), [(train_densifier, densify), (train_downscaler, downscale)])
def test_members_are_calibrated_once_before_the_training(train, room, tmp_path, monkeypatch):
    def fail(*_arguments, **_options):
        raise DataError("A coarse field lacks days of the validation period.")

    monkeypatch.setattr(room, "prepare", fail)
    with pytest.raises(DataError, match="lacks days"):
        train(tmp_path, {})
    assert not list(tmp_path.iterdir())
