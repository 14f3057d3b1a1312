"""Datasets are found by the names that a recipe gives them; a name that fits several is refused."""

import iris
import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.input_data import InputData
from esmlearn.grids.grid import RectilinearGrid
from tests.made_fields import make_cube

INPUTS = {
    "coarse.nc": {"dataset": "fine", "alias": "OBS6_fine", "variable_group": "tos_coarse", "short_name": "tos"},
    "fine.nc": {"dataset": "DemoOcean", "variable_group": "fine", "short_name": "tos"},
    "orog.nc": {"dataset": "DemoOcean", "variable_group": "orog", "short_name": "orog"},
}
DATA = InputData({file: facets | {"filename": file} for file, facets in INPUTS.items()})


@pytest.mark.parametrize(
    ("name", "short_name", "file"),
    [
        ("fine", None, "fine.nc"),  # the variable of the recipe, and not the dataset that is called so
        ("OBS6_fine", None, "coarse.nc"),
        ("DemoOcean", "orog", "orog.nc"),
        ("DemoOcean", "tos", "fine.nc"),
        (None, "orog", "orog.nc"),
    ],
)
def test_a_variable_of_the_recipe_comes_before_a_dataset(name, short_name, file):
    assert DATA.find(name, short_name=short_name)["filename"] == file
    assert DATA.has(name, short_name=short_name)


def test_what_is_not_there_is_named_with_all_that_is():
    assert not DATA.has("orog", short_name="tos")
    with pytest.raises(DataError, match=r"height: the script has no dataset 'hills'.*DemoOcean, OBS6_fine, fine, orog"):
        DATA.find("hills", key="height")


@pytest.fixture
def two(tmp_path):
    """Two files of one dataset and one variable, on two grids."""
    entries = {}
    for number, step in enumerate((0.25, 0.5)):
        path = tmp_path / f"grid_{number}.nc"
        cube = make_cube(np.ones((2, 4, 4)), lat=30 + step * np.arange(4), lon=140 + step * np.arange(4))
        with iris.FUTURE.context(save_split_attrs=True):
            iris.save(cube, path)
        entries[str(path)] = {"dataset": "DemoOcean", "short_name": "tos", "filename": str(path)}
    return InputData(entries)


def test_the_grid_decides_between_several_and_none_is_taken_at_random(two):
    grids = [RectilinearGrid(30 + step * np.arange(4), 140 + step * np.arange(4)) for step in (0.25, 0.5, 1.0)]
    for number, grid in enumerate(grids[:2]):
        assert two.find("DemoOcean", grid=grid)["filename"].endswith(f"grid_{number}.nc")
        assert two.has("DemoOcean", grid=grid)
    assert not two.has("DemoOcean", grid=grids[2])
    for options in ({}, {"grid": grids[2]}):
        with pytest.raises(DataError, match=r"truth: the name 'DemoOcean' fits several.*grid_0.nc, grid_1.nc.*alias"):
            two.find("DemoOcean", key="truth", **options)
    with pytest.raises(DataError, match=r"The variable tos fits several.*grid_0.nc, grid_1.nc"):
        two.find(None, short_name="tos")


def test_errors_of_a_variable_are_not_taken_for_it():
    """A recipe has tos and tosStderr of one dataset: its name means tos, and the group of the errors the errors."""
    facets = [{"dataset": "L3C", "variable_group": name, "short_name": name} for name in ("tos", "tosStderr")]
    data = InputData({f"{each['short_name']}.nc": each | {"filename": f"{each['short_name']}.nc"} for each in facets})
    assert data.find("L3C")["filename"] == "tos.nc"
    assert data.find("tosStderr")["filename"] == "tosStderr.nc"
    assert data.find("L3C", short_name="tosStderr")["filename"] == "tosStderr.nc"
