"""Files found by the names that a recipe gives them."""

import pytest

from esmlearn.errors import SettingsError
from esmlearn.evaluation.inputs import find_file, need_file

INPUTS = {
    "coarse.nc": {"dataset": "fine", "alias": "OBS6_fine", "variable_group": "tos_coarse", "short_name": "tos"},
    "fine.nc": {"dataset": "DemoOcean", "variable_group": "fine", "short_name": "tos"},
    "orog.nc": {"dataset": "DemoOcean", "variable_group": "orog", "short_name": "orog"},
}


@pytest.mark.parametrize(
    ("name", "short_name", "file"),
    [
        ("fine", None, "fine.nc"),  # the variable of the recipe, and not the dataset that is called so
        ("OBS6_fine", None, "coarse.nc"),
        ("DemoOcean", "orog", "orog.nc"),
        ("DemoOcean", "tos", "fine.nc"),
        ("orog", "tos", None),
    ],
)
def test_a_variable_of_the_recipe_comes_before_a_dataset(name, short_name, file):
    assert find_file(name, INPUTS, short_name=short_name) == file


def test_what_is_not_there_is_said_with_all_that_is():
    with pytest.raises(SettingsError, match=r"height: no dataset 'hills' is among.*DemoOcean, OBS6_fine, fine, orog"):
        need_file("height", "hills", INPUTS)
