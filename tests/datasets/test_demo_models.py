"""The synthetic climate models are CMIP6 files on curvilinear grids, made once."""

import iris
import numpy as np

from esmlearn.datasets.demo_models import write_demo_models


def test_models_have_their_calendars_grids_and_biases(tmp_path):
    paths = write_demo_models(tmp_path, first_year=1985, years=1)
    cubes = [iris.load_cube(path, "sea_surface_temperature") for path in paths]
    assert [cube.coord("time").units.calendar for cube in cubes] == ["365_day", "360_day"]
    assert [cube.shape[0] for cube in cubes] == [365, 360]
    for cube in cubes:
        lat, lon = (cube.coord(name) for name in ("latitude", "longitude"))
        assert lat.ndim == lon.ndim == 2
        assert np.ptp(lat.points, axis=1).max() > 0.1  # rows are bent
        assert 0.05 < np.ma.getmaskarray(cube.data)[0].mean() < 0.5
        assert not (np.ma.getmaskarray(cube.data) != np.ma.getmaskarray(cube.data)[0]).any()
    warm, cold = (float(cube.data.mean()) for cube in cubes)
    assert 0.5 < warm - cold < 2.1
    before = [path.stat().st_mtime_ns for path in paths]
    assert write_demo_models(tmp_path, first_year=1985, years=1) == paths  # nothing is simulated again
    assert [path.stat().st_mtime_ns for path in paths] == before
