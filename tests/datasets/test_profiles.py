"""Floats of the demo ocean go the way of real ones: from files like Argo's to a dataset that ESMValCore finds."""

import iris
import netCDF4
import numpy as np
import pytest
from iris.util import equalise_attributes

from esmlearn.bridge.cli import Learn
from esmlearn.datasets import profiles
from esmlearn.datasets.demo_floats import write_demo_floats
from esmlearn.datasets.demo_salinity import write_demo_salinity
from esmlearn.datasets.profiles import format_profiles
from esmlearn.errors import DataError
from esmlearn.readers.profiles import read_profiles
from esmlearn.settings.profiles import ProfileSettings
from tests.readers.archives import write_argo

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
    (path,) = format_profiles("argo", [folder / "floats"], tmp_path, settings, dataset="Floats")
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
    with pytest.raises(DataError, match="holds another region"):
        format_profiles("argo", [argo(tmp_path / "later.nc", NEW_YEAR + 400)], tmp_path, BOX, dataset="Floats")
    with netCDF4.Dataset(path, "a") as file:
        file.delncattr("esmlearn_inputs")
    with pytest.raises(DataError, match="holds some of the same days"):
        format_profiles("argo", [folder / "floats"], tmp_path, settings, dataset="Floats")


def argo(path, day):
    """A float in the box that is measured on a day since 1950, as warm as the day says."""
    pressure = np.array([[5.0, 10, 15, 30]])
    values = {"PRES": pressure, "TEMP": np.full((1, 4), 10 + day % 7), "PSAL": np.full((1, 4), 35.0)}
    return write_argo(path, values, mode="R", day=[day], lat=[45.5], lon=[-170.5])


BOX = ProfileSettings(levels=(10,), region=(-172, -168, 44, 48), step=1)
NEW_YEAR = 19723.0  # days since 1950: 2004-01-01


@pytest.mark.parametrize("settings", [{"days": 1}, {"days": 5, "start": "2003-12-01"}, {"monthly": True}])
def test_years_are_files_that_hold_what_is_read_at_once(tmp_path, settings):
    """Over a year without any profile, which is there as missing; bins of five days may reach into the next year."""
    days = (NEW_YEAR - 20, NEW_YEAR - 1, NEW_YEAR, NEW_YEAR + 40, NEW_YEAR + 800)
    files = [argo(tmp_path / f"{number}.nc", day + 0.3) for number, day in enumerate(days)]
    settings = ProfileSettings.model_validate(BOX.model_dump() | settings)
    written = format_profiles("argo", files, tmp_path / "out", settings)
    table = "Omon" if settings.monthly else "Oday"
    assert [path.name.split("_")[-1][:4] for path in written] == ["2003", "2004", "2005", "2006"]
    assert {path.name.split("_")[4] for path in written} == {table}
    whole = read_profiles(files, **settings.model_dump())
    cubes = iris.cube.CubeList(iris.load_cube(path, "sea_water_potential_temperature") for path in written)
    equalise_attributes(cubes)
    joined = cubes.concatenate_cube()
    assert joined.coord("time").bounds.tolist() == whole.coord("time").bounds.tolist()
    np.testing.assert_array_equal(joined.data.filled(-9), whole.data.filled(-9))
    assert whole.data.count() == (4 if settings.monthly else 5) - (settings.days == 5)
    if settings.monthly:
        assert whole.coord("time").bounds[0].tolist() == [56216.0, 56247.0]  # December 2003


def test_only_years_with_new_profiles_are_written_again(tmp_path):
    files = [argo(tmp_path / f"{number}.nc", day) for number, day in enumerate((NEW_YEAR - 20, NEW_YEAR + 9))]
    first = format_profiles("argo", files, tmp_path / "out", BOX)
    times = [path.stat().st_mtime_ns for path in first]
    again = format_profiles("argo", [*files, argo(tmp_path / "new.nc", NEW_YEAR + 12)], tmp_path / "out", BOX)
    assert again[0] == first[0] and again[0].stat().st_mtime_ns == times[0]
    assert again[1].name.endswith("20040101-20040113.nc")
    assert not first[1].exists()  # the shorter file of the same year
    other = format_profiles("argo", files, tmp_path / "out", BOX.model_copy(update={"floor": 0.5}))
    assert other[0].stat().st_mtime_ns != times[0]


def test_a_break_leaves_whole_years(tmp_path, monkeypatch):
    """One year is in memory at once."""
    files = [argo(tmp_path / f"{number}.nc", day) for number, day in enumerate((NEW_YEAR - 20, NEW_YEAR + 9))]
    real, seen = profiles.ProfileIndex.profiles, []

    def read(index, edges):
        seen.append([path.name for path in index.files(edges)])
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(index, edges)

    monkeypatch.setattr(profiles.ProfileIndex, "profiles", read)
    with pytest.raises(KeyboardInterrupt):
        format_profiles("argo", files, tmp_path / "out", BOX)
    assert seen == [["0.nc"], ["1.nc"]]
    (left,) = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert left.name.endswith("20031212-20031231.nc")


def test_months_have_no_days():
    with pytest.raises(ValueError, match="monthly means have no days"):
        ProfileSettings(levels=(5,), monthly=True, days=5)


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
    format_profiles("argo", [folder / "floats"], tmp_path, ProfileSettings(**CELLS, monthly=True))
    facets = {"project": "OBS6", "dataset": "ARGO", "type": "insitu", "version": "1", "tier": 2}
    with strict_esmvalcore(tmp_path):
        cube = Dataset(short_name="thetao", mip="Omon", **facets, timerange="200402/200403").load()
    assert cube.shape == (2, 3, 64, 96)


def test_the_command_names_what_it_wrote_and_refuses_unknown_sources(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["esmvaltool", "learn", "format"])
    Learn().format("argo", str(folder / "floats"), output=str(tmp_path), **(CELLS | {"levels": 16}))
    assert "OBS6_ARGO_insitu_1_Oday_thetao" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        Learn().format("agro", str(folder / "floats"), output=str(tmp_path))
    assert "There is no source 'agro'; take one of" in capsys.readouterr().out
