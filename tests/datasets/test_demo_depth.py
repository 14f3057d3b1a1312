"""The files at depth are written on request only, have the right attributes, and are found by ESMValCore."""

import iris
import numpy as np
import pytest

from esmlearn.datasets import demo_depth
from esmlearn.datasets.demo_depth import drifting_floats, write_demo_depth
from esmlearn.datasets.demo_ocean import write_demo_ocean
from esmlearn.datasets.ocean_depth import DEPTHS
from esmlearn.datasets.ocean_simulation import LAT, LON
from esmlearn.fields.field import Field

PERIOD = {"first_day": "2004-02-20", "last_day": "2004-03-10"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of three weeks; those of the surface come first, and alone."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo_ocean(folder, **PERIOD)
    assert sorted(path.name for path in (folder / "Tier2").iterdir()) == ["DemoOcean", "DemoOceanCloudy"]
    write_demo_depth(folder, **PERIOD)
    return folder


@pytest.fixture
def files(folder):
    """The complete file and the profiles: they are there, so nothing is simulated."""
    return write_demo_depth(folder, **PERIOD)


def test_surface_comes_first_and_is_the_same(folder, files):
    """Each fifth day of the first level is `tos`, bit for bit."""
    surface = iris.load_cube(write_demo_ocean(folder, **PERIOD)[0])
    column = iris.load_cube(files[0])
    assert column.shape == (4, len(DEPTHS), len(LAT), len(LON))
    np.testing.assert_array_equal(column.data[:, 0].filled(-9), surface.data[::5].filled(-9))
    np.testing.assert_array_equal(column.coord("time").points, surface.coord("time").points[::5])


def test_files_have_their_attributes_and_values(files):
    complete, profiles = (iris.load_cube(path) for path in files)
    for cube in (complete, profiles):
        assert cube.standard_name == "sea_water_potential_temperature" and cube.units == "degC"
        assert all(cube.coord(name).has_bounds() for name in ("time", "depth", "latitude", "longitude"))
        assert "SYNTHETIC" in cube.attributes["title"] and "SYNTHETIC" in cube.attributes["source"]
    field = Field.from_cube(profiles, land=Field.from_cube(complete).land)
    np.testing.assert_array_equal(field.levels, DEPTHS)
    assert (field.observed == field.observed[:, :1]).all()
    assert 0.015 < field.observed[:, 0, ~field.land].mean() < 0.021
    seen = ~np.ma.getmaskarray(profiles.data)
    np.testing.assert_array_equal(profiles.data.data[seen], complete.data.data[seen])


def test_whole_files_are_left_alone_and_harmed_ones_made_again(folder, files):
    """The lost file comes back bit for bit; the other one is not touched."""
    complete, profiles = files
    kept, lost = complete.stat().st_mtime_ns, iris.load_cube(profiles).data
    profiles.unlink()
    write_demo_depth(folder, **PERIOD)
    assert complete.stat().st_mtime_ns == kept
    np.testing.assert_array_equal(iris.load_cube(profiles).data.filled(-9), lost.filled(-9))


def test_floats_drift():
    """A float is seen at every second time, near where it was; none is on land, and they are where the sea is."""
    land = np.zeros((40, 60), bool)
    land[:10, :20] = True
    seen = drifting_floats(100, land, share=0.02, seed=1)
    assert not seen[:, land].any()
    assert seen[:, ~land].mean() == pytest.approx(0.02, rel=0.03)
    one = drifting_floats(99, np.zeros((400, 400), bool), share=1 / 400**2, seed=1)
    places = np.argwhere(one)
    first, second = places[places[:, 0] % 2 == 0, 1:], places[places[:, 0] % 2 == 1, 1:]
    assert len(first) == 50 and len(second) == 49
    for track in (first, second):
        steps = np.diff(track, axis=0)
        assert np.abs(steps).max() < 6
        assert steps.std() == pytest.approx(np.hypot(demo_depth.DRIFT * np.sqrt(2), np.sqrt(1 / 6)), rel=0.25)


@pytest.mark.filterwarnings("ignore")
def test_esmvalcore_reads_them_strictly(folder, files, strict_esmvalcore):
    """ESMValCore finds both by a recipe's facets, they pass its strictest checks, and levels are extracted."""
    from esmvalcore.dataset import Dataset
    from esmvalcore.preprocessor import extract_levels

    facets = {"project": "OBS6", "type": "synthetic", "version": "1", "tier": 2, "mip": "Oday", "frequency": "120hr"}
    with strict_esmvalcore(folder):
        for path in files:
            dataset = Dataset(dataset=path.parent.name, short_name="thetao", timerange="2004/2004", **facets)
            assert [file.name for file in dataset.files] == [path.name]
            cube = dataset.load()
            assert cube.shape == (4, len(DEPTHS), len(LAT), len(LON))
            levels = extract_levels(cube, levels=[5.0, 50.0], scheme="linear")
            np.testing.assert_array_equal(Field.from_cube(levels).levels, [5.0, 50.0])
            np.testing.assert_array_equal(levels.data.filled(-9), cube.data[:, [1, 3]].filled(-9))
