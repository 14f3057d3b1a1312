"""A cell that is seen only in the test period changes nothing of what is learned before it, to the last bit."""

import numpy as np
import pytest
import torch

from esmlearn.fields.coarsening import coarsen
from esmlearn.fields.field import Field
from esmlearn.tasks import TASKS
from tests.made_fields import make_cube, wavy_ocean
from tests.small import small_settings
from tests.tasks.densify.test_densify import densify_settings
from tests.tasks.downscale.test_downscale import RATIO, downscale_settings
from tests.tasks.fill.test_fill import fill_settings
from tests.tasks.given import give
from tests.tasks.test_end_to_end import with_depths

N_DAYS, CELL = 730, (5, 7)
LAND_CELLS = 12
TEST = slice(600, N_DAYS)  # within the test period of all settings here


def ocean(kind, seed=0):
    """Two years, of which a cell is never seen, or only in the test period."""
    values = wavy_ocean(N_DAYS, seed=seed)
    later = values[TEST, *CELL].copy()
    values[:, *CELL] = np.nan
    if kind == "seen later":
        values[TEST, *CELL] = later + 5
    return values


def clouded(values):
    day, row, column = np.indices(values.shape)
    return np.where(np.sin(0.5 * row + 0.4 * column - 0.9 * day) > 0.3, np.float32(np.nan), values)


def without_target(**options):
    return {"data": small_settings(target=False).data.model_dump(exclude={"further_targets"}), **options}


def transformer(kind):
    return small_settings(target=False, steps=2, validate_every=2), {"Cloudy": make_cube(clouded(ocean(kind)))}


def transformer_with_target(kind):
    cubes = {"Cloudy": make_cube(clouded(ocean(kind))), "Complete": make_cube(ocean(kind))}
    return small_settings(steps=2, validate_every=2), cubes


def filler(kind):
    settings = fill_settings(**without_target(first_guess="climatology", reconstructions=1))
    return settings, {"Cloudy": make_cube(clouded(ocean(kind)))}


def densifier(kind):
    levels = with_depths(np.stack([ocean(kind), 0.5 * ocean(kind, 1)], axis=1), (5.0, 50.0))
    return densify_settings(surface=None), {"Cloudy": levels, "Complete": levels}


def downscaler(kind):
    fine = make_cube(ocean(kind))
    coarse = coarsen(Field.from_cube(make_cube(ocean("never seen"))), RATIO).like[0]
    data = {"fine": "Fine", "coarse": "Coarse", "split": densify_settings().data.split.model_dump()}
    return downscale_settings(data=data), {"Fine": fine, "Coarse": coarse}


@pytest.mark.parametrize("made", [transformer, transformer_with_target, filler, densifier, downscaler])
def test_weights_and_arrays_are_the_same_to_the_last_bit(made, tmp_path):
    found = []
    for kind in ("never seen", "seen later"):
        settings, cubes = made(kind)
        folder = tmp_path / kind
        folder.mkdir()
        task = TASKS[settings.task]
        assert str(settings.data.split.test) and settings.data.split.test.split("/")[0] < "2002-08-24"
        found.append(task.train(give(folder, **cubes), settings, folder / "run", record={}))
    never, later = found
    assert never.land.sum() == LAND_CELLS + 1
    for name, array in never.arrays().items():
        np.testing.assert_array_equal(array, later.arrays()[name], err_msg=name)
    for part, network in never.networks().items():
        for name, weights in network.state_dict().items():
            assert torch.equal(weights, later.networks()[part].state_dict()[name]), name
