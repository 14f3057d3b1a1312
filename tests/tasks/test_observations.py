"""The truth beside what is reconstructed: found if it is there, and never wrong in silence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from esmlearn.errors import DataError, SettingsError
from esmlearn.settings import ReconstructSettings, from_script
from esmlearn.tasks.observations import Observations, find_truth
from tests.made_fields import make_cube, wavy_ocean
from tests.small import small_ocean, small_settings
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


KNOWN = {"kernel": "matern_52", "length_km": 150, "time_days": 8, "noise_share": 0.1, "sigma": 1.0}


def observations_of(data, settings=None, **learned) -> Observations:
    """Observations of the small ocean in June 2002, as settings want them."""
    given = {"period": "2002-06-01/2002-06-30", "optimal_interpolation": KNOWN, **(settings or {})}
    trained = small_settings().data.model_copy(update={"observations": "Cloudy", **learned})
    return Observations.of(data, trained, ReconstructSettings.model_validate(given), small_ocean()[1].land)


def test_errors_are_a_dataset_of_the_recipe_or_a_number(tmp_path):
    """Those of the training hold, unless the script says otherwise, or its model comes from elsewhere."""
    (cloudy,) = small_ocean()[0].to_cubes()
    errors = cloudy.copy(data=np.full(cloudy.shape, 0.4, np.float32))
    errors.rename("tosStderr")
    errors.units = "K"
    data = give(tmp_path, Cloudy=cloudy, Errors=errors)
    field = observations_of(data, error="Errors").field
    assert field.error[field.observed] == pytest.approx(0.4)
    assert field.error[field.observed].size > 100
    number = observations_of(data, {"error": 0.2}, error="Errors").field
    assert number.error[number.observed] == pytest.approx(0.2)
    assert observations_of(data, {"error": 0}, error="Errors").field.error is None
    assert observations_of(data, {"model": "elsewhere"}, error="Errors").field.error is None


@pytest.mark.parametrize("action", ["ignore", "report", "mask"])
def test_outliers_are_counted_and_hidden_on_request(action, tmp_path):
    """Three values that are wrong by 20 K."""
    field = small_ocean()[0]
    june = slice(516, 546)
    wrong = np.zeros(field.observed.shape, bool)
    for day in (3, 11, 25):
        place = np.argwhere(field.observed[june.start + day, 0])[day]
        wrong[june.start + day, 0, *place] = True
    values = np.where(wrong, field.values + 20, field.values).astype(np.float32)
    data = give(tmp_path, Cloudy=replace(field, values=values).to_cubes()[0])
    found = observations_of(data, {"outliers": action})
    assert found.field.dates[0].strftime("%Y-%m-%d") == "2002-06-01"
    hidden = wrong[june] if action == "mask" else False
    np.testing.assert_array_equal(found.field.observed, field.observed[june] & ~hidden)
    if action == "ignore":
        assert "esmlearn_outliers" not in found.attributes
    else:
        counted = {"outliers": 3, "observations": int(field.observed[june].sum()), "threshold": 4.0}
        assert json.loads(found.attributes["esmlearn_outliers"]) == counted | {"masked": action == "mask"}


def test_masked_outliers_can_not_be_withheld():
    with pytest.raises(SettingsError, match="`outliers: mask` hides observations that `withhold` would then score"):
        from_script(ReconstructSettings, {"outliers": "mask", "withhold": {}})
