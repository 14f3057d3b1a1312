"""Chlorophyll from files to a filled cube, with sea that was never observed and land from a mask."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.reconstruction import read_values
from esmlearn.settings import DataSettings, ReconstructSettings
from esmlearn.tasks.observations import Observations, load_training
from esmlearn.tasks.reconstruct.apply import Reconstructor, apply
from esmlearn.tasks.reconstruct.train import fit
from tests.made_fields import make_cube, wavy_ocean
from tests.small import SPLIT, small_ocean, small_settings
from tests.tasks.given import give

LAND = np.isnan(wavy_ocean(1)[0])
NEVER = (slice(None), slice(9, None), slice(12, None))


def chlorophyll(log: np.ndarray):
    cube = make_cube(np.exp(log / 3 - 5), units="mg m-3")
    cube.standard_name = "mass_concentration_of_chlorophyll_a_in_sea_water"
    cube.long_name, cube.var_name = "Chlorophyll", "chl"
    return cube


@pytest.fixture
def data(tmp_path):
    """Two years of chlorophyll under clouds, a part of the sea never seen, and a mask of land."""
    log = small_ocean()[0].values[:, 0].copy()
    log[NEVER] = np.nan
    mask = make_cube(np.where(LAND, 100.0, 0.0)[None], units="%")[0]
    mask.standard_name, mask.long_name, mask.var_name = "land_area_fraction", None, "sftlf"
    return give(tmp_path, Seen=chlorophyll(log), Mask=mask)


def log_settings(**data):
    settings = small_settings(target=False)
    values = {"observations": "Seen", "split": SPLIT, "units": "mg m-3", "transform": "log", **data}
    return settings.model_copy(update={"data": DataSettings(**values)})


def test_chlorophyll_is_learned_by_its_logarithm_and_comes_back_positive(data, tmp_path):
    settings = log_settings(land="Mask")
    observations, target = load_training(data, settings.data)
    assert target is None
    np.testing.assert_array_equal(observations.land, LAND)
    trained = fit(observations, None, settings, tmp_path / "run")
    cube = data.cube("Seen")[600:680]
    filled = Reconstructor(trained).reconstruct(cube)
    values, std = read_values(filled)
    assert filled.units == "mg m-3"
    np.testing.assert_array_equal(np.isnan(values), np.broadcast_to(LAND, values.shape))
    assert np.nanmin(values) > 0
    assert std[NEVER].min() > 0
    truth = np.exp(wavy_ocean(730)[600:680] / 3 - 5)
    assert np.sqrt(np.nanmean(np.log(values / truth) ** 2)) < 0.5
    given = ReconstructSettings(observations="Seen", baselines=("climatology", "persistence"))
    for output in apply({"reconstruct": trained}, data, given).outputs:
        assert output.result.to_cubes(output.field)[0].data.min() > 0


def test_land_of_the_script_goes_by_its_settings(data):
    learned = DataSettings(observations="Seen", split=SPLIT, units="mg m-3", transform="log")

    def land(known=None, **settings):
        return Observations.of(data, learned, ReconstructSettings(**settings), known).whole.land

    never = LAND.copy()
    never[NEVER[1:]] = True
    np.testing.assert_array_equal(land(), never)
    np.testing.assert_array_equal(land(LAND), LAND)
    np.testing.assert_array_equal(land(LAND, land="data"), never)
    np.testing.assert_array_equal(land(land="Mask"), LAND)
    with pytest.raises(DataError, match="land: the script has no dataset 'Elsewhere'"):
        land(land="Elsewhere")
