"""Floats of the demo ocean go the way of real ones: from files like Argo's to a dataset that ESMValCore finds."""

import iris
import numpy as np
import pytest

from esmlearn.bridge.cli import Learn
from esmlearn.datasets.demo_floats import write_demo_floats
from esmlearn.datasets.demo_salinity import write_demo_salinity
from esmlearn.datasets.profiles import format_profiles
from esmlearn.errors import DataError
from esmlearn.readers.profiles import read_profiles
from esmlearn.settings.profiles import ProfileSettings

PERIOD = {"first_day": "2004-02-20", "last_day": "2004-03-11"}
CELLS = {"levels": (5, 16, 50), "region": (128, 152, 27, 43), "step": 0.25}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three weeks of the demo ocean with more floats than usual."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo_floats(folder, **PERIOD, n_floats=400)
    return folder


@pytest.mark.parametrize(("variable", "noise"), [("thetao", 0.004), ("so", 0.02)])
def test_floats_measure_the_ocean_of_their_day(folder, variable, noise):
    """On the very days that the complete product has, floats differ from it by the errors of their instruments only.

    At 16 m, where the product has a level: between levels it is linear, as is the interpolation to it.
    """
    complete = iris.load_cube(dict(zip(("thetao", "so"), write_demo_salinity(folder, **PERIOD), strict=True))[variable])
    cube = read_profiles([folder / "floats"], variable=variable, start="2004-02-20", **CELLS)
    product = complete.data[1:5]  # of every fifth day
    there = cube.data[5:21:5][:, 1]
    found = there[: len(product)] - product[: len(there), 2]
    assert found.count() > 20
    # Some hours to the next fifth day, and a thermocline within some metres, change more than an instrument errs.
    assert np.ma.median(abs(found)) < noise + 0.05
    assert abs(np.ma.mean(found)) < noise + 0.05


def test_salinity_has_its_relation_to_temperature_and_a_part_of_its_own(folder):
    warm, salty = (iris.load_cube(path) for path in write_demo_salinity(folder, **PERIOD))
    expected = 33.3 + 1.5 / (1 + np.exp((11 - warm.data) / 3))
    own = salty.data - expected
    assert salty.units == "0.001" and salty.standard_name == "sea_water_salinity"
    assert np.ma.std(own[:, 0]) == pytest.approx(0.15 * np.exp(-0.5 / 150), rel=0.25)
    assert np.ma.std(own[:, 4]) / np.ma.std(own[:, 0]) == pytest.approx(np.exp(-99.5 / 150), rel=0.01)


def test_the_file_that_is_written_is_the_cube_that_is_read(folder, tmp_path):
    settings = ProfileSettings(**CELLS, days=5, start="2004-02-18")
    path = format_profiles("argo", [folder / "floats"], tmp_path, settings, dataset="Floats")
    assert path.name == "OBS6_Floats_insitu_1_Oday_thetao_20040218-20040313.nc"
    written, read = iris.load_cube(path), read_profiles([folder / "floats"], **settings.model_dump())
    np.testing.assert_array_equal(written.data.filled(-9), read.data.filled(-9))
    for axis in ("time", "depth", "latitude", "longitude"):
        np.testing.assert_allclose(written.coord(axis).points, read.coord(axis).points)
    for own in read.ancillary_variables():
        (other,) = (one for one in written.ancillary_variables() if one.var_name == own.var_name)
        assert (other.standard_name, other.units) == (own.standard_name, own.units)
        np.testing.assert_array_equal(np.ma.filled(other.data, -9), np.ma.filled(own.data, -9))
    assert "SYNTHETIC" in written.attributes["comment"] and "CC0" in written.attributes["license"]
    assert written.attributes["frequency"] == "120hr"
    with pytest.raises(DataError, match="holds the same dataset"):
        format_profiles(
            "argo", [folder / "floats"], tmp_path, settings.model_copy(update={"days": 7}), dataset="Floats"
        )


def test_esmvalcore_takes_the_dataset(folder, tmp_path, strict_esmvalcore):
    from esmvalcore.dataset import Dataset

    for variable in ("thetao", "so"):
        settings = ProfileSettings(**CELLS, variable=variable)
        format_profiles("argo", [folder / "floats"], tmp_path, settings)
        dataset = Dataset(short_name=variable, mip="Oday", project="OBS6", dataset="ARGO", type="insitu", version="1",
                          tier=2, frequency="day", timerange="20040221/20040310")  # fmt: skip
        with strict_esmvalcore(tmp_path):
            cube = dataset.load()
        assert cube.shape[1:] == (3, 64, 96) and cube.data.count() > 100


def test_the_command_names_what_it_wrote_and_refuses_unknown_sources(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["esmvaltool", "learn", "format"])
    Learn().format("argo", str(folder / "floats"), output=str(tmp_path), **(CELLS | {"levels": 16}))
    assert "OBS6_ARGO_insitu_1_Oday_thetao" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        Learn().format("agro", str(folder / "floats"), output=str(tmp_path))
    assert "There is no source 'agro'; take one of" in capsys.readouterr().out
