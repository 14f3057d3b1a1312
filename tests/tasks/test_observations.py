"""The truth beside what is reconstructed: found if it is there, and never wrong in silence."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.tasks.observations import find_truth
from tests.made_fields import make_cube, wavy_ocean
from tests.small import small_ocean
from tests.tasks.given import give


@pytest.fixture(scope="module")
def field():
    """What is reconstructed: some days under clouds."""
    return small_ocean()[0][100:110]


@pytest.fixture(scope="module")
def complete():
    return make_cube(wavy_ocean(730))


def test_the_truth_has_the_days_the_units_and_the_land_of_the_field(field, complete, tmp_path):
    complete.convert_units("K")
    data = give(tmp_path, Complete=complete)
    truth = find_truth(data, "Complete", field)
    complete.convert_units("degC")
    assert truth.units == field.units == "degC"
    assert (truth.dates == field.dates).all()
    np.testing.assert_array_equal(truth.land, field.land)
    np.testing.assert_allclose(truth.values, small_ocean()[1].values[100:110], atol=1e-3)


def test_units_that_do_not_convert_are_an_error(field, tmp_path):
    wrong = make_cube(wavy_ocean(730), units="m s-1")
    for needed in (False, True):
        with pytest.raises(DataError, match="does not convert to degC"):
            find_truth(give(tmp_path, Complete=wrong), "Complete", field, needed=needed)


def test_another_grid_is_an_error(field, tmp_path):
    elsewhere = make_cube(wavy_ocean(730), lon=150 + 0.25 * np.arange(16))
    for needed in (False, True):
        with pytest.raises(DataError, match="Complete is not on the grid of what is reconstructed"):
            find_truth(give(tmp_path, Complete=elsewhere), "Complete", field, needed=needed)


def test_a_truth_that_lacks_dates_is_left_out_with_a_word(field, complete, tmp_path, caplog):
    data = give(tmp_path, Complete=complete[:105])
    assert find_truth(data, "Complete", field) is None
    assert "Figures of the sampling are made without the truth" in caplog.text
    assert "lacks 5 of the 10 dates" in caplog.text


def test_a_truth_that_is_needed_must_have_all_dates(field, complete, tmp_path):
    with pytest.raises(DataError, match="The Complete lacks 5 of the 10 dates of the reconstruction"):
        find_truth(give(tmp_path, Complete=complete[:105]), "Complete", field, needed=True)


def test_without_a_dataset_there_is_no_truth_unless_it_is_needed(field, complete, tmp_path, caplog):
    data = give(tmp_path, Other=complete)
    assert find_truth(data, None, field) is None
    assert find_truth(data, None, field, needed=True) is None
    assert find_truth(data, "Complete", field) is None
    assert not caplog.text
    with pytest.raises(DataError, match="has no dataset 'Complete'"):
        find_truth(data, "Complete", field, needed=True)
